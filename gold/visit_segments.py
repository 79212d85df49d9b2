"""gold.visit_segments — the shop's day in numbers, for new and returning visits and each root category."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from gold import visits
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.visit_segments",
    comment="One row per day, root category of entry, and new or returning visits.",
    upstreams=["silver.sessions", "silver.session_events", "silver.categories", "silver.first_visits"],
    key=["session_date", "root_category_id", "is_new"],
    refresh=replace(by=visits.BY_DAY),
    cluster_by=["session_date"],
    schema="""
        session_date               DATE    NOT NULL COMMENT 'UTC day on which the visits started',
        root_category_id           BIGINT  NOT NULL COMMENT 'root category of the first event, -1 if unknown',
        is_new                     BOOLEAN NOT NULL COMMENT 'whether the visits are the first of their visitors',
        num_sessions               BIGINT  NOT NULL COMMENT 'visits',
        num_view_sessions          BIGINT  NOT NULL COMMENT 'visits with a view',
        num_cart_sessions          BIGINT  NOT NULL COMMENT 'visits with a cart',
        num_purchase_sessions      BIGINT  NOT NULL COMMENT 'visits with a purchase',
        num_carts_without_view     BIGINT  NOT NULL COMMENT 'visits with a cart that skipped the view',
        num_purchases_without_cart BIGINT  NOT NULL COMMENT 'visits with a purchase that skipped the cart',
        num_abandoned_carts        BIGINT  NOT NULL COMMENT 'visits with a cart and no purchase',
        num_bounces                BIGINT  NOT NULL COMMENT 'visits of one view and nothing else',
        num_views                  BIGINT  NOT NULL COMMENT 'views of these visits',
        num_adds                   BIGINT  NOT NULL COMMENT 'items put into the cart in these visits',
        num_transactions           BIGINT  NOT NULL COMMENT 'transaction rows of these visits: bought items',
        num_orders                 BIGINT  NOT NULL COMMENT 'different transaction ids of these visits'
    """,
    expectations=[
        expect_or_fail(
            "no step exceeds the visits",
            "greatest(num_view_sessions, num_cart_sessions, num_purchase_sessions) <= num_sessions",
        ),
        expect_or_fail("an order holds an item", "num_orders <= num_transactions"),
    ],
)

VISIT = ["visitor_id", "started_at"]
EVENTS = ["num_views", "num_adds", "num_transactions"]


@table.transform
def count_segments(
    sessions: DataFrame, session_events: DataFrame, categories: DataFrame, first_visits: DataFrame
) -> DataFrame:
    """Count the visits, events and orders of each segment.

    Args:
        sessions: silver.sessions.
        session_events: silver.session_events.
        categories: silver.categories.
        first_visits: silver.first_visits.

    Returns:
        The columns of gold.visit_segments.
    """
    described = visits.add_is_new(visits.add_root(sessions, categories, "entry_category_id"), first_visits)
    sums = [F.sum(column).alias(column) for column in EVENTS]
    counted = described.groupBy(*table.key).agg(*visits.count_steps(), *sums)
    buying = F.broadcast(described.where(visits.HAS_PURCHASE).select(*VISIT, "root_category_id", "is_new"))
    transactions = session_events.where(F.col("event_type") == "transaction").join(buying, VISIT, how="inner")
    orders = transactions.groupBy(*table.key).agg(F.count_distinct("transaction_id").alias("orders"))
    num_orders = F.coalesce("orders", F.lit(0)).alias("num_orders")
    return counted.join(orders, table.key, how="left").select(*counted.columns, num_orders)
