"""silver.events — the click-stream, typed and without repeated rows."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail, expect_or_quarantine
from lakehouse.table import Table, upsert
from silver.parsing import bigint, is_instant, is_integer, is_negative, trimmed

table = Table(
    name="silver.events",
    comment="One row per distinct event: who did what to which item, when.",
    upstreams=["bronze.events"],
    judged_by="event",
    key=["occurred_at", "visitor_id", "event_type", "item_id", "transaction_id"],
    refresh=upsert(),
    cluster_by=["event_date", "occurred_at"],
    person="visitor_id",
    schema="""
        occurred_at    TIMESTAMP NOT NULL COMMENT 'instant of the event, UTC, to the millisecond',
        visitor_id     BIGINT    NOT NULL COMMENT 'anonymous visitor',
        event_type     STRING    NOT NULL COMMENT 'view, addtocart or transaction',
        item_id        BIGINT    NOT NULL COMMENT 'item',
        transaction_id BIGINT             COMMENT 'order; present exactly on a transaction',
        event_date     DATE      NOT NULL COMMENT 'UTC day of the event'
    """,
    expectations=[
        expect_or_quarantine("line has the columns of its header", "timestamp IS NOT NULL"),
        expect_or_quarantine("timestamp is an integer", is_integer("timestamp")),
        expect_or_quarantine("timestamp is after 2000 and not a day ahead", is_instant("timestamp")),
        expect_or_quarantine("visitor is an integer", is_integer("visitorid")),
        expect_or_quarantine("item is an integer", is_integer("itemid")),
        expect_or_quarantine("event is known", f"{trimmed('event')} IN ('view', 'addtocart', 'transaction')"),
        expect_or_quarantine(
            "transaction id exactly on transactions",
            f"if({trimmed('event')} = 'transaction', {is_integer('transactionid')}, {trimmed('transactionid')} = '')",
        ),
        expect_or_quarantine(
            "no id is negative",
            f"NOT ({is_negative('visitorid')} OR {is_negative('itemid')} OR {is_negative('transactionid')})",
        ),
        expect_or_fail("day is the event's day", "event_date = to_date(occurred_at)"),
    ],
)


@table.transform
def clean(events: DataFrame) -> DataFrame:
    """Type the delivered text and keep one row per distinct event.

    Args:
        events: rows of bronze.events that break no rule.

    Returns:
        The columns of silver.events. Spread by visitor, so that sessionizing finds a visitor's events together.
    """
    typed = events.select(
        F.timestamp_millis(F.expr(bigint("timestamp"))).alias("occurred_at"),
        F.expr(bigint("visitorid")).alias("visitor_id"),
        F.expr(trimmed("event")).alias("event_type"),
        F.expr(bigint("itemid")).alias("item_id"),
        F.expr(bigint("transactionid")).alias("transaction_id"),
    )
    distinct = typed.repartition("visitor_id").distinct()
    return distinct.select(
        "occurred_at",
        "visitor_id",
        "event_type",
        "item_id",
        "transaction_id",
        F.to_date("occurred_at").alias("event_date"),
    )
