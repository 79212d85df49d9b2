"""ml.prediction_quality — how right the predictions were, week by week; written by `lakehouse ml monitor`."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, rebuild

SMALLEST = 1e-15  # a probability of 0 or 1 that is wrong would cost infinitely much log loss

table = Table(
    name="ml.prediction_quality",
    comment="One row per week, model version, part and decision point: sums over predictions, which add up.",
    upstreams=["ml.predictions"],
    key=["week", "model_version", "part", "decision_point"],
    refresh=rebuild(),  # labels arrive late, and a few hundred rows are soon written again
    cluster_by=["week"],
    schema="""
        week                  DATE   NOT NULL COMMENT 'Monday of the week of the decisions, UTC',
        model_version         INT    NOT NULL COMMENT 'version of the registered model',
        part                  STRING NOT NULL COMMENT 'of that model, as in ml.predictions',
        decision_point        INT    NOT NULL COMMENT 'events of the visit so far: 1, 2, 3, 5 or 10',
        num_predictions       BIGINT NOT NULL COMMENT 'predictions of visits that did not change afterwards',
        num_labelled          BIGINT NOT NULL COMMENT 'of them, those with a label; the sums below are over these',
        num_positives         BIGINT NOT NULL COMMENT 'of those, the ones with a purchase after the decision',
        num_flagged           BIGINT NOT NULL COMMENT 'of those, the ones at or above the threshold',
        num_flagged_positives BIGINT NOT NULL COMMENT 'flagged ones with a purchase after the decision',
        sum_probability       DOUBLE NOT NULL COMMENT 'sum of probabilities: the purchases that were promised',
        sum_log_loss          DOUBLE NOT NULL COMMENT 'sum of negative log-likelihoods, nats',
        sum_squared_error     DOUBLE NOT NULL COMMENT 'sum of squared differences of probability and label'
    """,
    expectations=[expect_or_fail("purchases are labelled", "num_positives <= num_labelled")],
)


def sum_up(predictions: DataFrame) -> DataFrame:
    """Sum up the predictions that stand, by week.

    Args:
        predictions: rows of ml.predictions.

    Returns:
        The columns of ml.prediction_quality.
    """
    is_labelled, bought = F.col("label").isNotNull(), F.col("label") == 1
    sure = F.least(F.greatest("probability", F.lit(SMALLEST)), F.lit(1 - SMALLEST))
    loss = -F.when(bought, F.log(sure)).otherwise(F.log(1 - sure))
    flagged = F.coalesce("is_flagged", F.lit(False)) & is_labelled

    def total(value: Column) -> Column:
        return F.sum(F.when(is_labelled, value).otherwise(0.0))

    return (
        predictions.where("superseded_at IS NULL")
        .groupBy(week("decided_at").alias("week"), "model_version", "part", "decision_point")
        .agg(
            F.count(F.lit(1)).alias("num_predictions"),
            F.count_if(is_labelled).alias("num_labelled"),
            F.count_if(bought).alias("num_positives"),
            F.count_if(flagged).alias("num_flagged"),
            F.count_if(flagged & bought).alias("num_flagged_positives"),
            total(F.col("probability")).alias("sum_probability"),
            total(loss).alias("sum_log_loss"),
            total((F.col("probability") - F.col("label")) ** 2).alias("sum_squared_error"),
        )
    )


def week(instant: str) -> Column:
    """Return the Monday of an instant's week, UTC, as a column."""
    return F.to_date(F.date_trunc("week", instant))
