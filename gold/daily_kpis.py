"""gold.daily_kpis — the shop's day in numbers."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from gold.unknown import ALL_CATEGORIES
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.daily_kpis",
    comment="One row per day on which a visit started.",
    upstreams=["silver.sessions", "silver.session_events", "gold.funnel"],
    key=["session_date"],
    refresh=replace(by="session_date"),
    cluster_by=["session_date"],
    schema="""
        session_date          DATE   NOT NULL COMMENT 'UTC day on which the visits started',
        num_visitors          BIGINT NOT NULL COMMENT 'different visitors; do not add over days',
        num_sessions          BIGINT NOT NULL COMMENT 'visits',
        num_bounces           BIGINT NOT NULL COMMENT 'visits of one view and nothing else',
        num_cart_sessions     BIGINT NOT NULL COMMENT 'visits with a cart',
        num_abandoned_carts   BIGINT NOT NULL COMMENT 'visits with a cart and no purchase',
        num_purchase_sessions BIGINT NOT NULL COMMENT 'visits with a purchase',
        num_views             BIGINT NOT NULL COMMENT 'views of these visits',
        num_adds              BIGINT NOT NULL COMMENT 'items put into the cart in these visits',
        num_transactions      BIGINT NOT NULL COMMENT 'transaction rows of these visits: bought items',
        num_orders            BIGINT NOT NULL COMMENT 'different transaction ids of these visits'
    """,
    expectations=[
        expect_or_fail("visitors make the visits", "num_visitors <= num_sessions"),
        expect_or_fail("an order holds an item", "num_orders <= num_transactions"),
    ],
)


@table.transform
def count_day(sessions: DataFrame, session_events: DataFrame, funnel: DataFrame) -> DataFrame:
    """Count the visits, visitors and orders of each day.

    Args:
        sessions: silver.sessions.
        session_events: silver.session_events.
        funnel: gold.funnel, whose row over all categories has the day's different visitors already.

    Returns:
        The columns of gold.daily_kpis.
    """
    has_cart, has_purchase = F.col("num_adds") > 0, F.col("num_transactions") > 0
    days = sessions.groupBy("session_date").agg(
        F.count(F.lit(1)).alias("num_sessions"),
        F.count_if((F.col("num_events") == 1) & (F.col("num_views") == 1)).alias("num_bounces"),
        F.count_if(has_cart).alias("num_cart_sessions"),
        F.count_if(has_cart & ~has_purchase).alias("num_abandoned_carts"),
        F.count_if(has_purchase).alias("num_purchase_sessions"),
        *[F.sum(column).alias(column) for column in ("num_views", "num_adds", "num_transactions")],
    )
    visitors = funnel.where(F.col("root_category_id") == ALL_CATEGORIES).select("session_date", "num_visitors")
    transactions = session_events.where(F.col("event_type") == "transaction")
    orders = transactions.groupBy("session_date").agg(F.count_distinct("transaction_id").alias("num_orders"))
    counted = days.join(visitors, "session_date", how="left").join(orders, "session_date", how="left")
    return counted.select(
        "session_date",
        "num_visitors",
        "num_sessions",
        "num_bounces",
        "num_cart_sessions",
        "num_abandoned_carts",
        "num_purchase_sessions",
        "num_views",
        "num_adds",
        "num_transactions",
        F.coalesce("num_orders", F.lit(0)).alias("num_orders"),
    )
