"""ml.predictions — the model's answer for every visit; written by `lakehouse ml score` alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, rebuild

if TYPE_CHECKING:
    from ml.scorer import Scorer

table = Table(
    name="ml.predictions",
    comment="One row per visit with an event before its first purchase, and model version.",
    upstreams=["gold.session_features"],
    key=["visitor_id", "started_at", "model_version"],
    refresh=rebuild(),  # every visit is scored anew when the model or the features changed
    cluster_by=["session_date"],
    person="visitor_id",
    schema="""
        session_id      STRING    NOT NULL COMMENT 'visitor and start (epoch milliseconds), readable',
        visitor_id      BIGINT    NOT NULL COMMENT 'anonymous visitor',
        started_at      TIMESTAMP NOT NULL COMMENT 'first event of the visit, UTC',
        session_date    DATE      NOT NULL COMMENT 'UTC day on which the visit started',
        probability     DOUBLE    NOT NULL COMMENT 'predicted probability of a purchase, 0-1',
        is_predicted    BOOLEAN   NOT NULL COMMENT 'whether the probability reaches the threshold of the model',
        purchase_intent INT       NOT NULL COMMENT '1 when the visit did hold a purchase, else 0',
        model_version   INT       NOT NULL COMMENT 'version of the registered model'
    """,
    expectations=[expect_or_fail("probability is one", "probability BETWEEN 0 AND 1")],
)


def predict(visits: DataFrame, scorer: "Scorer") -> DataFrame:
    """Apply the plain coefficients, which equal the Spark model to 1e-9.

    Args:
        visits: the eligible rows of gold.session_features.
        scorer: the champion.

    Returns:
        The columns of ml.predictions.
    """
    scored = visits.withColumn("probability", probability(scorer.features, scorer.coefficients, scorer.intercept))
    return scored.select(
        "session_id",
        "visitor_id",
        "started_at",
        "session_date",
        "probability",
        (F.col("probability") >= scorer.threshold).alias("is_predicted"),
        "purchase_intent",
        F.lit(scorer.version).cast("int").alias("model_version"),
    )


def probability(features: Sequence[str], coefficients: Sequence[float], intercept: float) -> Column:
    """Return the probability of plain coefficients as a column."""
    log_odds = F.lit(intercept)
    for name, coefficient in zip(features, coefficients, strict=True):
        log_odds = log_odds + F.lit(coefficient) * F.col(name)
    return F.lit(1.0) / (F.lit(1.0) + F.exp(-log_odds))
