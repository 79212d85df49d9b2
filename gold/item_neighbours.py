"""gold.item_neighbours — what is looked at with each item: the table that recommendations are made from."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from gold.item_pairs import WEIGHT
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

MOST = 50  # neighbours of an item

table = Table(
    name="gold.item_neighbours",
    comment="One row per item and each of its up to 50 nearest neighbours.",
    upstreams=["gold.item_pairs"],
    key=["item_id", "rank"],
    refresh=replace(by="item_id"),
    cluster_by=["item_id"],
    schema="""
        item_id      BIGINT NOT NULL COMMENT 'item',
        rank         INT    NOT NULL COMMENT 'place of the neighbour, from 1: by score, then support, then id',
        neighbour_id BIGINT NOT NULL COMMENT 'item that visits look at before or after it',
        score        DOUBLE NOT NULL COMMENT 'weight / 2,520 over the root of the sum of the same for all neighbours',
        support      BIGINT NOT NULL COMMENT 'visits in which they are at most 10 steps apart'
    """,
    expectations=[
        expect_or_fail("an item is not its own neighbour", "item_id <> neighbour_id"),
        expect_or_fail("a neighbour has a score", "score > 0 AND support > 0"),
    ],
)


@table.transform
def rank_neighbours(item_pairs: DataFrame) -> DataFrame:
    """Add up the pairs over all days, and keep the best of each item.

    The root of the item's popularity is divided by, so that of a visit's items the popular one does not decide alone.

    Args:
        item_pairs: gold.item_pairs.

    Returns:
        The columns of gold.item_neighbours.
    """
    pairs = (
        item_pairs.where(F.col("support") > 0)
        .groupBy("item_id", "neighbour_id")
        .agg(F.sum("weight").alias("weight"), F.sum("support").alias("support"))
    )
    # sorted within an array: a window would cost its engine some microseconds for every item
    best_first = F.struct((-F.col("weight")).alias("weight"), (-F.col("support")).alias("support"), "neighbour_id")
    items = pairs.groupBy("item_id").agg(
        F.sort_array(F.collect_list(best_first)).alias("ordered"),
        F.sqrt((WEIGHT * F.sum("weight")).cast("double")).alias("root"),
    )
    kept = items.select("item_id", "root", F.posexplode(F.slice("ordered", 1, MOST)).alias("place", "pair"))
    return kept.select(
        "item_id",
        (F.col("place") + 1).alias("rank"),
        "pair.neighbour_id",
        (-F.col("pair.weight") / F.col("root")).alias("score"),
        (-F.col("pair.support")).alias("support"),
    )
