"""gold.conversion_times — how long it takes from the first view to the first purchase."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from gold import visits
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.conversion_times",
    comment="One row per visitor with a purchase.",
    upstreams=["silver.session_events", "silver.categories"],
    key=["visitor_id"],
    refresh=replace(by="visitor_id"),
    cluster_by=["purchase_date"],
    person="visitor_id",
    schema="""
        visitor_id         BIGINT    NOT NULL COMMENT 'anonymous visitor',
        root_category_id   BIGINT    NOT NULL COMMENT 'root category of the first event of all, -1 if unknown',
        first_view_at      TIMESTAMP          COMMENT 'first view up to the first purchase, UTC, NULL without one',
        first_purchase_at  TIMESTAMP NOT NULL COMMENT 'first purchase, UTC',
        purchase_date      DATE      NOT NULL COMMENT 'UTC day of that',
        seconds_to_convert BIGINT             COMMENT 'whole seconds from that view to the purchase, NULL without'
    """,
    expectations=[
        expect_or_fail("the view comes first", "first_view_at IS NULL OR first_view_at <= first_purchase_at")
    ],
)


@table.transform
def time_conversions(session_events: DataFrame, categories: DataFrame) -> DataFrame:
    """Find each buyer's first view and first purchase.

    Args:
        session_events: silver.session_events.
        categories: silver.categories.

    Returns:
        The columns of gold.conversion_times.
    """
    transactions = session_events.where(F.col("event_type") == "transaction")
    buyers = transactions.groupBy("visitor_id").agg(F.min("occurred_at").alias("first_purchase_at"))
    events = session_events.join(F.broadcast(buyers), "visitor_id", how="inner")
    is_view = (F.col("event_type") == "view") & (F.col("occurred_at") <= F.col("first_purchase_at"))
    first = F.min(F.struct("started_at", "position", "category_id"))["category_id"].alias("first_category_id")
    converted = events.groupBy("visitor_id", "first_purchase_at").agg(
        F.min(F.when(is_view, F.col("occurred_at"))).alias("first_view_at"), first
    )
    seconds = F.unix_seconds("first_purchase_at") - F.unix_seconds("first_view_at")
    return visits.add_root(converted, categories, "first_category_id").select(
        "visitor_id",
        "root_category_id",
        "first_view_at",
        "first_purchase_at",
        F.to_date("first_purchase_at").alias("purchase_date"),
        seconds.alias("seconds_to_convert"),
    )
