"""ml.intent.training_run — the part of a training that needs MLlib: split, fit, evaluate, compare, register.

`ml.intent.training` runs it in a process of its own.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.sections import Model
from lakehouse.settings import Settings
from ml.intent import brief, document, estimator
from ml.intent.design import terms
from ml.intent.estimator import Fitted
from ml.intent.evaluate import Evaluation, auc, evaluate
from ml.intent.slices import Coverage, Slices, has_ended, split
from ml.intent.threshold import Threshold, choose
from ml.registry.tracking import Trained, record
from ml.registry.versions import CHALLENGER, CHAMPION, by_alias
from ml.serving import expression
from ml.serving.formula import Document, inputs
from ml.serving.scorer import Scorer, load
from ml.spark_process import Say, Tell, serve

EXAMPLES = "gold.intent_examples"
ANSWERS = 1000  # rows on which the served model is compared with MLlib's


@dataclass(frozen=True)
class Learned:
    """A model as MLlib made it.

    Attributes:
        fitted: what MLlib fitted.
        document: the served model, but for where it came from.
        evaluation: figures and curves of the test.
        answers: some rows of inputs with MLlib's probability as `score`.
        test: the decision points of the test, as `ml.intent` describes them.
    """

    fitted: Fitted
    document: dict[str, Any]
    evaluation: Evaluation
    answers: pd.DataFrame
    test: DataFrame


def train(
    settings: Settings, tell: Tell, versions: Mapping[str, int], covered: Coverage, identity: dict[str, str]
) -> dict[str, Any]:
    """Train on one publication and register the model.

    Args:
        settings: the lake, locked by the parent.
        tell: sends the parent a message.
        versions: table -> version, of gold.intent_examples and gold.session_features.
        covered: the time that the data cover.
        identity: what the model is made from, by the names of `ml.registry.versions.Version`.

    Returns:
        The `version` of the registered model, its `alias`, and the `metrics` of its test.

    Raises:
        LakehouseError: there is too little to learn from, or the served model differs from MLlib's (exit code 3); the
            present champion cannot be read (4).
    """

    def say(line: str) -> None:
        tell(say=line)

    lake, champion = open_on_spark(settings, tell), _champion(settings, say)
    slices = split(covered, settings.model)
    nullable = {each.name for each in lake.tables[EXAMPLES].columns if each.nullable}
    rows = decision_points(lake.store.read(EXAMPLES, versions[EXAMPLES]), covered, slices)
    learned = learn(rows, slices, settings.model, nullable)
    beside = brief.train(lake.store.read(brief.TABLE, versions[brief.TABLE]), slices, settings.model)
    alias = _alias(learned, champion, settings.model.champion_margin, say)
    metrics = learned.evaluation.metrics | {f"brief_{name}": value for name, value in beside["metrics"].items()}
    made = {**learned.document, "metrics": metrics, "brief": beside, "trained_on": identity}
    params = {
        **asdict(settings.model),
        **{name: " – ".join(bounds) for name, bounds in slices.to_document().items()},
        "inputs": ", ".join(inputs(made["terms"])),
        "terms": len(made["terms"]),
        "net": learned.fitted.net,
        "threshold": made["threshold"],
    }
    trained = Trained(
        spark_model=learned.fitted.pipeline,
        document=made,
        evaluation=replace(learned.evaluation, metrics=metrics),
        params=params,
        identity=identity,
        source=lake.store.uri(EXAMPLES),
        answers=learned.answers,
    )
    return {"version": record(settings, trained, alias), "alias": alias, "metrics": metrics}


def open_on_spark(settings: Settings, tell: Tell) -> Lake:
    """Open the lake on Apache Spark, whatever engine builds its tables; tell the parent of the JVM."""
    lake = open_lake(replace(settings, engine=replace(settings.engine, name="spark")))
    tell(jvm_pid=lake.store.engine.jvm_process_id)
    return lake


def decision_points(intent_examples: DataFrame, covered: Coverage, slices: Slices) -> DataFrame:
    """Keep the decision points of visits that have ended, with their `part` and `weight`.

    Args:
        intent_examples: rows of gold.intent_examples.
        covered: the time that the data cover.
        slices: how it is split.
    """
    ended = intent_examples.where(has_ended(covered.complete_until))
    return ended.withColumn("part", slices.part()).withColumn("weight", F.lit(1.0))


def learn(rows: DataFrame, slices: Slices, settings: Model, nullable: set[str]) -> Learned:
    """Fit a model, choose its threshold, and evaluate it.

    Args:
        rows: what `decision_points` returns.
        slices: how the time is split.
        settings: how to fit.
        nullable: the columns that need no value.

    Raises:
        LakehouseError: there is too little to learn from (exit code 3).
    """
    counts, made = estimator.count(rows), terms()
    estimator.require_purchases(counts, slices)
    sampled = estimator.sample(rows.where(F.col("part").isin(*estimator.LEARNED)), counts, settings.max_examples)
    examples = estimator.with_values(sampled, made).coalesce(1).cache()  # few enough for one task
    fitted = estimator.fit(examples, made, settings)
    seen = examples.where("part <> 'calibration'")
    described = document.describe_inputs(seen, made, nullable)
    unflagged = document.build(fitted, made, document.term_means(seen), described, Threshold(None, 0), slices)
    threshold = _threshold(rows, unflagged)
    served = {**unflagged, "threshold": threshold.value, "threshold_purchases": threshold.num_purchases}
    test = rows.where("part = 'test'").withColumn("probability", expression.probability(served))
    evaluation = evaluate(test.withColumnRenamed("probability", "score"), threshold.value)
    some = estimator.with_terms(test.drop("probability").orderBy(F.xxhash64("visitor_id")).limit(ANSWERS), made)
    answers = estimator.answers(fitted, some).select(*inputs(made), "score").toPandas()
    examples.unpersist()
    return Learned(fitted, served, evaluation, answers, test)


def _threshold(rows: DataFrame, served: Document) -> Threshold:
    columns = ("visitor_id", F.unix_millis("started_at").alias("start"), F.col("label").cast("double"))
    chosen = rows.where("part = 'threshold'").select(*columns, expression.probability(served).alias("score"))
    found: Any = chosen.toPandas()
    bought = len(found.loc[found["label"] == 1, ["visitor_id", "start"]].drop_duplicates())
    return choose(found["score"].to_numpy(), found["label"].to_numpy(), np.ones(len(found)), bought)


def _champion(settings: Settings, say: Say) -> Scorer | None:
    version = by_alias(settings, CHAMPION)
    try:
        return load(settings, version) if version else None
    except LakehouseError as error:
        say(f"{error.message} The new model takes its place.")
        return None


def _alias(learned: Learned, champion: Scorer | None, margin: float, say: Say) -> str:
    """Compare the new model with the present champion on the new one's test."""
    if champion is None:
        return CHAMPION
    test = learned.test.withColumn("score", expression.probability(champion.document))
    pr_auc, present = (
        learned.evaluation.metrics["pr_auc"],
        auc(test.withColumn("label", F.col("label").cast("double")))[1],
    )
    is_good = pr_auc >= present - margin
    say(
        f"PR-AUC {pr_auc:.3f} against {present:.3f} of the champion, version {champion.version}, on the same visits: "
        + ("the new model takes its place." if is_good else f"worse by more than {margin}; the champion stays.")
    )
    return CHAMPION if is_good else CHALLENGER


if __name__ == "__main__":
    serve(train)
