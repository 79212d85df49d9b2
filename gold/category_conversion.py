"""gold.category_conversion — what visits do in each category of the tree."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from gold.unknown import UNKNOWN_CATEGORY
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.category_conversion",
    comment="One row per day and category; a visit counts once at the category and at every one above it.",
    upstreams=["silver.session_events", "silver.categories"],
    key=["session_date", "category_id"],
    refresh=replace(by="session_date"),
    cluster_by=["session_date"],
    schema="""
        session_date          DATE   NOT NULL COMMENT 'UTC day on which the visits started',
        category_id           BIGINT NOT NULL COMMENT 'category as of the event, -1 if unknown',
        num_sessions          BIGINT NOT NULL COMMENT 'visits with an event in the category or below',
        num_view_sessions     BIGINT NOT NULL COMMENT 'visits with a view there',
        num_cart_sessions     BIGINT NOT NULL COMMENT 'visits that put an item from there into the cart',
        num_purchase_sessions BIGINT NOT NULL COMMENT 'visits that bought an item from there',
        num_views             BIGINT NOT NULL COMMENT 'views',
        num_adds              BIGINT NOT NULL COMMENT 'items put into the cart',
        num_transactions      BIGINT NOT NULL COMMENT 'transaction rows: bought items'
    """,
    expectations=[
        expect_or_fail(
            "no step exceeds the visits", "greatest(num_view_sessions, num_purchase_sessions) <= num_sessions"
        )
    ],
)

COUNTS = ["num_views", "num_adds", "num_transactions"]


@table.transform
def attribute(session_events: DataFrame, categories: DataFrame) -> DataFrame:
    """Credit each visit to the categories it touched and to all above them, once each.

    Args:
        session_events: silver.session_events.
        categories: silver.categories.

    Returns:
        The columns of gold.category_conversion.
    """
    touched = session_events.groupBy(
        "session_date",
        "visitor_id",
        "started_at",
        F.coalesce("category_id", F.lit(UNKNOWN_CATEGORY)).alias("touched_id"),
    ).agg(
        F.count_if(F.col("event_type") == "view").alias("num_views"),
        F.count_if(F.col("event_type") == "addtocart").alias("num_adds"),
        F.count_if(F.col("event_type") == "transaction").alias("num_transactions"),
    )
    paths = F.broadcast(categories.select(F.col("category_id").alias("touched_id"), "path"))
    upwards = touched.join(paths, "touched_id", how="left").select(
        "session_date",
        "visitor_id",
        "started_at",
        F.explode(F.coalesce("path", F.array("touched_id"))).alias("category_id"),
        *COUNTS,
    )
    visits = upwards.groupBy("session_date", "visitor_id", "started_at", "category_id").agg(
        *[F.sum(column).alias(column) for column in COUNTS]
    )
    return visits.groupBy("session_date", "category_id").agg(
        F.count(F.lit(1)).alias("num_sessions"),
        F.count_if(F.col("num_views") > 0).alias("num_view_sessions"),
        F.count_if(F.col("num_adds") > 0).alias("num_cart_sessions"),
        F.count_if(F.col("num_transactions") > 0).alias("num_purchase_sessions"),
        *[F.sum(column).alias(column) for column in COUNTS],
    )
