"""ml.intent.evaluate — how good a model is on rows it has not seen, beside what needs no model at all."""

from dataclasses import dataclass
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.mllib.evaluation import BinaryClassificationMetrics
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SMALLEST = 1e-15  # a probability of 0 or 1 that is wrong would cost infinitely much log loss
POINTS = 400  # of a curve

Curve = list[tuple[float, float]]


@dataclass(frozen=True)
class Evaluation:
    """What the test says of a model: figures by name, and the points (x, y) of both curves."""

    metrics: dict[str, float]
    roc: Curve
    pr: Curve


def evaluate(scored: DataFrame, threshold: float | None) -> Evaluation:
    """Measure a model on the test's rows.

    Args:
        scored: `score`, `label`, `weight` and `num_adds`.
        threshold: the score from which a row is flagged; None where there is none.

    Returns:
        Areas under the curves, the figures at the threshold, log loss and Brier score; `cart_…` are the figures of
        "whoever has put something into the cart buys", `nobody_accuracy` that of "nobody buys".
    """
    rows = scored.select("score", F.col("label").cast("double").alias("label"), "weight", "num_adds").cache()
    roc_auc, pr_auc = auc(rows)
    by_rdd = auc_by_rdd(rows)
    metrics = {
        "roc_auc": roc_auc,
        "pr_auc": pr_auc,
        "roc_auc_rdd": by_rdd[0],
        "pr_auc_rdd": by_rdd[1],
        **log_loss_and_brier(rows),
        **at_threshold(rows, F.col("score") >= (2.0 if threshold is None else threshold)),
        **{f"cart_{name}": value for name, value in at_threshold(rows, F.col("num_adds") > 0).items()},
    }
    metrics["nobody_accuracy"] = 1 - metrics["base_rate"]
    curves = _curves(rows)
    rows.unpersist()
    return Evaluation(metrics, *curves)


def auc(scored: DataFrame) -> tuple[float, float]:
    """Return the areas under the ROC and the precision-recall curve."""
    judge = BinaryClassificationEvaluator(rawPredictionCol="score", labelCol="label", weightCol="weight")
    roc, pr = (judge.setMetricName(name).evaluate(scored) for name in ("areaUnderROC", "areaUnderPR"))
    return roc, pr


def auc_by_rdd(scored: DataFrame) -> tuple[float, float]:
    """Return the same areas by the RDD-based metrics, a second opinion on the first."""
    rows = scored.select("score", F.col("label").cast("double"), "weight").rdd
    with catch_warnings():
        simplefilter("ignore", FutureWarning)  # it uses a deprecated call of its own library
        metrics = BinaryClassificationMetrics(rows)
    return metrics.areaUnderROC, metrics.areaUnderPR


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


def _curves(scored: DataFrame) -> tuple[Curve, Curve]:
    collected: Any = scored.toPandas()
    rows = collected.sort_values("score", ascending=False)
    ends = np.flatnonzero(np.diff(rows["score"], append=-1.0))
    ends = ends[np.unique(np.linspace(0, len(ends) - 1, POINTS).astype(int))]
    found = (rows["label"] * rows["weight"]).to_numpy().cumsum()
    flagged = rows["weight"].to_numpy().cumsum()
    recall, fallout = found / found[-1], (flagged - found) / (flagged - found)[-1]
    roc = [(0.0, 0.0), *zip(fallout[ends].tolist(), recall[ends].tolist(), strict=True)]
    return roc, list(zip(recall[ends].tolist(), (found / flagged)[ends].tolist(), strict=True))


def _mean(value: Column) -> Column:
    return F.sum(value * F.col("weight")) / F.sum("weight")
