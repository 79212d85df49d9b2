"""gold.conversion_rates — what was known of items and categories before a day: the past a prediction may see."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F
from pyspark.sql.window import WindowSpec

from gold.unknown import UNKNOWN_CATEGORY
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, rebuild

table = Table(
    name="gold.conversion_rates",
    comment="One row per day, and item or category with an event on it: its events before that day, and its rates.",
    upstreams=["silver.session_events"],
    key=["event_date", "level", "id"],
    refresh=rebuild(),  # a late event changes every day after it
    cluster_by=["event_date"],
    schema="""
        event_date    DATE   NOT NULL COMMENT 'UTC day before which the events were counted',
        level         STRING NOT NULL COMMENT 'item or category',
        id            BIGINT NOT NULL COMMENT 'item, or category as of the event, -1 if unknown',
        num_views     BIGINT NOT NULL COMMENT 'views on earlier days, by the day of the event',
        num_adds      BIGINT NOT NULL COMMENT 'times put into the cart on earlier days',
        num_purchases BIGINT NOT NULL COMMENT 'transaction rows on earlier days',
        cart_rate     DOUBLE NOT NULL COMMENT 'additions per view on earlier days, drawn towards the rate of the shop',
        purchase_rate DOUBLE NOT NULL COMMENT 'transaction rows per view on them, drawn towards that of the shop'
    """,
    expectations=[expect_or_fail("a rate is not negative", "cart_rate >= 0 AND purchase_rate >= 0")],
)

COUNTS = {"num_views": "view", "num_adds": "addtocart", "num_purchases": "transaction"}
STRENGTH = 100.0  # views that the rate of the shop weighs, beside those of an item or a category
FIRST_RATES = {"num_adds": 0.02, "num_purchases": 0.01}  # of the shop, before it has a past; as heavy as STRENGTH views


@table.transform
def count_past(session_events: DataFrame) -> DataFrame:
    """Add up, for each day, what happened on the days before it.

    The day is that of the event: a visit over midnight is no part of the past of its own evening.

    Args:
        session_events: silver.session_events.

    Returns:
        The columns of gold.conversion_rates.
    """
    category = F.coalesce("category_id", F.lit(UNKNOWN_CATEGORY))
    items = _daily(session_events, "item", F.col("item_id"))
    categories = _daily(session_events, "category", category)
    by_day = W.partitionBy("level", "id").orderBy("event_date").rowsBetween(W.unboundedPreceding, -1)
    past = items.unionByName(categories).select("event_date", "level", "id", *_before(by_day))
    all_days = W.partitionBy("all").orderBy("event_date").rowsBetween(W.unboundedPreceding, -1)
    shop = (
        categories.groupBy("event_date", F.lit(0).alias("all"))
        .agg(*[F.sum(name).alias(name) for name in COUNTS])
        .select("event_date", *_before(all_days))
        .select(
            "event_date",
            *[_rate(name, F.lit(first)).alias(f"shop_{name}") for name, first in FIRST_RATES.items()],
        )
    )
    return past.join(F.broadcast(shop), "event_date", how="inner").select(
        "event_date",
        "level",
        "id",
        "num_views",
        "num_adds",
        "num_purchases",
        _rate("num_adds", F.col("shop_num_adds")).alias("cart_rate"),
        _rate("num_purchases", F.col("shop_num_purchases")).alias("purchase_rate"),
    )


def _daily(events: DataFrame, level: str, id_: Column) -> DataFrame:
    counts = [F.count_if(F.col("event_type") == kind).alias(name) for name, kind in COUNTS.items()]
    return events.groupBy("event_date", F.lit(level).alias("level"), id_.alias("id")).agg(*counts)


def _before(window: WindowSpec) -> list[Column]:
    return [F.coalesce(F.sum(name).over(window), F.lit(0)).alias(name) for name in COUNTS]


def _rate(count: str, prior: Column) -> Column:
    return (F.col(count) + F.lit(STRENGTH) * prior) / (F.col("num_views") + F.lit(STRENGTH))
