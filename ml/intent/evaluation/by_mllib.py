"""ml.intent.evaluation.by_mllib — figures by Spark's own evaluators, for the brief's model and as a second opinion."""

from typing import Literal
from warnings import catch_warnings, simplefilter

from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.mllib.evaluation import BinaryClassificationMetrics
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SMALLEST = 1e-15  # a probability of 0 or 1 that is wrong would cost infinitely much log loss


def evaluate(scored: DataFrame, threshold: float | None) -> dict[str, float]:
    """Measure a model by Spark's evaluators.

    Args:
        scored: `score`, `label` and `weight`, how many rows each stands for; cached.
        threshold: the score from which a row is flagged; None where there is none.

    Returns:
        Areas under the curves, the figures at the threshold, log loss and Brier score.
    """
    at_that = at_threshold(scored, F.col("score") >= (2.0 if threshold is None else threshold))
    return {**areas(scored), **log_loss_and_brier(scored), **at_that}


def areas(scored: DataFrame) -> dict[str, float]:
    """Return the areas under both curves by both of Spark's judges.

    Args:
        scored: `score`, `label` and `weight`, how many rows each stands for; cached.
    """
    roc, pr = auc(scored, "areaUnderROC"), auc(scored, "areaUnderPR")
    return {"roc_auc": roc, "pr_auc": pr, **auc_by_rdd(scored)}


def auc(scored: DataFrame, curve: Literal["areaUnderROC", "areaUnderPR"]) -> float:
    """Return the area under a curve by every score; that of precision over recall joins by lines."""
    judge = BinaryClassificationEvaluator(rawPredictionCol="score", labelCol="label", weightCol="weight", numBins=0)
    return float(judge.setMetricName(curve).evaluate(scored))


def auc_by_rdd(scored: DataFrame) -> dict[str, float]:
    """Return both areas by the RDD-based metrics, a second opinion; they look at about 1,000 scores at most."""
    rows = scored.select("score", F.col("label").cast("double"), "weight").rdd
    with catch_warnings():
        simplefilter("ignore", FutureWarning)  # it uses a deprecated call of its own library
        metrics = BinaryClassificationMetrics(rows)
    return {"roc_auc_rdd": metrics.areaUnderROC, "pr_auc_rdd": metrics.areaUnderPR}


def log_loss_and_brier(scored: DataFrame) -> dict[str, float]:
    """Return the base rate, the log loss (in nats) and the Brier score."""
    label, score = F.col("label"), F.least(F.greatest("score", F.lit(SMALLEST)), F.lit(1 - SMALLEST))
    row = scored.agg(
        _mean(label).alias("base_rate"),
        _mean(-F.when(label == 1, F.log(score)).otherwise(F.log(1 - score))).alias("log_loss"),
        _mean((F.col("score") - label) ** 2).alias("brier"),
    ).collect()[0]
    return {name: float(value) for name, value in row.asDict().items()}


def at_threshold(scored: DataFrame, is_flagged: Column) -> dict[str, float]:
    """Return accuracy, precision, recall and F1 of a rule; 0 where there is nothing to divide by."""
    truth = F.col("label") == 1
    counted = (is_flagged == truth, is_flagged & truth, is_flagged, truth)
    weights = [F.sum(F.when(each, F.col("weight")).otherwise(0)) for each in counted]
    right, found, flagged, bought, total = map(float, scored.agg(*weights, F.sum("weight")).collect()[0])
    precision = found / flagged if flagged else 0.0
    recall = found / bought if bought else 0.0
    f1 = 2 * found / (flagged + bought) if flagged + bought else 0.0
    return {"accuracy": right / total, "precision": precision, "recall": recall, "f1": f1}


def _mean(value: Column) -> Column:
    return F.sum(value * F.col("weight")) / F.sum("weight")
