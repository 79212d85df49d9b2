"""ml.estimator — the logistic regression and its threshold, from visits counted by part of the time."""

from typing import cast

from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import BinaryLogisticRegressionSummary, LogisticRegression, LogisticRegressionModel
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.sections import Model
from ml.features import FEATURES, TABLE, TARGET, WEIGHT, Split

TRAINING = ("fit", "embargo", "validation")
FEWEST = {"training": 5, "fit": 1, "validation": 1, "test": 5}  # purchases, and other visits, that a part must hold


def require_purchases(rows: DataFrame, borders: Split) -> None:
    """Require that every part of the time holds purchases, and visits without one.

    Raises:
        LakehouseError: one holds too few of either (exit code 3).
    """
    sums = rows.groupBy("part", TARGET).agg(F.sum(WEIGHT)).collect()
    found = {(part, target): int(count) for part, target, count in sums}
    for target in (0, 1):
        found["training", target] = sum(found.get((part, target), 0) for part in TRAINING)
    ends = {"training": ("until", borders.train_end), "fit": ("until", borders.fit_end)}
    starts = {"validation": ("from", borders.validation_start), "test": ("from", borders.test_start)}
    for part, (word, instant) in (ends | starts).items():
        others, purchases = (found.get((part, target), 0) for target in (0, 1))
        if min(others, purchases) < FEWEST[part]:
            message = (
                f"{TABLE} holds {purchases:,} visits with a purchase and {others:,} without for the {part} "
                f"({word} {instant:%Y-%m-%d %H:%M} UTC); a model needs at least {FEWEST[part]} of each."
            )
            raise LakehouseError(message, "land more events, then lakehouse run", Exit.REFUSED)


def fit(rows: DataFrame, settings: Model) -> PipelineModel:
    """Fit assembler and logistic regression.

    Args:
        rows: features, target and `num_visits`.
        settings: iterations and regularisation.
    """
    assembler = VectorAssembler(inputCols=list(FEATURES), outputCol="features")
    regression = LogisticRegression(
        labelCol=TARGET, weightCol=WEIGHT, maxIter=settings.max_iter, regParam=settings.reg_param
    )
    return Pipeline(stages=[assembler, regression]).fit(rows)


def stages(model: PipelineModel) -> tuple[VectorAssembler, LogisticRegressionModel]:
    """Return the two stages of a fitted model."""
    assembler, regression = model.stages
    return cast(VectorAssembler, assembler), cast(LogisticRegressionModel, regression)


def summarize(model: PipelineModel, rows: DataFrame) -> BinaryLogisticRegressionSummary:
    """Return what Spark says of the model on these rows: curves, and figures by threshold."""
    assembler, regression = stages(model)
    return cast(BinaryLogisticRegressionSummary, regression.evaluate(assembler.transform(rows)))


def fit_with_threshold(rows: DataFrame, settings: Model) -> tuple[PipelineModel, float]:
    """Fit the model on the whole training time, after the threshold was chosen by one that ends before its last slice.

    Args:
        rows: what `features.count_alike` returns.
        settings: iterations and regularisation.
    """
    threshold = best_threshold(fit(rows.where("part = 'fit'"), settings), rows.where("part = 'validation'"))
    model = fit(rows.where(F.col("part").isin(*TRAINING)), settings)
    stages(model)[1].setThreshold(threshold)
    return model, threshold


def best_threshold(model: PipelineModel, validation: DataFrame) -> float:
    """Return the probability that gives the best F1 on these rows; of equals the highest."""
    by_threshold = summarize(model, validation).fMeasureByThreshold
    return float(by_threshold.orderBy(F.desc("F-Measure"), F.desc("threshold")).collect()[0]["threshold"])
