"""gold.item_performance — what visits do with each item."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.item_performance",
    comment="One row per day and item with an event.",
    upstreams=["silver.session_events"],
    key=["session_date", "item_id"],
    refresh=replace(by="session_date"),
    cluster_by=["session_date"],
    schema="""
        session_date     DATE   NOT NULL COMMENT 'UTC day on which the visits started',
        item_id          BIGINT NOT NULL COMMENT 'item',
        num_sessions     BIGINT NOT NULL COMMENT 'visits with an event of the item',
        num_views        BIGINT NOT NULL COMMENT 'views',
        num_adds         BIGINT NOT NULL COMMENT 'times put into the cart',
        num_transactions BIGINT NOT NULL COMMENT 'transaction rows',
        num_orders       BIGINT NOT NULL COMMENT 'different transaction ids'
    """,
    expectations=[expect_or_fail("an order holds the item", "num_orders <= num_transactions")],
)


@table.transform
def count_items(session_events: DataFrame) -> DataFrame:
    """Count each item's day.

    Orders are counted apart, among the few transactions: a distinct count beside the sums would double every row.

    Args:
        session_events: silver.session_events.

    Returns:
        The columns of gold.item_performance.
    """
    key = ["session_date", "item_id"]
    items = session_events.groupBy(*key).agg(
        F.count_if("is_first_of_item").alias("num_sessions"),
        F.count_if(F.col("event_type") == "view").alias("num_views"),
        F.count_if(F.col("event_type") == "addtocart").alias("num_adds"),
        F.count_if(F.col("event_type") == "transaction").alias("num_transactions"),
    )
    transactions = session_events.where(F.col("event_type") == "transaction")
    orders = transactions.groupBy(*key).agg(F.count_distinct("transaction_id").alias("num_orders"))
    return items.join(F.broadcast(orders), key, how="left").select(
        *key,
        "num_sessions",
        "num_views",
        "num_adds",
        "num_transactions",
        F.coalesce("num_orders", F.lit(0)).alias("num_orders"),
    )
