"""ml.evaluate — how good a model is on visits it has not seen, beside what needs no model at all."""

from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

from pyspark.ml import PipelineModel
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.ml.functions import vector_to_array
from pyspark.mllib.evaluation import BinaryClassificationMetrics
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from ml.estimator import summarize
from ml.features import TARGET, WEIGHT

SMALLEST = 1e-15  # a probability of 0 or 1 that is wrong would cost infinitely much log loss


@dataclass(frozen=True)
class Evaluation:
    """What the test says of a model: figures by name, and the points (x, y) of both curves."""

    metrics: dict[str, float]
    roc: list[tuple[float, float]]
    pr: list[tuple[float, float]]


def evaluate(model: PipelineModel, test: DataFrame, threshold: float) -> Evaluation:
    """Measure a model on the test's rows.

    Args:
        model: assembler and logistic regression.
        test: features, target and `num_visits`.
        threshold: the probability from which a purchase is predicted.

    Returns:
        Areas under the curves, the figures at the threshold, log loss and Brier score; `cart_…` are the figures of
        "whoever has put something into the cart buys", `nobody_accuracy` that of "nobody buys".
    """
    scored = add_score(model, test).cache()
    roc_auc, pr_auc = auc(scored, "score")
    by_rdd = auc_by_rdd(scored)
    summary = summarize(model, test)
    metrics = {
        "roc_auc": roc_auc,
        "pr_auc": pr_auc,
        "roc_auc_rdd": by_rdd[0],
        "pr_auc_rdd": by_rdd[1],
        **log_loss_and_brier(scored),
        **at_threshold(scored, F.col("score") >= threshold),
        **{f"cart_{name}": value for name, value in at_threshold(scored, F.col("num_adds") > 0).items()},
    }
    metrics["nobody_accuracy"] = 1 - metrics["base_rate"]
    points = [[(row[0], row[1]) for row in curve.collect()] for curve in (summary.roc, summary.pr)]
    scored.unpersist()
    return Evaluation(metrics, *points)


def add_score(model: PipelineModel, rows: DataFrame) -> DataFrame:
    """Add the model's probability of a purchase as `score`."""
    return model.transform(rows).withColumn("score", vector_to_array(F.col("probability"))[1])


def auc(scored: DataFrame, score: str) -> tuple[float, float]:
    """Return the areas under the ROC and the precision-recall curve."""
    judge = BinaryClassificationEvaluator(rawPredictionCol=score, labelCol=TARGET, weightCol=WEIGHT)
    roc, pr = (judge.setMetricName(name).evaluate(scored) for name in ("areaUnderROC", "areaUnderPR"))
    return roc, pr


def auc_by_rdd(scored: DataFrame) -> tuple[float, float]:
    """Return the same areas by the RDD-based metrics, a second opinion on the first."""
    rows = scored.select("score", F.col(TARGET).cast("double"), WEIGHT).rdd
    with catch_warnings():
        simplefilter("ignore", FutureWarning)  # it uses a deprecated call of its own library
        metrics = BinaryClassificationMetrics(rows)
    return metrics.areaUnderROC, metrics.areaUnderPR


def log_loss_and_brier(scored: DataFrame) -> dict[str, float]:
    """Return the base rate, the log loss (in nats) and the Brier score."""
    label, score = F.col(TARGET), F.least(F.greatest("score", F.lit(SMALLEST)), F.lit(1 - SMALLEST))
    row = scored.agg(
        _mean(label).alias("base_rate"),
        _mean(-F.when(label == 1, F.log(score)).otherwise(F.log(1 - score))).alias("log_loss"),
        _mean((F.col("score") - label) ** 2).alias("brier"),
    ).collect()[0]
    return {name: float(value) for name, value in row.asDict().items()}


def at_threshold(scored: DataFrame, is_predicted: Column) -> dict[str, float]:
    """Return accuracy, precision, recall and F1 of a prediction; 0 where there is nothing to divide by."""
    hit, guess, truth = is_predicted == (F.col(TARGET) == 1), is_predicted, F.col(TARGET) == 1
    weights = [F.sum(F.when(each, F.col(WEIGHT)).otherwise(0)) for each in (hit, guess & truth, guess, truth)]
    right, found, predicted, bought, total = map(float, scored.agg(*weights, F.sum(WEIGHT)).collect()[0])
    precision = found / predicted if predicted else 0.0
    recall = found / bought if bought else 0.0
    f1 = 2 * found / (predicted + bought) if predicted + bought else 0.0
    return {"accuracy": right / total, "precision": precision, "recall": recall, "f1": f1}


def _mean(value: Column) -> Column:
    return F.sum(value * F.col(WEIGHT)) / F.sum(WEIGHT)
