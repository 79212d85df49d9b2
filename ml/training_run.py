"""ml.training_run — the part of a training that needs MLlib: split, fit, evaluate, compare with the champion, register.

`ml.training_command` runs it in a process of its own.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd
from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.sections import Model
from lakehouse.settings import Settings
from ml import registry
from ml.estimator import fit_with_threshold, require_purchases, stages
from ml.evaluate import Evaluation, add_score, auc, evaluate
from ml.features import FEATURES, TABLE, Split, count_alike, eligible, split, time_range
from ml.predictions import probability
from ml.scorer import Scorer, load
from ml.spark_process import Say, Tell, serve
from ml.tracking import Trained, record

ANSWERS = 1000  # rows on which the served model is compared with MLlib's


@dataclass(frozen=True)
class Learned:
    """A model as MLlib made it.

    Attributes:
        model: assembler and logistic regression.
        threshold: the probability from which a purchase is predicted.
        borders: the instants that part the visits.
        evaluation: figures and curves of the test.
        answers: some rows of features with MLlib's probability as `score`.
        champion_pr_auc: that of the present champion on the same test, None where there is none.
    """

    model: PipelineModel
    threshold: float
    borders: Split
    evaluation: Evaluation
    answers: pd.DataFrame
    champion_pr_auc: float | None


def train(settings: Settings, tell: Tell, version: int, identity: dict[str, str]) -> dict[str, Any]:
    """Train on one version of gold.session_features and register the model.

    Args:
        settings: the lake, locked by the parent.
        tell: sends the parent a message.
        version: of the table.
        identity: what the model is made from, by the names of `registry.Version`.

    Returns:
        The `version` of the registered model, its `alias`, and the `metrics` of its test.

    Raises:
        LakehouseError: there is too little to learn from, or the served model differs from MLlib's (exit code 3); the
            present champion cannot be read (4).
    """

    def say(line: str) -> None:
        tell(say=line)

    lake, champion = open_on_spark(settings, tell), _champion(settings, say)
    learned = learn(lake.store.read(TABLE, version), settings.model, champion)
    alias = _alias(learned, champion, settings.model.champion_margin, say)
    instants = {name: instant.isoformat() for name, instant in asdict(learned.borders).items()}
    params = {**asdict(settings.model), **instants, "features": ", ".join(FEATURES), "threshold": learned.threshold}
    trained = Trained(
        spark_model=learned.model,
        document=_document(learned, {**identity, **instants}),
        evaluation=learned.evaluation,
        params=params,
        identity=identity,
        source=lake.store.uri(TABLE),
        answers=learned.answers,
    )
    number = record(settings, trained, alias)
    return {"version": number, "alias": alias, "metrics": learned.evaluation.metrics}


def open_on_spark(settings: Settings, tell: Tell) -> Lake:
    """Open the lake on Apache Spark, whatever engine builds its tables; tell the parent of the JVM."""
    lake = open_lake(replace(settings, engine=replace(settings.engine, name="spark")))
    tell(jvm_pid=lake.store.engine.jvm_process_id)
    return lake


def learn(session_features: DataFrame, settings: Model, champion: Scorer | None) -> Learned:
    """Fit a model and evaluate it, beside the present champion.

    Args:
        session_features: rows of gold.session_features.
        settings: how to split, fit and evaluate.
        champion: the present one.

    Raises:
        LakehouseError: there is too little to learn from (exit code 3).
    """
    visits = eligible(session_features)
    borders = _split(visits, settings)
    rows = count_alike(visits, borders).coalesce(1).cache()  # alike visits are one row: few enough for one task
    try:
        require_purchases(rows, borders)
        model, threshold = fit_with_threshold(rows, settings)
        test = rows.where("part = 'test'")
        evaluation = evaluate(model, test, threshold)
        answers = add_score(model, test).select(*FEATURES, "score").limit(ANSWERS).toPandas()
        return Learned(model, threshold, borders, evaluation, answers, _pr_auc(champion, test))
    finally:
        rows.unpersist()


def _split(visits: DataFrame, settings: Model) -> Split:
    found = time_range(visits)
    if found is None:
        message = f"{TABLE} holds no visit with an event before its first purchase: there is nothing to learn from."
        raise LakehouseError(message, "land more events, then lakehouse run", Exit.REFUSED)
    return split(*found, settings)


def _champion(settings: Settings, say: Say) -> Scorer | None:
    version = registry.by_alias(settings, registry.CHAMPION)
    try:
        return load(settings, version) if version else None
    except LakehouseError as error:
        say(f"{error.message} The new model takes its place.")
        return None


def _pr_auc(champion: Scorer | None, test: DataFrame) -> float | None:
    if champion is None:
        return None
    scores = probability(champion.features, champion.coefficients, champion.intercept)
    return auc(test.withColumn("score", scores), "score")[1]


def _alias(learned: Learned, champion: Scorer | None, margin: float, say: Say) -> str:
    """Compare the new model with the present champion."""
    if champion is None or learned.champion_pr_auc is None:
        return registry.CHAMPION
    pr_auc, present = learned.evaluation.metrics["pr_auc"], learned.champion_pr_auc
    is_good = pr_auc >= present - margin
    say(
        f"PR-AUC {pr_auc:.3f} against {present:.3f} of the champion, version {champion.version}, on the same visits: "
        + ("the new model takes its place." if is_good else f"worse by more than {margin}; the champion stays.")
    )
    return registry.CHAMPION if is_good else registry.CHALLENGER


def _document(learned: Learned, trained_on: Mapping[str, str]) -> dict[str, object]:
    """Return the served model: all that a score, its explanation and the summary need."""
    regression = stages(learned.model)[1]
    return {
        "features": list(FEATURES),
        "coefficients": regression.coefficients.toArray().tolist(),
        "intercept": regression.intercept,
        "threshold": learned.threshold,
        "metrics": learned.evaluation.metrics,
        "trained_on": trained_on,
    }


if __name__ == "__main__":
    serve(train)
