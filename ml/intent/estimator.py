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
from pyspark.ml import PipelineModel, Transformer
from pyspark.ml.classification import LogisticRegression, LogisticRegressionModel
from pyspark.ml.feature import StandardScaler, StandardScalerModel, VectorAssembler, VectorSlicer
from pyspark.ml.functions import array_to_vector, vector_to_array
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.sections import Model
from ml.intent.design import Term
from ml.intent.evaluation.tally import GROUPS, group_of
from ml.intent.examples import LEARNED, WEIGHT
from ml.serving import expression, formula

LABEL = "label"
NETS = ((0.0, 0.0), (2e-4, 0.5), (1e-3, 0.5))  # strength of the elastic net, and how much of it is L1
BELIEVED = 300.0  # points before a purchase, of some ninety visits, that a calibration takes for granted

FEW = 100_000  # examples that one task is as quick with as two
TRIED = 30_000  # examples that each net is tried on, in one task by half the steps; the best reads all, by all steps

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
        points: what `ml.intent.examples.points` returns; those of LEARNED are read, and nets are tried on those of
            some visitors where the fit has many.
        terms: the terms.
        settings: iterations.
    """
    rows = points[points["part"].isin(LEARNED)]
    part, label, weight = rows["part"].to_numpy(), rows[LABEL].to_numpy(), rows[WEIGHT].to_numpy()
    made, is_fit, is_seen = values(rows, terms), part == "fit", part != "calibration"
    is_tried = is_fit & (group_of(rows["visitor_id"].to_numpy()) * is_fit.sum() < TRIED * GROUPS)
    columns = {"part": part, LABEL: label, WEIGHT: weight, "is_tried": is_tried}
    examples = spark.createDataFrame(_with_values(made, columns)).withColumn("values", array_to_vector(F.col("values")))
    examples = examples.coalesce(1 if len(rows) <= FEW else 2).cache()  # two sums are the same either way round
    scaler = StandardScaler(inputCol="values", outputCol="features").fit(examples.where("part = 'fit'"))
    scaled = scaler.transform(examples)
    tried = scaled.where("is_tried").coalesce(1)
    with ThreadPoolExecutor() as pool:  # each is one task at a time
        attempt = inheritable_thread_target(spark)(lambda net: _regress(tried, net, settings.max_iter // 2))
        fits = list(pool.map(attempt, NETS))
    odds = [made @ _unscaled(scaler, each) + each.intercept for each in fits]
    asked = part == "selection"
    losses = [log_loss(each[asked], label[asked], weight[asked]) for each in odds]
    net = NETS[int(np.argmin(losses))]
    regression = _regress(scaled.where("part <> 'calibration'"), net, settings.max_iter)
    slicer = VectorSlicer(inputCol="rawPrediction", outputCol="log_odds", indices=[1])
    seen: list[Transformer] = [scaler, regression, slicer]
    scored = PipelineModel(seen).transform(examples.where("part = 'calibration'"))
    calibration = _calibrate(scored, weight[~is_seen & (label == 1)].sum())
    examples.unpersist()
    return Fitted(
        pipeline=PipelineModel([_assembler(terms), *seen, calibration]),
        coefficients=_unscaled(scaler, regression),
        intercept=regression.intercept,
        slope=float(calibration.coefficients.toArray()[0]),
        shift=calibration.intercept,
        net=net,
        losses=tuple(losses),
        means=np.average(made[is_seen], axis=0, weights=weight[is_seen]),
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


def _with_values(made: Floats, columns: Mapping[str, npt.NDArray[Any]]) -> pa.Table:
    """Return columns, and beside them what the terms make of each row as the list `values`."""
    starts = np.arange(len(made) + 1, dtype=np.int32) * made.shape[1]
    return pa.table({**columns, "values": pa.ListArray.from_arrays(pa.array(starts), pa.array(made.ravel()))})


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


def _calibrate(rows: DataFrame, purchases: float) -> LogisticRegressionModel:
    """Fit slope and shift of the log-odds on a slice that the model has not seen.

    Few purchases may be many by chance, and a calibration that believed them alone would promise as many for weeks. So
    beside the slice's own points stand BELIEVED that came true as promised, which draw slope and shift towards 1 and 0.

    Args:
        rows: the slice, scored.
        purchases: its points before a purchase, weighed.
    """
    label, weight, promised = F.col(LABEL).cast("double"), F.col(WEIGHT), positive("probability")
    share = BELIEVED / purchases
    seen = [(label, weight), (F.lit(1.0), weight * promised * share), (F.lit(0.0), weight * (1 - promised) * share)]
    pairs = F.explode(F.array(*[F.struct(was.alias(LABEL), weighs.alias(WEIGHT)) for was, weighs in seen]))
    points = rows.select("log_odds", pairs.alias("point")).select("log_odds", "point.*")
    calibration = LogisticRegression(
        featuresCol="log_odds",
        labelCol=LABEL,
        weightCol=WEIGHT,
        rawPredictionCol="calibrated_raw",
        probabilityCol="calibrated",
        predictionCol="calibrated_prediction",
    )
    return calibration.fit(points)


def _unscaled(scaler: StandardScalerModel, regression: LogisticRegressionModel) -> Floats:
    deviations, found = scaler.std.toArray(), regression.coefficients.toArray()
    return np.divide(found, deviations, out=np.zeros_like(found), where=deviations > 0)
