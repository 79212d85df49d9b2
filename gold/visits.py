"""gold.visits — what several tables ask of a visit: its steps, its root category of entry, whether it is new."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from gold.unknown import UNKNOWN_CATEGORY

# A table by day needs of silver.first_visits the visits of that day alone: only those can be new.
BY_DAY = {"session_date": "first_visit_date"}

HAS_VIEW, HAS_CART, HAS_PURCHASE = "num_views > 0", "num_adds > 0", "num_transactions > 0"
STEPS = {
    "num_view_sessions": HAS_VIEW,
    "num_cart_sessions": HAS_CART,
    "num_purchase_sessions": HAS_PURCHASE,
    "num_carts_without_view": f"{HAS_CART} AND NOT {HAS_VIEW}",
    "num_purchases_without_cart": f"{HAS_PURCHASE} AND NOT {HAS_CART}",
    "num_abandoned_carts": f"{HAS_CART} AND NOT {HAS_PURCHASE}",
    "num_bounces": "num_events = 1 AND num_views = 1",
}


def count_steps() -> list[Column]:
    """Return the counts over rows of silver.sessions: visits, and by the steps that they hold, in any order."""
    counts = [F.count_if(F.expr(condition)).alias(name) for name, condition in STEPS.items()]
    return [F.count(F.lit(1)).alias("num_sessions"), *counts]


def add_root(rows: DataFrame, categories: DataFrame, category: str) -> DataFrame:
    """Add the root of a category, and take the category away.

    Args:
        rows: rows with a category.
        categories: silver.categories.
        category: the column of the category, NULL if unknown.

    Returns:
        The rows with `root_category_id BIGINT`, -1 if unknown, instead of the category.
    """
    roots = F.broadcast(categories.select(F.col("category_id").alias(category), "root_id"))
    root = F.coalesce("root_id", F.lit(UNKNOWN_CATEGORY)).cast("bigint")
    return rows.join(roots, category, how="left").withColumn("root_category_id", root).drop(category, "root_id")


def add_is_new(visits: DataFrame, first_visits: DataFrame) -> DataFrame:
    """Add whether a visit is its visitor's first in the lake.

    Args:
        visits: one row per visit, with `visitor_id` and `started_at`.
        first_visits: silver.first_visits, at least those of the same days or visitors.

    Returns:
        The visits with `is_new BOOLEAN`.
    """
    # Not a literal: Sail takes a constant of the optional side for constant behind the join, and groups wrongly.
    first_visit_at = F.col("first_visit_at")
    firsts = first_visits.select("visitor_id", first_visit_at.alias("started_at"), "first_visit_at")
    marked = visits.join(firsts, ["visitor_id", "started_at"], how="left")
    return marked.withColumn("is_new", first_visit_at.isNotNull()).drop("first_visit_at")
