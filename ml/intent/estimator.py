"""ml.intent.estimator — the logistic regression by MLlib: elastic net chosen, calibration fitted."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyspark import inheritable_thread_target
from pyspark.ml import PipelineModel
from pyspark.ml.classification import LogisticRegression, LogisticRegressionModel
from pyspark.ml.feature import StandardScaler, StandardScalerModel, VectorAssembler, VectorSizeHint, VectorSlicer
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.sections import Model
from ml.intent.design import Term
from ml.intent.evaluation.tally import GROUPS, group_of
from ml.intent.examples import WEIGHT
from ml.serving import expression, formula

LABEL = "label"
NETS = ((0.0, 0.0), (2e-4, 0.5), (1e-3, 0.5))  # strength of the elastic net, and how much of it is L1
BELIEVED = 300.0  # points before a purchase, of some ninety visits, that a calibration takes for granted

SEEN = ("fit", "selection")  # the parts that the model itself learns from
FEW = 150_000  # examples that one task is as quick with as two
ALIKE = 2  # digits of the log-odds by which a calibration takes points together
TRIED = 20_000  # examples of the fit that scale the terms and try each net, by half the steps; the best reads all

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """A model as MLlib made it.

    Attributes:
        pipeline: assembler, scaler, regression, slicer of its log-odds, calibration; it reads the terms' columns.
        coefficients: of the terms, in log-odds per unit.
        intercept: log-odds where all terms are 0.
        slope: of the calibration.
        shift: of the calibration, log-odds.
        net: strength of the elastic net and its share of L1.
        losses: log loss on the selection slice by net, in the order of NETS.
        means: of each term over the examples of the fit, weighed.
    """

    pipeline: PipelineModel
    coefficients: Floats
    intercept: float
    slope: float
    shift: float
    net: tuple[float, float]
    losses: tuple[float, ...]
    means: Floats


def columns(terms: Sequence[Term]) -> list[str]:
    """Return the names of the terms' columns: a term's own name has signs that no column may have."""
    return [f"term_{place}" for place in range(len(terms))]


def with_terms(rows: DataFrame, terms: Sequence[Term]) -> DataFrame:
    """Add the terms' columns to decision points."""
    made = [expression.term(each).alias(name) for name, each in zip(columns(terms), terms, strict=True)]
    return rows.select("*", *made)


def values(points: pd.DataFrame, terms: Sequence[Term]) -> Floats:
    """Return what the terms make of decision points: points × terms."""
    inputs = {name: points[name].to_numpy(dtype=float) for name in formula.inputs(terms)}
    return np.column_stack([formula.term(each, inputs.__getitem__) for each in terms])


