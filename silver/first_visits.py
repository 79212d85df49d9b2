"""silver.first_visits — when each visitor came first, which tells new visits from returning ones."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.table import Table, replace

table = Table(
    name="silver.first_visits",
    comment="One row per visitor: their first visit in the lake.",
    upstreams=["silver.sessions"],
    key=["visitor_id"],
    refresh=replace(by="visitor_id"),
    cluster_by=["first_visit_date"],
    person="visitor_id",
    schema="""
        visitor_id       BIGINT    NOT NULL COMMENT 'anonymous visitor',
        first_visit_at   TIMESTAMP NOT NULL COMMENT 'start of their first visit, UTC',
        first_visit_date DATE      NOT NULL COMMENT 'UTC day of that'
    """,
)


@table.transform
def find_first(sessions: DataFrame) -> DataFrame:
    """Take each visitor's earliest visit.

    Args:
        sessions: silver.sessions.

    Returns:
        The columns of silver.first_visits.
    """
    first = sessions.groupBy("visitor_id").agg(F.min("started_at").alias("first_visit_at"))
    return first.select("visitor_id", "first_visit_at", F.to_date("first_visit_at").alias("first_visit_date"))
