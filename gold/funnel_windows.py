"""gold.funnel_windows — how many visits with a view are followed by a cart and a purchase, in time and in order."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from gold.visit_outcomes import MOST_DAYS
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

WINDOWS = (0, 1, 7, MOST_DAYS)  # days; 0 is the visit itself
STEPS = {False: ("cart_at", "purchase_at"), True: ("ordered_cart_at", "ordered_purchase_at")}  # by is_ordered

table = Table(
    name="gold.funnel_windows",
    comment="One row per day and root category of entry, new or returning visits, window and order of the steps.",
    upstreams=["gold.visitor_days", "gold.visit_outcomes"],
    key=["session_date", "root_category_id", "is_new", "window_days", "is_ordered"],
    refresh=replace(by="session_date"),
    cluster_by=["session_date"],
    schema="""
        session_date          DATE    NOT NULL COMMENT 'UTC day on which the visits started',
        root_category_id      BIGINT  NOT NULL COMMENT 'root category of the first event, -1 if unknown',
        is_new                BOOLEAN NOT NULL COMMENT 'whether the visits are the first of their visitors',
        window_days           INT     NOT NULL COMMENT 'days from the first view: 1, 7 or 30; 0 is the same visit',
        is_ordered            BOOLEAN NOT NULL COMMENT 'whether the cart follows the view, and the purchase that cart',
        num_sessions          BIGINT  NOT NULL COMMENT 'visits with a view',
        num_cart_sessions     BIGINT  NOT NULL COMMENT 'followed by a cart in the visit or within the window',
        num_purchase_sessions BIGINT  NOT NULL COMMENT 'followed by a purchase in the visit or within the window'
    """,
    expectations=[
        expect_or_fail(
            "no step exceeds the visits", "greatest(num_cart_sessions, num_purchase_sessions) <= num_sessions"
        ),
        expect_or_fail(
            "in order nobody buys without a cart", "NOT is_ordered OR num_purchase_sessions <= num_cart_sessions"
        ),
    ],
)

SEGMENT = ["session_date", "root_category_id", "is_new"]


@table.transform
def count_windows(visitor_days: DataFrame, visit_outcomes: DataFrame) -> DataFrame:
    """Count the visits that reach each step within each window.

    Args:
        visitor_days: gold.visitor_days.
        visit_outcomes: gold.visit_outcomes.

    Returns:
        The columns of gold.funnel_windows.
    """
    entries = (
        visitor_days.groupBy(*SEGMENT).agg(F.sum("num_view_sessions").alias("num_sessions")).where("num_sessions > 0")
    )
    kinds = [(days, is_ordered) for days in WINDOWS for is_ordered in STEPS]
    counts = [F.count_if(_is_within(step, days)).alias(f"{step}_{days}") for days, it in kinds for step in STEPS[it]]
    reached = visit_outcomes.groupBy(*SEGMENT).agg(*counts)
    rows = F.explode(F.array(*[_row(*kind) for kind in kinds])).alias("row")
    counted = entries.join(reached, SEGMENT, how="left").select(*SEGMENT, "num_sessions", rows)
    return counted.select(
        *SEGMENT,
        "row.window_days",
        "row.is_ordered",
        "num_sessions",
        "row.num_cart_sessions",
        "row.num_purchase_sessions",
    )


def _is_within(step: str, days: int) -> Column:
    """Say whether a step lies in the visit, or within so many days of its first view."""
    latest = F.col("ended_at")
    if days:
        latest = F.greatest(latest, F.col("first_view_at") + F.expr(f"INTERVAL {days} DAYS"))
    return F.col(step) <= latest


def _row(days: int, is_ordered: bool) -> Column:
    cart, purchase = (F.coalesce(f"{step}_{days}", F.lit(0)) for step in STEPS[is_ordered])
    return F.struct(
        F.lit(days).alias("window_days"),
        F.lit(is_ordered).alias("is_ordered"),
        cart.alias("num_cart_sessions"),
        purchase.alias("num_purchase_sessions"),
    )