def fit(spark: SparkSession, points: pd.DataFrame, terms: Sequence[Term], settings: Model) -> Fitted:
    """Fit the model: the net that is best on the selection slice, then all that comes before the calibration slice.

    Args:
        spark: MLlib's session.
        points: what `ml.intent.examples.points` returns; those of some visitors scale the terms and try the nets where
            the fit has many.
        terms: the terms.
        settings: iterations.
    """
    seen, later = (points[points["part"].isin(parts)] for parts in (SEEN, ("calibration",)))
    made, is_fit = values(seen, terms), (seen["part"] == "fit").to_numpy()
    label, weight = seen[LABEL].to_numpy(), seen[WEIGHT].to_numpy()
    is_tried = is_fit & (group_of(seen["visitor_id"].to_numpy()) * is_fit.sum() < TRIED * GROUPS)
    unscaled = _handed(spark, made[is_tried], {}, "values").coalesce(1)
    scaler = StandardScaler(inputCol="values", outputCol="features").fit(unscaled)
    columns = {LABEL: label, WEIGHT: weight, "is_tried": is_tried}
    scaled = _handed(spark, made * _scale(scaler), columns, "features")
    scaled = scaled.localCheckpoint()  # whose tasks, unlike those of what is cached, carry no rows
    scaled = scaled.coalesce(1 if len(seen) <= FEW else 2)
    tried = scaled.where("is_tried").coalesce(1)
    with ThreadPoolExecutor() as pool:  # each is one task at a time
        attempt = inheritable_thread_target(spark)(lambda net: _regress(tried, net, settings.max_iter // 2))
        fits = list(pool.map(attempt, NETS))
    odds = [_log_odds(made[~is_fit], scaler, each) for each in fits]
    losses = [log_loss(each, label[~is_fit], weight[~is_fit]) for each in odds]
    net = NETS[int(np.argmin(losses))]
    regression = _regress(scaled, net, settings.max_iter)
    promised = _log_odds(values(later, terms), scaler, regression)
    calibration = _calibrate(spark, promised, later[LABEL].to_numpy(), later[WEIGHT].to_numpy())
    slicer = VectorSlicer(inputCol="rawPrediction", outputCol="log_odds", indices=[1])
    return Fitted(
        pipeline=PipelineModel([_assembler(terms), scaler, regression, slicer, calibration]),
        coefficients=_unscaled(scaler, regression),
        intercept=regression.intercept,
        slope=float(calibration.coefficients.toArray()[0]),
        shift=calibration.intercept,
        net=net,
        losses=tuple(losses),
        means=np.average(made, axis=0, weights=weight),
    )


def answers(fitted: Fitted, rows: DataFrame) -> DataFrame:
    """Add MLlib's own probability as `score` to rows with the terms' columns."""
    scored = fitted.pipeline.transform(rows).withColumn("score", positive("calibrated"))
    return scored.select(*[each for each in rows.columns if not each.startswith("term_")], "score")


def log_loss(log_odds: Floats, label: Floats, weight: Floats) -> float:
    """Return the weighted mean of the negative log-likelihood, in nats."""
    return float(np.average(np.logaddexp(0, log_odds) - label * log_odds, weights=weight))


def positive(column: str) -> Column:
    """Return the probability of a purchase from a vector of two."""
    return vector_to_array(F.col(column))[1]


def _handed(spark: SparkSession, made: Floats, columns: Mapping[str, npt.NDArray[Any]], name: str) -> DataFrame:
    """Return columns as a frame, and beside them what the terms make of each row as a vector of that name."""
    starts = pa.array(np.arange(len(made) + 1, dtype=np.int32) * made.shape[1])
    lists = pa.ListArray.from_arrays(starts, pa.array(made.ravel()))
    frame = spark.createDataFrame(pa.table({**columns, name: lists}))
    vectors = frame.withColumn(name, array_to_vector(F.col(name)))
    return VectorSizeHint(inputCol=name, size=made.shape[1], handleInvalid="optimistic").transform(vectors)


def _assembler(terms: Sequence[Term]) -> VectorAssembler:
    return VectorAssembler(inputCols=columns(terms), outputCol="values")


def _regress(rows: DataFrame, net: tuple[float, float], max_iter: int) -> LogisticRegressionModel:
    regression = LogisticRegression(
        labelCol=LABEL,
        weightCol=WEIGHT,
        maxIter=max_iter,
        regParam=net[0],
        elasticNetParam=net[1],
        standardization=False,  # the scaler has done it
    )
    return regression.fit(rows)


def _calibrate(spark: SparkSession, log_odds: Floats, label: Floats, weight: Floats) -> LogisticRegressionModel:
    """Fit slope and shift of the log-odds on a slice that the model has not seen.

    Few purchases may be many by chance, and a calibration that believed them alone would promise as many for weeks. So
    beside the slice's own points stand BELIEVED that came true as promised, which draw slope and shift towards 1 and 0.
    Points of alike log-odds are two rows, with a purchase and without.

    Args:
        spark: MLlib's session.
        log_odds: of the slice's points.
        label: 1 before a purchase, else 0.
        weight: of each.
    """
    share, promised = BELIEVED / weight[label == 1].sum(), 1 / (1 + np.exp(-log_odds))
    alike = np.unique(np.round(log_odds, ALIKE), return_inverse=True)[1]
    odds = np.bincount(alike, weight * log_odds) / np.bincount(alike, weight)
    bought = np.bincount(alike, weight * (label + share * promised))
    others = np.bincount(alike, weight * (1 - label + share * (1 - promised)))
    columns = {LABEL: np.repeat([1.0, 0.0], len(odds)), WEIGHT: np.concatenate([bought, others])}
    points = _handed(spark, np.tile(odds, 2)[:, np.newaxis], columns, "log_odds").coalesce(1)
    calibration = LogisticRegression(
        featuresCol="log_odds",
        labelCol=LABEL,
        weightCol=WEIGHT,
        rawPredictionCol="calibrated_raw",
        probabilityCol="calibrated",
        predictionCol="calibrated_prediction",
    )
    return calibration.fit(points)


def _log_odds(made: Floats, scaler: StandardScalerModel, regression: LogisticRegressionModel) -> Floats:
    return np.asarray(made @ _unscaled(scaler, regression) + regression.intercept)


def _unscaled(scaler: StandardScalerModel, regression: LogisticRegressionModel) -> Floats:
    return np.asarray(regression.coefficients.toArray() * _scale(scaler))


def _scale(scaler: StandardScalerModel) -> Floats:
    """Return what the scaler multiplies each term by: 0 where it never changes."""
    deviations = scaler.std.toArray()
    return np.divide(1.0, deviations, out=np.zeros_like(deviations), where=deviations > 0)
