"""silver.item_history — what an item's category, availability and price were, and when."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from lakehouse.expectations import expect, expect_or_fail, expect_or_quarantine
from lakehouse.table import Table, replace
from silver.parsing import bigint, is_instant, is_integer

PRICE = "try_cast(trim(LEADING 'n' FROM value) AS DECIMAL(18,3))"

table = Table(
    name="silver.item_history",
    comment="One row per item and interval in which its category, availability and price did not change.",
    upstreams=["bronze.item_properties"],
    source_filter="property IN ('categoryid', 'available', '790') OR property IS NULL",  # malformed lines have none
    key=["item_id", "valid_from"],
    refresh=replace(by={"item_id": bigint("itemid")}),
    cluster_by=["item_id"],
    schema="""
        item_id       BIGINT    NOT NULL COMMENT 'item',
        valid_from    TIMESTAMP NOT NULL COMMENT 'first snapshot of the interval, UTC, inclusive',
        valid_to      TIMESTAMP          COMMENT 'start of the next interval, UTC, exclusive; NULL while it lasts',
        category_id   BIGINT             COMMENT 'category, NULL while none is known',
        is_available  BOOLEAN            COMMENT 'whether it can be bought, NULL while unknown',
        price         DECIMAL(18,3)      COMMENT 'property 790, the price by common inference, unit unknown',
        num_conflicts INT       NOT NULL COMMENT 'properties with several values at valid_from; the greatest stays'
    """,
    expectations=[
        expect_or_quarantine("line has the columns of its header", "timestamp IS NOT NULL"),
        expect_or_quarantine("timestamp is an instant", is_instant("timestamp")),
        expect_or_quarantine("item is an integer", is_integer("itemid")),
        expect_or_quarantine("category is an integer", f"property <> 'categoryid' OR {is_integer('value')}"),
        expect_or_quarantine("availability is 0 or 1", "property <> 'available' OR trim(value) IN ('0', '1')"),
        expect_or_quarantine("price is a number", f"property <> '790' OR {PRICE} IS NOT NULL"),
        expect("one value for an item, property and instant", "num_conflicts = 0"),
        expect_or_fail("interval has a length", "valid_to IS NULL OR valid_from < valid_to"),
    ],
)


@table.transform
def build_history(item_properties: DataFrame) -> DataFrame:
    """Turn weekly snapshots into half-open intervals, a property that is not delivered keeping its last value.

    Args:
        item_properties: rows of bronze.item_properties of these three properties that break no rule.

    Returns:
        The columns of silver.item_history.
    """
    is_of = {name: F.col("property") == name for name in ("categoryid", "available", "790")}
    values = item_properties.select(
        F.expr(bigint("itemid")).alias("item_id"),
        F.timestamp_millis(F.expr(bigint("timestamp"))).alias("valid_from"),
        F.when(is_of["categoryid"], F.expr(bigint("value"))).alias("category_id"),
        F.when(is_of["available"], F.trim("value") == "1").alias("is_available"),
        F.when(is_of["790"], F.expr(PRICE)).alias("price"),
    )
    tracked = ["category_id", "is_available", "price"]
    snapshots = (
        values.repartition("item_id")
        .groupBy("item_id", "valid_from")
        .agg(
            *[F.max(column).alias(column) for column in tracked],
            sum((_has_several(column) for column in tracked), F.lit(0)).alias("num_conflicts"),
        )
    )
    by_time = W.partitionBy("item_id").orderBy("valid_from")
    so_far = by_time.rowsBetween(W.unboundedPreceding, W.currentRow)
    known = snapshots.select(
        "item_id",
        "valid_from",
        *[F.last(column, ignorenulls=True).over(so_far).alias(column) for column in tracked],
        "num_conflicts",
    )
    state = F.struct(*tracked)
    is_new = ~state.eqNullSafe(F.lag(state).over(by_time)) | (F.col("num_conflicts") > 0)
    changes = known.withColumn("is_new", is_new).where("is_new")
    return changes.select(
        "item_id",
        "valid_from",
        F.lead("valid_from").over(by_time).alias("valid_to"),
        "category_id",
        "is_available",
        "price",
        "num_conflicts",
    )


def _has_several(column: str) -> Column:
    return F.coalesce((F.min(column) != F.max(column)).cast("int"), F.lit(0))
