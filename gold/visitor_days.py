"""gold.visitor_days — how far each visitor came on a day; small enough to count visitors over any range."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from gold.unknown import UNKNOWN_CATEGORY
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.visitor_days",
    comment="One row per day, root category of entry and visitor.",
    upstreams=["silver.sessions", "silver.categories"],
    key=["session_date", "root_category_id", "visitor_id"],
    refresh=replace(by="session_date"),
    cluster_by=["session_date"],
    person="visitor_id",
    schema="""
        session_date               DATE   NOT NULL COMMENT 'UTC day on which the visits started',
        root_category_id           BIGINT NOT NULL COMMENT 'root category of the first event, -1 if unknown',
        visitor_id                 BIGINT NOT NULL COMMENT 'anonymous visitor',
        num_sessions               BIGINT NOT NULL COMMENT 'visits',
        num_view_sessions          BIGINT NOT NULL COMMENT 'visits with a view',
        num_cart_sessions          BIGINT NOT NULL COMMENT 'visits with a cart',
        num_purchase_sessions      BIGINT NOT NULL COMMENT 'visits with a purchase',
        num_carts_without_view     BIGINT NOT NULL COMMENT 'visits with a cart that skipped the view',
        num_purchases_without_cart BIGINT NOT NULL COMMENT 'visits with a purchase that skipped the cart'
    """,
    expectations=[
        expect_or_fail(
            "no step exceeds the visits",
            "greatest(num_view_sessions, num_cart_sessions, num_purchase_sessions) <= num_sessions",
        )
    ],
)


@table.transform
def count_visitor_days(sessions: DataFrame, categories: DataFrame) -> DataFrame:
    """Count each visitor's visits of a day by the steps that they hold, in any order.

    Args:
        sessions: silver.sessions.
        categories: silver.categories.

    Returns:
        The columns of gold.visitor_days.
    """
    roots = F.broadcast(categories.select(F.col("category_id").alias("entry_category_id"), "root_id"))
    has_view, has_cart, has_purchase = (F.col(c) > 0 for c in ("num_views", "num_adds", "num_transactions"))
    return (
        sessions.join(roots, "entry_category_id", how="left")
        .groupBy("session_date", F.coalesce("root_id", F.lit(UNKNOWN_CATEGORY)).alias("root_category_id"), "visitor_id")
        .agg(
            F.count(F.lit(1)).alias("num_sessions"),
            F.count_if(has_view).alias("num_view_sessions"),
            F.count_if(has_cart).alias("num_cart_sessions"),
            F.count_if(has_purchase).alias("num_purchase_sessions"),
            F.count_if(has_cart & ~has_view).alias("num_carts_without_view"),
            F.count_if(has_purchase & ~has_cart).alias("num_purchases_without_cart"),
        )
    )
