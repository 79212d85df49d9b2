"""gold.session_features — what the purchase intent model sees of a visit, and what it should foresee."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.session_features",
    comment="One row per visit: its events before the first purchase, and whether there was one.",
    upstreams=["silver.sessions"],
    key=["visitor_id", "started_at"],
    refresh=replace(by=["session_date", "visitor_id", "started_at"]),
    cluster_by=["session_date"],
    person="visitor_id",
    schema="""
        session_id        STRING    NOT NULL COMMENT 'visitor and start (epoch milliseconds), readable',
        visitor_id        BIGINT    NOT NULL COMMENT 'anonymous visitor',
        started_at        TIMESTAMP NOT NULL COMMENT 'first event of the visit, UTC',
        session_date      DATE      NOT NULL COMMENT 'UTC day on which the visit started',
        session_hour      INT       NOT NULL COMMENT 'UTC hour in which the visit started, 0-23',
        num_views         INT       NOT NULL COMMENT 'views before the first purchase',
        num_adds          INT       NOT NULL COMMENT 'items put into the cart before the first purchase',
        distinct_products INT       NOT NULL COMMENT 'different items before the first purchase',
        num_events_before INT       NOT NULL COMMENT 'events before the first purchase; 0 when the visit opens with it',
        purchase_intent   INT       NOT NULL COMMENT '1 when the visit holds a purchase, else 0'
    """,
    expectations=[
        expect_or_fail("no more items than events", "distinct_products <= num_events_before"),
        expect_or_fail("hour lies in the day", "session_hour BETWEEN 0 AND 23"),
        expect_or_fail(
            "a visit without events before opens with a purchase", "num_events_before > 0 OR purchase_intent = 1"
        ),
    ],
)


@table.transform
def select_features(sessions: DataFrame) -> DataFrame:
    """Keep what a visit showed before its first purchase; all of it where there was none.

    Args:
        sessions: silver.sessions.

    Returns:
        The columns of gold.session_features.
    """
    return sessions.select(
        F.concat_ws("-", "visitor_id", F.unix_millis("started_at")).alias("session_id"),
        "visitor_id",
        "started_at",
        "session_date",
        F.hour("started_at").alias("session_hour"),
        F.col("num_views_before").cast("int").alias("num_views"),
        F.col("num_adds_before").cast("int").alias("num_adds"),
        F.col("distinct_products_before").cast("int").alias("distinct_products"),
        (F.col("num_views_before") + F.col("num_adds_before")).cast("int").alias("num_events_before"),
        (F.col("num_transactions") > 0).cast("int").alias("purchase_intent"),
    )
