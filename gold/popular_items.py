"""gold.popular_items — what the shop and each category look at most these days."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from gold.leaderboard import of_recent_days, rank
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, rebuild

DAYS = 7

table = Table(
    name="gold.popular_items",
    comment="One row per category, or the whole shop, and each of its up to 100 most visited items of the last 7 days.",
    upstreams=["gold.item_performance", "silver.item_history", "silver.categories"],
    key=["category_id", "rank"],
    refresh=rebuild(),  # the days move on with each new one, and every list with them
    schema="""
        category_id  BIGINT NOT NULL COMMENT 'category as last known, or one above it; -2 for the shop',
        rank         INT    NOT NULL COMMENT 'place of the item, from 1: by visits, then id',
        item_id      BIGINT NOT NULL COMMENT 'item',
        num_sessions BIGINT NOT NULL COMMENT 'visits with an event of the item in the 7 days',
        as_of_date   DATE   NOT NULL COMMENT 'last of the 7 days: the newest with 1 % of the median volume or more, UTC'
    """,
    expectations=[expect_or_fail("a popular item was visited", "num_sessions > 0")],
)


@table.transform
def rank_popular(item_performance: DataFrame, item_history: DataFrame, categories: DataFrame) -> DataFrame:
    """Rank the items of the last seven days by their visits.

    Args:
        item_performance: gold.item_performance.
        item_history: silver.item_history.
        categories: silver.categories.

    Returns:
        The columns of gold.popular_items.
    """
    recent = of_recent_days(item_performance, DAYS)
    items = recent.groupBy("item_id", "as_of_date").agg(F.sum("num_sessions").alias("num_sessions"))
    return rank(items, item_history, categories, [F.desc("num_sessions")]).select(
        "category_id",
        "rank",
        "item_id",
        "num_sessions",
        "as_of_date",
    )
