"""ml.intent.whole_visits — visits as the brief's model sees them: whole, up to their purchase."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml.intent.slices import Slices

TABLE = "gold.session_features"
FEATURES = ("num_views", "num_adds", "distinct_products", "session_hour")


def count_alike(session_features: DataFrame, slices: Slices) -> DataFrame:
    """Count visits that look alike, so that a fit weighs thousands of rows and not millions.

    A visit that opens with its purchase showed nothing before it and takes no part.

    Args:
        session_features: rows of gold.session_features.
        slices: how the time is split.

    Returns:
        `part`, the features, `label` and `weight`, the number of visits.
    """
    visits = session_features.where("num_events_before > 0").withColumn("part", slices.part())
    label = F.col("purchase_intent").alias("label")
    return visits.groupBy("part", *FEATURES, label).agg(F.count(F.lit(1)).cast("double").alias("weight"))


def of_the_test(session_features: DataFrame, slices: Slices) -> DataFrame:
    """Return the visits of the test that showed something before a purchase.

    Args:
        session_features: rows of gold.session_features.
        slices: how the time is split.

    Returns:
        `visitor_id`, `started_at`, `label` and the features.
    """
    visits = session_features.where("num_events_before > 0").where(slices.part() == "test")
    return visits.select("visitor_id", "started_at", F.col("purchase_intent").alias("label"), *FEATURES)
