"""silver.item_history — what an item's category, availability and price were, and when."""

from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect, expect_or_fail, expect_or_quarantine
from lakehouse.source_filter import SourceFilter
from lakehouse.table import Table, replace
from silver.ordering import bucket
from silver.parsing import bigint, is_instant, is_integer, is_negative, is_price, price, trimmed

PROPERTY = trimmed("property")
TRACKED = ["category_id", "is_available", "price"]
BY_TIME = "OVER (PARTITION BY bucket ORDER BY item_id, valid_from)"
CATEGORY = f"if({PROPERTY} = 'categoryid', {bigint('value')}, NULL)"

table = Table(
    name="silver.item_history",
    comment="One row per item and interval in which its category, availability and price did not change.",
    upstreams=["bronze.item_properties"],
    judged_by="property",
    source_filter=SourceFilter("property", ["categoryid", "available", "790"]),
    key=["item_id", "valid_from"],
    refresh=replace(by={"item_id": bigint("itemid")}),
    cluster_by=["item_id"],
    schema="""
        item_id       BIGINT    NOT NULL COMMENT 'item',
        valid_from    TIMESTAMP NOT NULL COMMENT 'first snapshot of the interval, UTC, inclusive',
        valid_to      TIMESTAMP          COMMENT 'start of the next interval, UTC, exclusive; NULL while it lasts',
        category_id   BIGINT             COMMENT 'category, NULL while none is known',
        is_available  BOOLEAN            COMMENT 'whether it can be bought, NULL while unknown',
        price         DECIMAL(18,3)      COMMENT 'property 790, the price by common inference, unit unknown, from 0',
        num_conflicts INT       NOT NULL COMMENT 'properties with several values at valid_from; the greatest stays'
    """,
    expectations=[
        expect_or_quarantine("line has the columns of its header", "timestamp IS NOT NULL"),
        expect_or_quarantine("timestamp is an instant", is_instant("timestamp")),
        expect_or_quarantine("item is an integer", is_integer("itemid")),
        expect_or_quarantine("category is an integer", f"{PROPERTY} <> 'categoryid' OR {is_integer('value')}"),
        expect_or_quarantine("availability is 0 or 1", f"{PROPERTY} <> 'available' OR {bigint('value')} IN (0, 1)"),
        expect_or_quarantine("price is a number", f"{PROPERTY} <> '790' OR {is_price('value')}"),
        expect_or_quarantine(
            "no id is negative",
            f"NOT ({is_negative('itemid')} OR {PROPERTY} = 'categoryid' AND {is_negative('value')})",
        ),
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
    values = item_properties.select(
        bucket(F.expr(bigint("itemid"))).alias("bucket"),
        F.expr(bigint("itemid")).alias("item_id"),
        F.timestamp_millis(F.expr(bigint("timestamp"))).alias("valid_from"),
        F.expr(CATEGORY).alias("category_id"),
        F.expr(f"if({PROPERTY} = 'available', {bigint('value')}, NULL)").alias(
            "is_available"
        ),  # a BOOLEAN's max is slow
        F.expr(f"if({PROPERTY} = '790', {price('value')}, NULL)").alias("price"),
    )
    snapshots = (
        values.repartition("bucket")
        .groupBy("bucket", "item_id", "valid_from")
        .agg(
            *[F.max(column).alias(column) for column in TRACKED],
            sum((_has_several(column) for column in TRACKED), F.lit(0)).alias("num_conflicts"),
        )
    )
    known = snapshots.select(
        "bucket",
        "item_id",
        "valid_from",
        *[F.expr(_last_known(column)).alias(column) for column in TRACKED],
        "num_conflicts",
    )
    is_same = [F.col(column).eqNullSafe(F.expr(f"lag({column}) {BY_TIME}")) for column in ["item_id", *TRACKED]]
    changes = known.withColumn("is_new", ~reduce(and_, is_same) | (F.col("num_conflicts") > 0)).where("is_new")
    return changes.select(
        "item_id",
        "valid_from",
        F.expr(f"if(lead(item_id) {BY_TIME} = item_id, lead(valid_from) {BY_TIME}, NULL)").alias("valid_to"),
        "category_id",
        (F.col("is_available") == 1).alias("is_available"),
        "price",
        "num_conflicts",
    )


def _has_several(column: str) -> Column:
    return F.coalesce((F.min(column) != F.max(column)).cast("int"), F.lit(0))


def _last_known(column: str) -> str:
    """Return SQL for a column's value, or else the latest one before, if that is of the same item."""
    owner = f"lag(if({column} IS NULL, NULL, item_id)) IGNORE NULLS {BY_TIME}"
    return f"coalesce({column}, if({owner} = item_id, lag({column}) IGNORE NULLS {BY_TIME}, NULL))"
