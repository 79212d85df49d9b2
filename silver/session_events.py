"""silver.session_events — every event in its visit, with what was known of its item at that moment."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from lakehouse.expectations import expect, expect_or_fail
from lakehouse.table import SessionGap, Table, replace
from silver.ordering import bucket, event_order

PAUSE_MINUTES = 30  # a longer one ends the visit
PAUSE_MICROS = PAUSE_MINUTES * 60_000_000

table = Table(
    name="silver.session_events",
    comment="One row per event, placed in its visit: events of a visitor with no pause longer than 30 minutes.",
    upstreams=["silver.events", "silver.item_history"],
    key=["visitor_id", "started_at", "position"],
    refresh=replace(
        by="visitor_id",
        through={"item_history": "item_id"},
        since=SessionGap("started_at", "occurred_at", PAUSE_MINUTES),
    ),
    cluster_by=["session_date", "started_at", "occurred_at"],
    person="visitor_id",
    schema="""
        visitor_id         BIGINT    NOT NULL COMMENT 'anonymous visitor',
        started_at         TIMESTAMP NOT NULL COMMENT 'first event of the visit, UTC',
        position           INT       NOT NULL COMMENT 'place of the event in the visit, from 1',
        occurred_at        TIMESTAMP NOT NULL COMMENT 'instant of the event, UTC',
        event_type         STRING    NOT NULL COMMENT 'view, addtocart or transaction',
        item_id            BIGINT    NOT NULL COMMENT 'item',
        transaction_id     BIGINT             COMMENT 'order; present exactly on a transaction',
        event_date         DATE      NOT NULL COMMENT 'UTC day of the event',
        session_date       DATE      NOT NULL COMMENT 'UTC day on which the visit started',
        is_first_of_item   BOOLEAN   NOT NULL COMMENT 'whether the item occurs for the first time in the visit',
        is_before_purchase BOOLEAN   NOT NULL COMMENT 'whether the visit held no transaction so far',
        category_id        BIGINT             COMMENT 'category of the item at that instant, NULL if unknown',
        is_available       BOOLEAN            COMMENT 'whether it could be bought at that instant, NULL if unknown',
        price              DECIMAL(18,3)      COMMENT 'price at that instant, unit unknown, NULL if unknown'
    """,
    expectations=[
        expect("category is known at the event", "category_id IS NOT NULL"),
        expect_or_fail("visit starts with its first event", "started_at <= occurred_at AND position >= 1"),
    ],
)


@table.transform
def sessionize(events: DataFrame, item_history: DataFrame) -> DataFrame:
    """Cut each visitor's events into visits and look up the item as of the event.

    One sort gives the place of an event in its visit and what came before; a second one, within the visit, the first
    event of each item. Counting distinct items later is then a sum. Rows, elapsed time and transactions are counted
    from the beginning of a bucket, over visitors and visits, and never fall: what they were at the start of an event's
    visit is their greatest value at a start so far.

    Args:
        events: silver.events.
        item_history: silver.item_history.

    Returns:
        The columns of silver.session_events.
    """
    by_time = W.partitionBy("bucket").orderBy("visitor_id", *event_order())
    by_row = W.partitionBy("bucket").orderBy("row").rowsBetween(W.unboundedPreceding, W.currentRow)
    by_item = W.partitionBy("bucket").orderBy("first_row", "item_id", "row")

    is_same_visitor = F.lag("visitor_id").over(by_time) == F.col("visitor_id")
    since_last = F.unix_micros("occurred_at") - F.unix_micros(F.lag("occurred_at").over(by_time))
    ordered = events.withColumn("bucket", bucket("visitor_id")).select(
        "*",
        F.row_number().over(by_time).alias("row"),
        F.when(is_same_visitor & (since_last <= PAUSE_MICROS), since_last).alias("pause"),
        (F.col("event_type") == "transaction").cast("int").alias("is_transaction"),
    )
    counted = ordered.select(
        "*",
        F.sum(F.coalesce("pause", F.lit(0))).over(by_row).alias("elapsed"),
        (F.sum("is_transaction").over(by_row) - F.col("is_transaction")).alias("transactions_before"),
    )
    marked = counted.select(
        "*",
        _at_start("row").over(by_row).alias("first_row"),
        (F.col("elapsed") - _at_start("elapsed").over(by_row)).alias("since_start"),
        (F.col("transactions_before") - _at_start("transactions_before").over(by_row)).alias("bought_before"),
    )
    is_known = [F.lag(column).over(by_item).eqNullSafe(F.col(column)) for column in ("first_row", "item_id")]
    placed = marked.select(
        "*",
        F.timestamp_micros(F.unix_micros("occurred_at") - F.col("since_start")).alias("started_at"),
        (F.col("row") - F.col("first_row") + 1).alias("position"),
        (~(is_known[0] & is_known[1])).alias("is_first_of_item"),
        (F.col("bought_before") + F.col("is_transaction") == 0).alias("is_before_purchase"),
    ).alias("event")
    history = F.broadcast(item_history).alias("history")
    is_as_of = (
        (F.col("event.item_id") == F.col("history.item_id"))
        & (F.col("valid_from") <= F.col("occurred_at"))
        & (F.col("valid_to").isNull() | (F.col("occurred_at") < F.col("valid_to")))
    )
    return placed.join(history, is_as_of, how="left").select(
        "visitor_id",
        "started_at",
        "position",
        "occurred_at",
        "event_type",
        "event.item_id",
        "transaction_id",
        "event_date",
        F.to_date("started_at").alias("session_date"),
        "is_first_of_item",
        "is_before_purchase",
        "category_id",
        "is_available",
        "price",
    )


def _at_start(column: str) -> Column:
    """Take the value at the latest start of a visit, of a column that never falls."""
    return F.max(F.when(F.col("pause").isNull(), F.col(column)))
