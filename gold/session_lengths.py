"""gold.session_lengths — how many events a visit holds and how long it lasts."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from gold import visits
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

MOST_EVENTS, MOST_MINUTES = 20, 60  # longer visits are counted there

table = Table(
    name="gold.session_lengths",
    comment="One row per day, new or returning visits, number of events and minutes.",
    upstreams=["silver.sessions", "silver.first_visits"],
    key=["session_date", "is_new", "num_events", "duration_minutes"],
    refresh=replace(by=visits.BY_DAY),
    cluster_by=["session_date"],
    schema="""
        session_date     DATE    NOT NULL COMMENT 'UTC day on which the visits started',
        is_new           BOOLEAN NOT NULL COMMENT 'whether the visits are the first of their visitors',
        num_events       INT     NOT NULL COMMENT 'events of a visit; 20 stands for 20 or more',
        duration_minutes INT     NOT NULL COMMENT 'whole minutes from first to last event; 60 stands for 60 or more',
        num_sessions     BIGINT  NOT NULL COMMENT 'visits'
    """,
    expectations=[expect_or_fail("a visit has an event", "num_events >= 1 AND duration_minutes >= 0")],
)


@table.transform
def measure_visits(sessions: DataFrame, first_visits: DataFrame) -> DataFrame:
    """Count the visits of each length.

    Args:
        sessions: silver.sessions.
        first_visits: silver.first_visits.

    Returns:
        The columns of gold.session_lengths.
    """
    minutes = F.floor((F.unix_seconds("ended_at") - F.unix_seconds("started_at")) / 60)
    lengths = {
        "num_events": F.least("num_events", F.lit(MOST_EVENTS)).cast("int"),
        "duration_minutes": F.least(minutes, F.lit(MOST_MINUTES)).cast("int"),
    }
    measured = visits.add_is_new(sessions, first_visits).withColumns(lengths)
    return measured.groupBy(*table.key).agg(F.count(F.lit(1)).alias("num_sessions"))
