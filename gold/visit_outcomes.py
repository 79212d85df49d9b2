"""gold.visit_outcomes — what followed a visit with a view: the next cart and purchase, up to 30 days later."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from gold import visits
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

MOST_DAYS = 30

table = Table(
    name="gold.visit_outcomes",
    comment="One row per visit with a view that the visitor's cart or purchase followed, in it or within 30 days.",
    upstreams=["silver.session_events", "silver.categories", "silver.first_visits"],
    key=["visitor_id", "started_at"],
    refresh=replace(by="visitor_id"),
    cluster_by=["session_date"],
    person="visitor_id",
    schema="""
        visitor_id          BIGINT    NOT NULL COMMENT 'anonymous visitor',
        started_at          TIMESTAMP NOT NULL COMMENT 'first event of the visit, UTC',
        ended_at            TIMESTAMP NOT NULL COMMENT 'last event of the visit, UTC',
        session_date        DATE      NOT NULL COMMENT 'UTC day on which the visit started',
        root_category_id    BIGINT    NOT NULL COMMENT 'root category of its first event, -1 if unknown',
        is_new              BOOLEAN   NOT NULL COMMENT 'whether it is the first visit of the visitor',
        first_view_at       TIMESTAMP NOT NULL COMMENT 'first view of the visit, UTC',
        cart_at             TIMESTAMP          COMMENT 'first cart from the start of the visit on, UTC',
        purchase_at         TIMESTAMP          COMMENT 'first purchase from the start of the visit on, UTC',
        ordered_cart_at     TIMESTAMP          COMMENT 'first cart from the first view on, UTC',
        ordered_purchase_at TIMESTAMP          COMMENT 'first purchase from that cart on, UTC'
    """,
    expectations=[
        expect_or_fail("the order is kept", "ordered_purchase_at IS NULL OR ordered_purchase_at >= ordered_cart_at"),
        expect_or_fail("the view lies in the visit", "first_view_at BETWEEN started_at AND ended_at"),
    ],
)

ENTRY = ["visitor_id", "started_at", "ended_at", "session_date", "entry_category_id", "first_view_at"]


@table.transform
def follow_visits(session_events: DataFrame, categories: DataFrame, first_visits: DataFrame) -> DataFrame:
    """Look from each visit with a view for the carts and purchases that its visitor made from then on.

    Args:
        session_events: silver.session_events.
        categories: silver.categories.
        first_visits: silver.first_visits.

    Returns:
        The columns of gold.visit_outcomes.
    """
    acts = session_events.where(F.col("event_type") != "view").select(
        "visitor_id", F.col("event_type").alias("act"), F.col("occurred_at").alias("acted_at")
    )
    active = F.broadcast(acts.select("visitor_id").distinct())
    entries = (
        session_events.join(active, "visitor_id", how="left_semi")
        .groupBy("visitor_id", "started_at", "session_date")
        .agg(
            F.max("occurred_at").alias("ended_at"),
            F.max(F.when(F.col("position") == 1, F.col("category_id"))).alias("entry_category_id"),
            F.min(F.when(F.col("event_type") == "view", F.col("occurred_at"))).alias("first_view_at"),
        )
        .where("first_view_at IS NOT NULL")
    )
    is_near = (F.col("acted_at") >= F.col("started_at")) & (
        (F.col("acted_at") <= F.col("ended_at")) | (F.col("acted_at") <= _latest())
    )
    near = entries.join(acts, "visitor_id", how="inner").where(is_near)
    outcomes = near.groupBy(*ENTRY).agg(
        _first("addtocart").alias("cart_at"),
        _first("transaction").alias("purchase_at"),
        _first("addtocart", "first_view_at").alias("ordered_cart_at"),
    )
    purchases = near.where(F.col("act") == "transaction").select("visitor_id", "started_at", "acted_at")
    is_after = F.col("acted_at") >= F.col("ordered_cart_at")
    ordered = outcomes.join(purchases, ["visitor_id", "started_at"], how="left").groupBy(*outcomes.columns)
    followed = ordered.agg(F.min(F.when(is_after, F.col("acted_at"))).alias("ordered_purchase_at"))
    described = visits.add_is_new(visits.add_root(followed, categories, "entry_category_id"), first_visits)
    return described.select(*[column.name for column in table.columns])


def _latest() -> Column:
    return F.col("first_view_at") + F.expr(f"INTERVAL {MOST_DAYS} DAYS")


def _first(act: str, since: str = "started_at") -> Column:
    is_one = (F.col("act") == act) & (F.col("acted_at") >= F.col(since))
    return F.min(F.when(is_one, F.col("acted_at")))
