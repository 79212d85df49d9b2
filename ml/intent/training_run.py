"""ml.intent.training_run — the part of a training that needs MLlib: split, fit, evaluate, register.

`ml.intent.training` runs it in a process of its own.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.sections import Model
from lakehouse.settings import Settings
from ml.intent import brief, document, estimator
from ml.intent.design import terms
from ml.intent.estimator import Fitted
from ml.intent.evaluation import by_mllib, curves, report
from ml.intent.evaluation.baselines import count_points
from ml.intent.evaluation.by_rdd import tally
from ml.intent.evaluation.counting import count_scored
from ml.intent.evaluation.evaluation import evaluate
from ml.intent.evaluation.figures import FEWEST_TO_SHOW, MODEL, Evaluation
from ml.intent.evaluation.slices import ALL, COLUMNS
from ml.intent.evaluation.tally import Tallies
from ml.intent.slices import Coverage, Slices, has_ended, split
from ml.intent.threshold import Threshold, choose
from ml.registry import card_of
from ml.registry.aliases import CHALLENGER
from ml.registry.tracking import Trained, record
from ml.serving import expression
from ml.serving.formula import Document, inputs
from ml.spark_process import Tell, serve

EXAMPLES = "gold.intent_examples"
ANSWERS = 1000  # rows on which the served model is compared with MLlib's
FITTING, DESCRIBING, MEASURING = "fit the model", "describe the model", "measure the model"  # Spark's pages show them


@dataclass(frozen=True)
class Learned:
    """A model as MLlib made it.

    Attributes:
        fitted: what MLlib fitted.
        document: the served model, but for where it came from.
        answers: some rows of inputs with MLlib's probability as `score`.
    """

    fitted: Fitted
    document: dict[str, Any]
    answers: pd.DataFrame


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
        The `version` of the registered model, its `alias`, and what its test says as `lines` of text.

    Raises:
        LakehouseError: there is too little to learn from, or the served model differs from MLlib's (exit code 3).
    """
    lake = open_on_spark(settings, tell)
    slices = split(covered, settings.model)
    nullable = {each.name for each in lake.tables[EXAMPLES].columns if each.nullable}
    rows = decision_points(lake.store.read(EXAMPLES, versions[EXAMPLES]), covered, slices)
    learned = learn(rows, slices, settings.model, nullable)
    beside = brief.train(lake.store.read(brief.TABLE, versions[brief.TABLE]), slices, settings.model)
    unmeasured = {**learned.document, "brief": beside, "trained_on": identity}
    rows.sparkSession.sparkContext.setJobDescription(MEASURING)
    scored = score_test(rows, slices, unmeasured).cache()
    tallies = tally_test(scored, unmeasured)
    evaluation = evaluate(tallies)
    _require_a_test(evaluation)
    metrics = evaluation.metrics() | {f"brief_whole_visit/{name}": each for name, each in beside["metrics"].items()}
    opinion = {f"all/{name}": value for name, value in _second_opinion(scored, unmeasured).items()}
    scored.unpersist()
    made = {**unmeasured, **evaluation.summary()}
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
        evaluation=evaluation,
        metrics=metrics | opinion,
        pictures=curves.pictures(tallies[ALL, MODEL], evaluation.of()),
        curves=curves.document(tallies[ALL, MODEL], evaluation.of()),
        params=params,
        identity=identity,
        source=lake.store.uri(EXAMPLES),
        answers=learned.answers,
    )
    version = record(settings, trained)
    card_of.show(settings, [version], lambda text: tell(say=text))
    lines = [*report.brief(evaluation), report.whole_visits(beside)]
    return {"version": version.number, "alias": CHALLENGER, "lines": lines}


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
    """Fit a model and choose its threshold.

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
    examples = estimator.with_values(sampled, made).coalesce(estimator.num_tasks(counts, settings)).cache()
    context = rows.sparkSession.sparkContext
    context.setJobDescription(FITTING)
    fitted = estimator.fit(examples, made, settings)
    context.setJobDescription(DESCRIBING)
    seen = examples.where("part <> 'calibration'")
    described = document.describe_inputs(seen, made, nullable)
    unflagged = document.build(fitted, made, document.term_means(seen), described, Threshold(None, 0), slices)
    threshold = _threshold(rows, unflagged)
    counted = count_points(rows.where("part = 'fit'")).to_document()
    chosen = {"threshold": threshold.value, "threshold_purchases": threshold.num_purchases}
    served = {**unflagged, **chosen, "baselines": counted}
    test = rows.where("part = 'test'").orderBy(F.xxhash64("visitor_id")).limit(ANSWERS)
    some = estimator.with_terms(test, made)
    answers = estimator.answers(fitted, some).select(*inputs(made), "score").toPandas()
    examples.unpersist()
    return Learned(fitted, served, answers)


def _threshold(rows: DataFrame, served: Document) -> Threshold:
    columns = ("visitor_id", F.unix_millis("started_at").alias("start"), F.col("label").cast("double"))
    chosen = rows.where("part = 'threshold'").select(*columns, expression.probability(served).alias("score"))
    found: Any = chosen.toPandas()
    bought = len(found.loc[found["label"] == 1, ["visitor_id", "start"]].drop_duplicates())
    return choose(found["score"].to_numpy(), found["label"].to_numpy(), np.ones(len(found)), bought)


def score_test(rows: DataFrame, slices: Slices, served: Document) -> DataFrame:
    """Score the decision points of the test.

    Args:
        rows: what `decision_points` returns.
        slices: how the time is split.
        served: the served model.

    Returns:
        `evaluation.slices.COLUMNS` and `model`, the probability.
    """
    begin = slices.bounds["test"][0]
    seen = rows.where(F.col("started_at") < F.lit(begin)).select("visitor_id", F.lit(True).alias("was_seen")).distinct()
    test = rows.where("part = 'test'").join(seen, "visitor_id", how="left")
    scored = test.withColumns({"is_seen": F.col("was_seen").isNotNull(), MODEL: expression.probability(served)})
    return scored.select(*COLUMNS, MODEL)


def tally_test(scored: DataFrame, served: Document) -> Tallies:
    """Sum up the decision points of the test, as the model and what it is compared with score them.

    Args:
        scored: what `score_test` returns.
        served: the served model.
    """
    tasks = scored.sparkSession.sparkContext.defaultParallelism
    return tally(scored, lambda points: count_scored(points, served), tasks)


def _second_opinion(scored: DataFrame, served: Document) -> dict[str, float]:
    """Return the areas of the test by Spark's own evaluators."""
    rows = scored.select(F.col(MODEL).alias("score"), "label", F.lit(1.0).alias("weight"))
    found = by_mllib.evaluate(rows, served["threshold"])
    return {"roc_auc_mllib": found["roc_auc"], "roc_auc_rdd": found["roc_auc_rdd"], "pr_auc_rdd": found["pr_auc_rdd"]}


def _require_a_test(evaluation: Evaluation) -> None:
    """Require purchases enough to say anything of the model.

    Raises:
        LakehouseError: the test holds fewer than ten (exit code 3).
    """
    if not evaluation.of().estimates:
        message = (
            f"The test holds {evaluation.of().num_purchases} purchases; a model needs {FEWEST_TO_SHOW} to be measured."
        )
        raise LakehouseError(message, "land more events, then lakehouse run", Exit.REFUSED)


if __name__ == "__main__":
    serve(train)
