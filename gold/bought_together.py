"""gold.bought_together — what is ordered, or put into the cart, with each item."""

from pyspark.sql import DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

MOST = 50  # companions of an item

table = Table(
    name="gold.bought_together",
    comment="One row per item and each of up to 50 others that were ordered or put into the cart with it.",
    upstreams=["gold.item_pairs"],
    key=["item_id", "rank"],
    refresh=replace(by="item_id"),
    cluster_by=["item_id"],
    schema="""
        item_id      BIGINT NOT NULL COMMENT 'item',
        rank         INT    NOT NULL COMMENT 'place of the other, from 1: by orders, then carts, then id',
        companion_id BIGINT NOT NULL COMMENT 'the other item',
        num_orders   BIGINT NOT NULL COMMENT 'orders that hold both',
        num_carts    BIGINT NOT NULL COMMENT 'visits that put both into the cart'
    """,
    expectations=[
        expect_or_fail("an item does not accompany itself", "item_id <> companion_id"),
        expect_or_fail("they share an order or a cart", "num_orders + num_carts > 0"),
    ],
)


@table.transform
def rank_companions(item_pairs: DataFrame) -> DataFrame:
    """Add up the baskets over all days, and keep the commonest companions of each item.

    Args:
        item_pairs: gold.item_pairs.

    Returns:
        The columns of gold.bought_together.
    """
    pairs = (
        item_pairs.where("num_orders + num_carts > 0")
        .groupBy("item_id", F.col("neighbour_id").alias("companion_id"))
        .agg(F.sum("num_orders").alias("num_orders"), F.sum("num_carts").alias("num_carts"))
    )
    best_first = W.partitionBy("item_id").orderBy(F.desc("num_orders"), F.desc("num_carts"), "companion_id")
    return (
        pairs.withColumn("rank", F.row_number().over(best_first))
        .where(F.col("rank") <= MOST)
        .select(
            "item_id",
            "rank",
            "companion_id",
            "num_orders",
            "num_carts",
        )
    )
