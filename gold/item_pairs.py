"""gold.item_pairs — which items share visits: what neighbours and bundles are made of."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

STEPS = 10  # apart at most: measured on real visits, pairs further apart add nothing but rows
WEIGHT = 2520  # of neighbours in a visit; divisible by 1 to 10, so that sums are exact in any order
LONGEST = 200  # events of a visit that are looked at: what comes after them is hardly a person

table = Table(
    name="gold.item_pairs",
    comment="One row per day and ordered pair of different items that shared a visit, an order or a cart.",
    upstreams=["silver.session_events"],
    key=["session_date", "item_id", "neighbour_id"],
    refresh=replace(by="session_date"),
    cluster_by=["session_date"],
    schema="""
        session_date DATE   NOT NULL COMMENT 'UTC day on which the visits started',
        item_id      BIGINT NOT NULL COMMENT 'item',
        neighbour_id BIGINT NOT NULL COMMENT 'another item; each pair is there in both directions',
        weight       BIGINT NOT NULL COMMENT 'sum over visits of 2,520 / fewest steps between the two, up to 10 steps',
        support      BIGINT NOT NULL COMMENT 'visits in which they are at most 10 steps apart',
        num_orders   BIGINT NOT NULL COMMENT 'orders that hold both',
        num_carts    BIGINT NOT NULL COMMENT 'visits that put both into the cart'
    """,
    expectations=[
        expect_or_fail("an item is not its own neighbour", "item_id <> neighbour_id"),
        expect_or_fail("a pair shares something", "support + num_orders + num_carts > 0"),
    ],
)

VISIT = ["session_date", "visitor_id", "started_at"]
PAIR = ["least_id", "greatest_id"]
COUNTS = ["weight", "support", "num_orders", "num_carts"]


@table.transform
def pair(session_events: DataFrame) -> DataFrame:
    """Pair the items of each visit by their places in it, without joining the events to themselves.

    A pair counts once a visit, by its fewest steps; it is counted in one direction and mirrored in the end.

    Args:
        session_events: silver.session_events.

    Returns:
        The columns of gold.item_pairs.
    """
    events = session_events.where(F.col("position") <= LONGEST)
    pairs = _near(events).unionByName(_in_baskets(events))
    counted = pairs.groupBy("session_date", *PAIR).agg(*[F.sum(count).alias(count) for count in COUNTS])
    both = F.explode(F.array(F.array(*PAIR), F.array(*reversed(PAIR)))).alias("both")
    return counted.select("*", both).select(
        "session_date",
        F.col("both")[0].alias("item_id"),
        F.col("both")[1].alias("neighbour_id"),
        *COUNTS,
    )


def _near(events: DataFrame) -> DataFrame:
    """Pair what is at most ten steps apart; visits of one event, three of four, are left out before all else."""
    of_several = events.where(F.col("position") == 2).select(*VISIT)
    places = F.sort_array(F.collect_list(F.struct("position", "item_id")))
    visits = events.join(of_several, VISIT, how="left_semi").groupBy(*VISIT).agg(places.alias("places"))
    items = visits.select(*VISIT, F.col("places.item_id").alias("items"))
    firsts = items.select(*VISIT, "items", F.posexplode("items").alias("place", "one"))
    following = F.posexplode(F.slice("items", F.col("place") + 2, STEPS)).alias("step", "other")
    steps = firsts.select(*VISIT, "one", following).where(F.col("one") != F.col("other"))
    nearest = steps.groupBy(*VISIT, *_ordered()).agg(F.min("step").alias("step"))
    weight = F.expr(f"{WEIGHT} DIV (step + 1)")
    return nearest.select("session_date", *PAIR, *_counts(weight=weight, support=F.lit(1)))


def _in_baskets(events: DataFrame) -> DataFrame:
    """Pair what was ordered together, and what one visit put into the cart."""
    chosen = events.where(F.col("event_type") != "view")  # a cart has no order's id: one basket a visit
    baskets = chosen.groupBy(*VISIT, "transaction_id").agg(F.collect_set("item_id").alias("items"))
    firsts = baskets.where(F.size("items") > 1).select("*", F.explode("items").alias("one"))
    pairs = firsts.select("*", F.explode("items").alias("other")).where(F.col("one") < F.col("other"))
    is_order = F.col("transaction_id").isNotNull()
    counts = _counts(num_orders=is_order.cast("int"), num_carts=(~is_order).cast("int"))
    return pairs.select("session_date", *_ordered(), *counts)


def _ordered() -> list[Column]:
    return [F.least("one", "other").alias(PAIR[0]), F.greatest("one", "other").alias(PAIR[1])]


def _counts(**counts: Column) -> list[Column]:
    return [counts.get(name, F.lit(0)).cast("bigint").alias(name) for name in COUNTS]
