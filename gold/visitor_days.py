"""gold.visitor_days — how far each visitor came on a day: to count visitors over any range, and how they differ."""

from pyspark.sql import DataFrame

from gold import visits
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.visitor_days",
    comment="One row per day, root category of entry and visitor; a visitor's first visit is a row of its own.",
    upstreams=["silver.sessions", "silver.categories", "silver.first_visits"],
    key=["session_date", "root_category_id", "visitor_id", "is_new"],
    refresh=replace(by=visits.BY_DAY),
    cluster_by=["session_date"],
    person="visitor_id",
    schema="""
        session_date               DATE   NOT NULL COMMENT 'UTC day on which the visits started',
        root_category_id           BIGINT NOT NULL COMMENT 'root category of the first event, -1 if unknown',
        visitor_id                 BIGINT NOT NULL COMMENT 'anonymous visitor',
        is_new                     BOOLEAN NOT NULL COMMENT 'whether the visit is the first of the visitor in the lake',
        num_sessions               BIGINT NOT NULL COMMENT 'visits',
        num_view_sessions          BIGINT NOT NULL COMMENT 'visits with a view',
        num_cart_sessions          BIGINT NOT NULL COMMENT 'visits with a cart',
        num_purchase_sessions      BIGINT NOT NULL COMMENT 'visits with a purchase',
        num_carts_without_view     BIGINT NOT NULL COMMENT 'visits with a cart that skipped the view',
        num_purchases_without_cart BIGINT NOT NULL COMMENT 'visits with a purchase that skipped the cart',
        num_abandoned_carts        BIGINT NOT NULL COMMENT 'visits with a cart and no purchase',
        num_bounces                BIGINT NOT NULL COMMENT 'visits of one view and nothing else'
    """,
    expectations=[
        expect_or_fail(
            "no step exceeds the visits",
            "greatest(num_view_sessions, num_cart_sessions, num_purchase_sessions) <= num_sessions",
        )
    ],
)


@table.transform
def count_visitor_days(sessions: DataFrame, categories: DataFrame, first_visits: DataFrame) -> DataFrame:
    """Count each visitor's visits of a day by the steps that they hold, in any order.

    Args:
        sessions: silver.sessions.
        categories: silver.categories.
        first_visits: silver.first_visits.

    Returns:
        The columns of gold.visitor_days.
    """
    described = visits.add_is_new(visits.add_root(sessions, categories, "entry_category_id"), first_visits)
    return described.groupBy("session_date", "root_category_id", "visitor_id", "is_new").agg(*visits.count_steps())
