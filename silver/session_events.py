"""silver.session_events — every event in its visit, with what was known of its item at that moment."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from lakehouse.expectations import expect, expect_or_fail
from lakehouse.table import SessionGap, Table, replace
from silver.ordering import event_order

PAUSE_MINUTES = 30  # a longer one ends the visit

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

    One sort per visitor gives start, position and what came before; a second one, within the visitor, the first
    event of each item. Counting distinct items later is then a sum.

    Args:
        events: silver.events.
        item_history: silver.item_history.

    Returns:
        The columns of silver.session_events.
    """
    by_time = W.partitionBy("visitor_id").orderBy(*event_order())
    so_far = by_time.rowsBetween(W.unboundedPreceding, W.currentRow)
    by_item = W.partitionBy("visitor_id", "item_id").orderBy(*event_order())

    previous_at = F.lag("occurred_at").over(by_time)
    is_start = previous_at.isNull() | (F.col("occurred_at") > previous_at + F.expr(f"INTERVAL {PAUSE_MINUTES} MINUTES"))
    is_transaction = (F.col("event_type") == "transaction").cast("int")
    marked = events.select(
        "*",
        is_start.alias("is_start"),
        F.row_number().over(by_time).alias("row"),
        F.sum(is_transaction).over(so_far).alias("transactions"),
    )
    placed = marked.select(
        "*",
        _since_start("occurred_at").over(so_far).alias("started_at"),
        (F.col("row") - _since_start("row").over(so_far) + 1).alias("position"),
        (F.col("transactions") == _since_start(F.col("transactions") - is_transaction).over(so_far)).alias(
            "is_before_purchase"
        ),
    )
    flagged = placed.withColumn(
        "is_first_of_item", ~F.col("started_at").eqNullSafe(F.lag("started_at").over(by_item))
    ).alias("event")
    history = F.broadcast(item_history).alias("history")
    is_as_of = (
        (F.col("event.item_id") == F.col("history.item_id"))
        & (F.col("valid_from") <= F.col("occurred_at"))
        & (F.col("valid_to").isNull() | (F.col("occurred_at") < F.col("valid_to")))
    )
    return flagged.join(history, is_as_of, how="left").select(
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


def _since_start(value: Column | str) -> Column:
    """Take the value at the latest start of a visit."""
    return F.last(F.when(F.col("is_start"), F.col(value) if isinstance(value, str) else value), ignorenulls=True)
