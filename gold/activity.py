"""gold.activity — when the shop is used."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.activity",
    comment="One row per day, hour and kind of event that occurred.",
    upstreams=["silver.events"],
    key=["event_date", "event_hour", "event_type"],
    refresh=replace(by="event_date"),
    cluster_by=["event_date"],
    schema="""
        event_date DATE   NOT NULL COMMENT 'UTC day of the events',
        event_hour INT    NOT NULL COMMENT 'UTC hour of the events, 0-23',
        event_type STRING NOT NULL COMMENT 'view, addtocart or transaction',
        num_events BIGINT NOT NULL COMMENT 'events'
    """,
    expectations=[expect_or_fail("hour lies in the day", "event_hour BETWEEN 0 AND 23")],
)


@table.transform
def count_hours(events: DataFrame) -> DataFrame:
    """Count the events of each hour.

    Args:
        events: silver.events.

    Returns:
        The columns of gold.activity.
    """
    return events.groupBy("event_date", F.hour("occurred_at").alias("event_hour"), "event_type").agg(
        F.count(F.lit(1)).alias("num_events")
    )
