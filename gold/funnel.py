"""gold.funnel — from view to cart to purchase, by day and category."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from gold.unknown import ALL_CATEGORIES
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.funnel",
    comment="One row per day and root category of entry, and one per day over all categories.",
    upstreams=["gold.visitor_days"],
    key=["session_date", "root_category_id"],
    refresh=replace(by="session_date"),
    cluster_by=["session_date"],
    schema="""
        session_date               DATE   NOT NULL COMMENT 'UTC day on which the visits started',
        root_category_id           BIGINT NOT NULL COMMENT 'root category of entry, -1 if unknown, -2 over all',
        num_sessions               BIGINT NOT NULL COMMENT 'visits',
        num_view_sessions          BIGINT NOT NULL COMMENT 'visits with a view',
        num_cart_sessions          BIGINT NOT NULL COMMENT 'visits with a cart',
        num_purchase_sessions      BIGINT NOT NULL COMMENT 'visits with a purchase',
        num_carts_without_view     BIGINT NOT NULL COMMENT 'visits with a cart that skipped the view',
        num_purchases_without_cart BIGINT NOT NULL COMMENT 'visits with a purchase that skipped the cart',
        num_visitors               BIGINT NOT NULL COMMENT 'different visitors; do not add over days or categories',
        num_view_visitors          BIGINT NOT NULL COMMENT 'different visitors with a view',
        num_cart_visitors          BIGINT NOT NULL COMMENT 'different visitors with a cart',
        num_purchase_visitors      BIGINT NOT NULL COMMENT 'different visitors with a purchase'
    """,
    expectations=[
        expect_or_fail(
            "no step exceeds the visits",
            "greatest(num_view_sessions, num_cart_sessions, num_purchase_sessions) <= num_sessions",
        ),
        expect_or_fail("visitors make the visits", "num_visitors <= num_sessions"),
    ],
)

STEPS = [
    "num_sessions",
    "num_view_sessions",
    "num_cart_sessions",
    "num_purchase_sessions",
    "num_carts_without_view",
    "num_purchases_without_cart",
]


@table.transform
def count_steps(visitor_days: DataFrame) -> DataFrame:
    """Add up the steps; a visitor who entered through two categories counts once over all.

    Args:
        visitor_days: gold.visitor_days.

    Returns:
        The columns of gold.funnel.
    """
    steps = [F.sum(step).alias(step) for step in STEPS]
    root = F.lit(ALL_CATEGORIES).cast("bigint").alias("root_category_id")
    by_root = visitor_days.groupBy("session_date", "root_category_id", "visitor_id").agg(*steps)
    overall = visitor_days.groupBy("session_date", root, "visitor_id").agg(*steps)
    return (
        by_root.unionByName(overall)
        .groupBy("session_date", "root_category_id")
        .agg(
            *steps,
            F.count(F.lit(1)).alias("num_visitors"),
            F.count_if(F.col("num_view_sessions") > 0).alias("num_view_visitors"),
            F.count_if(F.col("num_cart_sessions") > 0).alias("num_cart_visitors"),
            F.count_if(F.col("num_purchase_sessions") > 0).alias("num_purchase_visitors"),
        )
    )
