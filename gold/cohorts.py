"""gold.cohorts — who comes back: visitors by the week of their first visit, in each week since."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.cohorts",
    comment="One row per week of the first visit and week in which some of its visitors were there.",
    upstreams=["silver.sessions", "silver.first_visits"],
    key=["cohort_week", "visit_week"],
    refresh=replace(
        by={"visit_week": "to_date(date_trunc('week', session_date))"}, through={"first_visits": "visitor_id"}
    ),
    cluster_by=["visit_week"],
    schema="""
        cohort_week  DATE   NOT NULL COMMENT 'Monday of the week (UTC) of the first visit in the lake',
        visit_week   DATE   NOT NULL COMMENT 'Monday of the week (UTC) that is counted',
        week_number  INT    NOT NULL COMMENT 'weeks from the first visit, 0 in its own week',
        num_visitors BIGINT NOT NULL COMMENT 'different visitors with a visit in that week; in week 0 all',
        num_buyers   BIGINT NOT NULL COMMENT 'different visitors with a purchase in that week'
    """,
    expectations=[
        expect_or_fail("nobody comes before their first visit", "week_number >= 0"),
        expect_or_fail("buyers are visitors", "num_buyers <= num_visitors"),
    ],
)


@table.transform
def follow_cohorts(sessions: DataFrame, first_visits: DataFrame) -> DataFrame:
    """Count the visitors and buyers of each cohort by week.

    Args:
        sessions: silver.sessions.
        first_visits: silver.first_visits.

    Returns:
        The columns of gold.cohorts.
    """
    has_purchase = F.bool_or(F.col("num_transactions") > 0).alias("has_purchase")
    weeks = sessions.groupBy("visitor_id", _week("session_date").alias("visit_week")).agg(has_purchase)
    cohorts = first_visits.select("visitor_id", _week("first_visit_date").alias("cohort_week"))
    week_number = (F.datediff("visit_week", "cohort_week") / 7).cast("int").alias("week_number")
    return (
        weeks.join(cohorts, "visitor_id", how="inner")
        .groupBy("cohort_week", "visit_week", week_number)
        .agg(F.count(F.lit(1)).alias("num_visitors"), F.count_if("has_purchase").alias("num_buyers"))
    )


def _week(day: str) -> Column:
    return F.to_date(F.date_trunc("week", day))
