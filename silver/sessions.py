"""silver.sessions — visits, cut from the event stream wherever a visitor pauses."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect, expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="silver.sessions",
    comment="One row per visit: a visitor's events with no pause longer than 30 minutes.",
    upstreams=["silver.session_events"],
    key=["visitor_id", "started_at"],
    refresh=replace(by=["session_date", "visitor_id", "started_at"]),
    cluster_by=["session_date"],
    person="visitor_id",
    schema="""
        visitor_id               BIGINT    NOT NULL COMMENT 'anonymous visitor',
        started_at               TIMESTAMP NOT NULL COMMENT 'first event, UTC',
        ended_at                 TIMESTAMP NOT NULL COMMENT 'last event, UTC',
        session_date             DATE      NOT NULL COMMENT 'UTC day on which the visit started',
        num_events               BIGINT    NOT NULL COMMENT 'events of the visit',
        num_views                BIGINT    NOT NULL COMMENT 'views',
        num_adds                 BIGINT    NOT NULL COMMENT 'items put into the cart',
        num_transactions         BIGINT    NOT NULL COMMENT 'transaction rows: bought items',
        distinct_products        BIGINT    NOT NULL COMMENT 'different items of the visit',
        num_views_before         BIGINT    NOT NULL COMMENT 'views before the first purchase',
        num_adds_before          BIGINT    NOT NULL COMMENT 'items put into the cart before the first purchase',
        distinct_products_before BIGINT    NOT NULL COMMENT 'different items before the first purchase',
        entry_category_id        BIGINT             COMMENT 'category of the first event, NULL if unknown',
        is_one_category          BOOLEAN   NOT NULL COMMENT 'whether all events are of the entry category'
    """,
    expectations=[
        expect_or_fail("starts before it ends", "started_at <= ended_at"),
        expect_or_fail("every event is counted once", "num_events = num_views + num_adds + num_transactions"),
        expect("visit has a view", "num_views > 0"),
        expect("visit has fewer than 1,000 events", "num_events < 1000"),
    ],
)


@table.transform
def summarise(session_events: DataFrame) -> DataFrame:
    """Count each visit, whole and up to its first purchase; where there is none, both are the same.

    Args:
        session_events: silver.session_events.

    Returns:
        The columns of silver.sessions.
    """
    is_view, is_add = F.col("event_type") == "view", F.col("event_type") == "addtocart"
    is_before = F.col("is_before_purchase")
    category = F.coalesce("category_id", F.lit(-1))
    return (
        session_events.groupBy("visitor_id", "started_at")
        .agg(
            F.max("occurred_at").alias("ended_at"),
            F.count(F.lit(1)).alias("num_events"),
            F.count_if(is_view).alias("num_views"),
            F.count_if(is_add).alias("num_adds"),
            F.count_if(F.col("event_type") == "transaction").alias("num_transactions"),
            F.count_if("is_first_of_item").alias("distinct_products"),
            F.count_if(is_view & is_before).alias("num_views_before"),
            F.count_if(is_add & is_before).alias("num_adds_before"),
            F.count_if(F.col("is_first_of_item") & is_before).alias("distinct_products_before"),
            F.max(F.when(F.col("position") == 1, F.col("category_id"))).alias("entry_category_id"),
            (F.min(category) == F.max(category)).alias("is_one_category"),
        )
        .select(
            "visitor_id",
            "started_at",
            "ended_at",
            F.to_date("started_at").alias("session_date"),
            "num_events",
            "num_views",
            "num_adds",
            "num_transactions",
            "distinct_products",
            "num_views_before",
            "num_adds_before",
            "distinct_products_before",
            "entry_category_id",
            "is_one_category",
        )
    )
