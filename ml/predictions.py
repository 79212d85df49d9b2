"""ml.predictions — what models answered at decision points, and what came of it, by `lakehouse ml score`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, upsert

table = Table(
    name="ml.predictions",
    comment="One row per decision point, model version and time at which it was scored.",
    upstreams=["gold.intent_examples"],
    key=["visitor_id", "started_at", "decision_point", "model_version", "scored_at"],
    refresh=upsert(),
    cluster_by=["session_date"],
    person="visitor_id",
    schema="""
        visitor_id     BIGINT    NOT NULL COMMENT 'anonymous visitor',
        started_at     TIMESTAMP NOT NULL COMMENT 'first event of the visit, UTC',
        decision_point INT       NOT NULL COMMENT 'events of the visit so far: 1, 2, 3, 5 or 10',
        decided_at     TIMESTAMP NOT NULL COMMENT 'instant of the latest of them, UTC',
        session_date   DATE      NOT NULL COMMENT 'UTC day on which the visit started',
        model_version  INT       NOT NULL COMMENT 'version of the registered model',
        scored_at      TIMESTAMP NOT NULL COMMENT 'instant of the scoring, UTC',
        part           STRING    NOT NULL COMMENT 'of the time of that model: fit … test, later, or embargo',
        probability    DOUBLE    NOT NULL COMMENT 'probability of a purchase later in the visit, 0-1',
        is_flagged     BOOLEAN            COMMENT 'whether it reaches the threshold; NULL where the model has none',
        label          INT                COMMENT '1 when it did buy afterwards, else 0; NULL until it has ended',
        features_hash  BIGINT    NOT NULL COMMENT 'xxhash64 of the features that were scored',
        superseded_at  TIMESTAMP          COMMENT 'when the visit was found to have changed, UTC; else NULL'
    """,
    expectations=[expect_or_fail("probability is one", "probability BETWEEN 0 AND 1")],
)

POINT = ["visitor_id", "started_at", "decision_point"]
NO_FEATURES = {*POINT, "decided_at", "session_date", "ended_at", "label"}  # of gold.intent_examples


def predict(
    intent_examples: DataFrame,
    answer: Mapping[str, Column],
    has_ended: Column,
    features: list[str],
    model_version: int,
    scored_at: datetime,
) -> DataFrame:
    """Answer every decision point.

    Args:
        intent_examples: rows of gold.intent_examples.
        answer: `probability`, `is_flagged` and `part` of the model, as columns.
        has_ended: whether a visit has ended.
        features: the columns that tell whether the same was scored.
        model_version: of the model.
        scored_at: the instant, UTC.

    Returns:
        The columns of ml.predictions.
    """
    scored = intent_examples.withColumns({**answer, "features_hash": F.xxhash64(*features)})
    return scored.select(
        *POINT,
        "decided_at",
        "session_date",
        F.lit(model_version).cast("int").alias("model_version"),
        F.lit(scored_at).alias("scored_at"),
        "part",
        "probability",
        "is_flagged",
        F.when(has_ended, F.col("label")).alias("label"),
        "features_hash",
        F.lit(None).cast("timestamp").alias("superseded_at"),
    )


def fresh(current: DataFrame, live: DataFrame, model_version: int) -> DataFrame:
    """Return the answers that a model version has not given yet.

    Args:
        current: what `predict` returns.
        live: the rows of ml.predictions that are not superseded.
        model_version: of `current`.
    """
    given = live.where(F.col("model_version") == model_version).select(*POINT, "features_hash")
    if not given.limit(1).count():  # a join with no row would go through all the same
        return current
    return current.join(given, [*POINT, "features_hash"], how="left_anti").select(*current.columns)


def changed(current: DataFrame, live: DataFrame, now: datetime) -> DataFrame:
    """Return the rows that have a label by now or another one, or whose visit changed: as they are to be kept.

    Args:
        current: what `predict` returns.
        live: the rows of ml.predictions that are not superseded, of any model version.
        now: when the change was found, UTC.
    """
    found = current.select(*POINT, F.col("label").alias("label_now"), F.col("features_hash").alias("features_now"))
    is_superseded = ~F.col("features_now").eqNullSafe(F.col("features_hash"))
    is_labelled_anew = ~F.col("label_now").eqNullSafe(F.col("label"))
    replaced: dict[str, Any] = {
        "label": F.when(is_superseded, F.col("label")).otherwise(F.col("label_now")),
        "superseded_at": F.when(is_superseded, F.lit(now)),
    }
    touched = live.join(found, POINT, how="left").where(is_superseded | is_labelled_anew)
    return touched.select(*[replaced[c].alias(c) if c in replaced else F.col(c) for c in live.columns])
