"""ml.features — which visits the model learns from, what it sees of them, and how their time is split."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.completeness import days_that_count
from lakehouse.sections import Model

TABLE = "gold.session_features"
FEATURES = ("num_views", "num_adds", "distinct_products", "session_hour")
TARGET = "purchase_intent"
WEIGHT = "num_visits"


@dataclass(frozen=True)
class Split:
    """The instants (UTC) that part the visits by their start: fit | gap | validation | gap | test.

    A gap keeps one visitor's hours before a border from telling what comes after it. The threshold is chosen between
    `validation_start` and `train_end` by a model fit before `fit_end`,
    and the final model is fit on everything before `train_end`.
    """

    fit_end: datetime
    validation_start: datetime
    train_end: datetime
    test_start: datetime


def split(first: datetime, last: datetime, model: Model) -> Split:
    """Part the time from the first visit to the last by the settings' shares and gap."""
    gap = timedelta(days=model.gap_days)
    test_start = last - (last - first) * model.test_share
    train_end = test_start - gap
    validation_start = train_end - (train_end - first) * model.validation_share
    return Split(validation_start - gap, validation_start, train_end, test_start)


def eligible(session_features: DataFrame) -> DataFrame:
    """Keep the visits that showed something before their first purchase: only those can be predicted."""
    return session_features.where("num_events_before > 0")


def time_range(visits: DataFrame) -> tuple[datetime, datetime] | None:
    """Return the first and the last start of a visit, UTC, or None where there is no visit.

    Days with hardly a visit do not count: one stray instant would move every border.
    """
    ends = [F.unix_micros(end("started_at")) for end in (F.min, F.max)]
    days = visits.groupBy(F.to_date("started_at")).agg(F.count(F.lit(1)), *ends).collect()
    counting = set(days_that_count({day: count for day, count, *_ in days}))
    bounds = [micros for day, _, *bounds in days if day in counting for micros in bounds]
    if not bounds:
        return None
    first, last = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=end(bounds)) for end in (min, max))
    return first, last


def count_alike(visits: DataFrame, split: Split) -> DataFrame:
    """Count visits that look alike, so that a fit weighs thousands of rows and not millions.

    Args:
        visits: the eligible rows of gold.session_features.
        split: the instants that part them.

    Returns:
        `part` (fit, embargo, validation or test), the features, the target and `num_visits`. A visit of the gap before
        the test is in no part; one of the gap before the validation is `embargo`, for the final fit alone.
    """
    start = F.col("started_at")
    part = (
        F.when(start < F.lit(split.fit_end), "fit")
        .when(start < F.lit(split.validation_start), "embargo")
        .when(start < F.lit(split.train_end), "validation")
        .when(start >= F.lit(split.test_start), "test")
    )
    parted = visits.withColumn("part", part).where("part IS NOT NULL")
    return parted.groupBy("part", *FEATURES, TARGET).agg(F.count(F.lit(1)).cast("double").alias(WEIGHT))
