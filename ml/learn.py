"""ml.learn — the Spark part of a training: split, fit, judge, compare with the champion, register."""

from collections.abc import Callable
from dataclasses import asdict

from pyspark.ml import PipelineModel
from pyspark.sql import DataFrame

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.sections import Model
from ml import registry
from ml.evaluate import Evaluation, areas, evaluate, scored_by
from ml.features import FEATURES, TABLE, Split, counted, eligible, split, time_range
from ml.fit import check, fit_with_threshold, stages
from ml.predictions import probability
from ml.scorer import Scorer, load
from ml.tracking import Trained, record

Say = Callable[[str], None]

ANSWERS = 1000  # rows on which the served model is compared with Spark's


def learn(lake: Lake, version: int, identity: dict[str, str], say: Say) -> tuple[int, str, dict[str, float]]:
    """Train on one version of gold.session_features and register the model.

    Args:
        lake: the lake, locked.
        version: of the table.
        identity: what the model is made from, by the names of `registry.Version`.
        say: receives a line when there is a champion to compare with.

    Returns:
        The number of the registered version, its alias, and the figures of its test.

    Raises:
        LakehouseError: there is too little to learn from, or the served model differs from Spark's (exit code 3).
    """
    settings = lake.settings.model
    visits = eligible(lake.store.read(TABLE, version))
    borders = _split(visits, settings)
    rows = counted(visits, borders).coalesce(1).cache()  # visits that look alike are one row: few enough for one task
    try:
        check(rows, borders)
        model, threshold = fit_with_threshold(rows, settings)
        test = rows.where("part = 'test'")
        evaluation = evaluate(model, test, threshold)
        answers = scored_by(model, test).select(*FEATURES, "score").limit(ANSWERS).toPandas()
        alias = _alias(lake, test, evaluation.metrics["pr_auc"], say)
    finally:
        rows.unpersist()
    instants = {name: instant.isoformat() for name, instant in asdict(borders).items()}
    trained = Trained(
        spark_model=model,
        document=_document(model, threshold, evaluation, {**identity, **instants}),
        evaluation=evaluation,
        params={**asdict(settings), **instants, "features": ", ".join(FEATURES), "threshold": threshold},
        identity=identity,
        source=lake.store.uri(TABLE),
        answers=answers,
    )
    return record(lake.settings, trained, alias), alias, evaluation.metrics


def _split(visits: DataFrame, settings: Model) -> Split:
    found = time_range(visits)
    if found is None:
        message = f"{TABLE} holds no visit with an event before its first purchase: there is nothing to learn from."
        raise LakehouseError(message, "land more events, then lakehouse run", Exit.REFUSED)
    return split(*found, settings)


def _alias(lake: Lake, test: DataFrame, pr_auc: float, say: Say) -> str:
    """Compare with the present champion on the very same rows."""
    champion = _champion(lake, say)
    if champion is None:
        return registry.CHAMPION
    scores = probability(champion.features, champion.coefficients, champion.intercept)
    present, margin = areas(test.withColumn("score", scores), "score")[1], lake.settings.model.champion_margin
    is_good = pr_auc >= present - margin
    say(
        f"PR-AUC {pr_auc:.3f} against {present:.3f} of the champion, version {champion.version}, on the same visits: "
        + ("the new model takes its place." if is_good else f"worse by more than {margin}; the champion stays.")
    )
    return registry.CHAMPION if is_good else registry.CHALLENGER


def _champion(lake: Lake, say: Say) -> Scorer | None:
    version = registry.by_alias(lake.settings, registry.CHAMPION)
    try:
        return load(lake.settings, version) if version else None
    except LakehouseError as error:
        say(f"{error.message} The new model takes its place.")
        return None


def _document(
    model: PipelineModel, threshold: float, evaluation: Evaluation, trained_on: dict[str, str]
) -> dict[str, object]:
    """Return the served model: all that a score, its explanation and the summary need."""
    regression = stages(model)[1]
    return {
        "features": list(FEATURES),
        "coefficients": regression.coefficients.toArray().tolist(),
        "intercept": regression.intercept,
        "threshold": threshold,
        "metrics": evaluation.metrics,
        "trained_on": trained_on,
    }
