"""gold.trending_items — what the shop and each category look at more than they used to."""

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from gold.leaderboard import of_recent_days, rank
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, rebuild

DAYS, RECENT_DAYS = 14, 3
FEWEST = 3  # visits of the recent days, for an item to have a trend

table = Table(
    name="gold.trending_items",
    comment="One row per category, or the whole shop, and each of its up to 100 items that rise most.",
    upstreams=["gold.item_performance", "silver.item_history", "silver.categories"],
    key=["category_id", "rank"],
    refresh=rebuild(),  # the days move on with each new one, and every list with them
    schema="""
        category_id  BIGINT NOT NULL COMMENT 'category as last known, or one above it; -2 for the shop',
        rank         INT    NOT NULL COMMENT 'place of the item, from 1: by score, then id',
        item_id      BIGINT NOT NULL COMMENT 'item',
        score        DOUBLE NOT NULL COMMENT 'recent visits above the expected ones, over the root of 1 + expected',
        num_recent   BIGINT NOT NULL COMMENT 'visits with an event of the item in the 3 days up to as_of_date',
        num_before   BIGINT NOT NULL COMMENT 'the same in the 11 days before',
        as_of_date   DATE   NOT NULL COMMENT 'newest day with 1 % of the median volume or more, UTC'
    """,
    expectations=[expect_or_fail("a rising item has more visits than expected", "score > 0 AND num_recent >= 3")],
)


@table.transform
def rank_trending(item_performance: DataFrame, item_history: DataFrame, categories: DataFrame) -> DataFrame:
    """Rank the items of the last three days by how far their visits exceed their usual share of all visits.

    A share needs no whole days: where the newest ends at noon, it does so for every item.

    Args:
        item_performance: gold.item_performance.
        item_history: silver.item_history.
        categories: silver.categories.

    Returns:
        The columns of gold.trending_items.
    """
    is_new = F.col("session_date") > F.col("as_of_date") - F.lit(timedelta(days=RECENT_DAYS))
    counted = (
        of_recent_days(item_performance, DAYS)
        .groupBy("item_id", "as_of_date")
        .agg(
            F.sum(F.when(is_new, F.col("num_sessions")).otherwise(0)).alias("num_recent"),
            F.sum(F.when(is_new, 0).otherwise(F.col("num_sessions"))).alias("num_before"),
        )
    )
    shop = W.partitionBy("as_of_date")
    shares = counted.select("*", *[F.sum(c).over(shop).alias(f"all_{c}") for c in ("num_recent", "num_before")])
    expected = F.when(
        F.col("all_num_before") > 0, F.col("num_before") * F.col("all_num_recent") / F.col("all_num_before")
    )
    usual = shares.withColumn("expected", F.coalesce(expected, F.lit(0.0)))
    scored = usual.withColumn("score", (F.col("num_recent") - F.col("expected")) / F.sqrt(1 + F.col("expected")))
    rising = scored.where((F.col("num_recent") >= FEWEST) & (F.col("score") > 0))
    items = rising.select("item_id", "score", "num_recent", "num_before", "as_of_date")
    return rank(items, item_history, categories, [F.desc("score")]).select(
        "category_id",
        "rank",
        "item_id",
        "score",
        "num_recent",
        "num_before",
        "as_of_date",
    )
