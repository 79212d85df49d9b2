"""gold.leaderboard — the newest day that counts, and the best items of the shop and of each category."""

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from gold.unknown import ALL_CATEGORIES

MOST = 100  # items of the shop and of each category; filters take some of them
LEAST_SHARE = 0.01  # of the median day's visits, for a day to count: one stray instant must not be the newest


def of_recent_days(item_performance: DataFrame, days: int) -> DataFrame:
    """Keep the newest days, counted back from the newest that counts, and add that one as `as_of_date`.

    Args:
        item_performance: gold.item_performance.
        days: how many.
    """
    volumes = item_performance.groupBy("session_date").agg(F.sum("num_sessions").alias("volume"))
    typical = volumes.agg(F.expr("percentile(volume, 0.5)").alias("median"))
    counting = volumes.crossJoin(F.broadcast(typical)).where(F.col("volume") >= LEAST_SHARE * F.col("median"))
    newest = counting.agg(F.max("session_date").alias("as_of_date"))
    is_recent = F.col("session_date").between(
        F.col("as_of_date") - F.lit(timedelta(days=days - 1)), F.col("as_of_date")
    )
    return item_performance.crossJoin(F.broadcast(newest)).where(is_recent)


def rank(items: DataFrame, item_history: DataFrame, categories: DataFrame, best_first: list[Column]) -> DataFrame:
    """Rank items in the shop, in their category as last known, and in every category above it.

    Args:
        items: `item_id` and what `best_first` orders by.
        item_history: silver.item_history.
        categories: silver.categories.
        best_first: the order; ties go by the item's id.

    Returns:
        The columns of `items`, with `category_id` and `rank`, the best of each category.
    """
    now = item_history.where(F.col("valid_to").isNull()).select("item_id", F.col("category_id").alias("leaf_id"))
    paths = categories.select(F.col("category_id").alias("leaf_id"), "path")
    placed = items.join(now, "item_id", how="left").join(F.broadcast(paths), "leaf_id", how="left")
    own = F.when(F.col("leaf_id").isNotNull(), F.coalesce("path", F.array("leaf_id"))).otherwise(
        F.array().cast("array<bigint>")
    )
    shop = F.array(F.lit(ALL_CATEGORIES).cast("bigint"))
    listed = placed.select(*items.columns, F.explode(F.concat(shop, own)).alias("category_id"))
    place = F.row_number().over(W.partitionBy("category_id").orderBy(*best_first, "item_id"))
    return listed.withColumn("rank", place).where(F.col("rank") <= MOST)
