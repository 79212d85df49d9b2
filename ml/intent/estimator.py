"""ml.intent.estimator — the logistic regression by MLlib: examples weighed, elastic net chosen, calibration fitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from pyspark.ml import PipelineModel, Transformer
from pyspark.ml.classification import LogisticRegression, LogisticRegressionModel
from pyspark.ml.feature import StandardScaler, StandardScalerModel, VectorAssembler, VectorSlicer
from pyspark.ml.functions import vector_to_array
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.sections import Model
from ml.intent.design import Term
from ml.intent.slices import Slices
from ml.serving import expression

LABEL, WEIGHT = "label", "example_weight"
FEWEST = 5  # decision points before a purchase, and others, that each part must hold
NETS = ((0.0, 0.0), (2e-4, 0.5), (1e-3, 0.5))  # strength of the elastic net, and how much of it is L1
BELIEVED = 300.0  # points before a purchase, of some ninety visits, that a calibration takes for granted
SMALLEST = 1e-15  # a probability of 0 or 1 that is wrong would cost infinitely much log loss

FEW = 100_000  # examples that one task is as quick with as two
TRIED = 30_000  # examples that each net is tried on, in one task by half the steps; the best reads all, by all steps
LEARNED = ("fit", "selection", "calibration")  # the parts that examples are taken of

Counts = Mapping[tuple[str, int, int], int]  # (part, decision point, label) -> decision points


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
    """

    pipeline: PipelineModel
    coefficients: npt.NDArray[np.float64]
    intercept: float
    slope: float
    shift: float
    net: tuple[float, float]
    losses: tuple[float, ...]


def columns(terms: Sequence[Term]) -> list[str]:
    """Return the names of the terms' columns: a term's own name has signs that no column may have."""
    return [f"term_{place}" for place in range(len(terms))]


def with_terms(rows: DataFrame, terms: Sequence[Term]) -> DataFrame:
    """Add the terms' columns to decision points."""
    made = [expression.term(each).alias(name) for name, each in zip(columns(terms), terms, strict=True)]
    return rows.select("*", *made)


def count(rows: DataFrame) -> Counts:
    """Count decision points by part, number of events and label."""
    found = rows.groupBy("part", "decision_point", LABEL).agg(F.count(F.lit(1))).collect()
    return {(part, point, label): number for part, point, label, number in found}


def require_purchases(counts: Counts, slices: Slices) -> None:
    """Require that every part of the time holds decision points before a purchase, and others.

    Raises:
        LakehouseError: one holds too few of either (exit code 3).
    """
    found: dict[tuple[str, int], int] = {}
    for (part, _, label), number in counts.items():
        found[part, label] = found.get((part, label), 0) + number
    for part, (start, end) in slices.bounds.items():
        others, purchases = (found.get((part, label), 0) for label in (0, 1))
        if min(others, purchases) < FEWEST:
            message = (
                f"gold.intent_examples holds {purchases:,} decision points before a purchase and {others:,} others for "
                f"the {part} ({start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC); a model needs at least "
                f"{FEWEST} of each."
            )
            raise LakehouseError(message, "land more events, then lakehouse run", Exit.REFUSED)


def sample(rows: DataFrame, counts: Counts, most: int) -> DataFrame:
    """Take every decision point before a purchase and, where they are many, a share of the others; weigh them.

    A point that stands for others that were left out weighs as much as they. Beside that each number of events weighs
    as the root of its points, so that the many first events do not rule the few tenth.

    Args:
        rows: decision points of LEARNED.
        counts: of all decision points, what `count` returns.
        most: how many others to take of each part and number of events.
    """
    share, balance = F.lit(1.0), F.lit(1.0)
    totals: dict[tuple[str, int], int] = {}
    for (part, point, _), number in ((key, number) for key, number in counts.items() if key[0] in LEARNED):
        totals[part, point] = totals.get((part, point), 0) + number
    for (part, point), total in totals.items():
        of_part = [each for (p, _), each in totals.items() if p == part]
        mean = sum(of_part) / sum(map(sqrt, of_part))  # weights are 1 in the mean
        is_there = (F.col("part") == part) & (F.col("decision_point") == point)
        balance = F.when(is_there, F.lit(mean / sqrt(total))).otherwise(balance)
        others = counts.get((part, point, 0), 0)
        if others > most:
            share = F.when(is_there & (F.col(LABEL) == 0), F.lit(most / others)).otherwise(share)
    # the share of the keys whose hash is small: the same rows each time, whoever asks
    draw = F.pmod(F.xxhash64("visitor_id", F.unix_millis("started_at"), "decision_point"), F.lit(1 << 20)) / (1 << 20)
    return rows.where(draw < share).withColumn(WEIGHT, balance / share)


def num_tasks(counts: Counts, settings: Model) -> int:
    """Return over how many tasks to fit: each step of a fit is a job, of one stage alone where there is one task.

    Never more than two: the sums of two tasks are the same added either way round.
    """
    taken = sum(min(number, settings.max_examples) for (part, _, _), number in counts.items() if part in LEARNED)
    return 1 if taken <= FEW else 2


def with_values(rows: DataFrame, terms: Sequence[Term]) -> DataFrame:
    """Add the terms as one vector, `values`, to decision points."""
    return _assembler(terms).transform(with_terms(rows, terms)).drop(*columns(terms))


def fit(examples: DataFrame, terms: Sequence[Term], settings: Model) -> Fitted:
    """Fit the model: the net that is best on the selection slice, then all that comes before the calibration slice.

    Args:
        examples: what `sample` returns of fit, selection and calibration, with `values`; cached. Where the fit has
            many, the nets are tried on those of some visitors.
        terms: the terms.
        settings: iterations.
    """
    rows = examples.select("part", LABEL, WEIGHT, "values", "visitor_id")
    scaler = StandardScaler(inputCol="values", outputCol="features").fit(rows.where("part = 'fit'"))
    scaled = scaler.transform(rows)
    fit_rows, selection = (scaled.where(F.col("part") == part) for part in ("fit", "selection"))
    one_in = max(1, round(fit_rows.count() / TRIED))
    tried = fit_rows.where(F.pmod(F.xxhash64("visitor_id"), F.lit(one_in)) == 0).coalesce(1)
    fits = [_regress(tried, net, settings.max_iter // 2) for net in NETS]
    losses = [log_loss(each.transform(selection), positive("probability")) for each in fits]
    net = NETS[int(np.argmin(losses))]
    regression = _regress(scaled.where("part <> 'calibration'"), net, settings.max_iter)
    slicer = VectorSlicer(inputCol="rawPrediction", outputCol="log_odds", indices=[1])
    seen: list[Transformer] = [scaler, regression, slicer]
    calibration = _calibrate(PipelineModel(seen).transform(rows.where("part = 'calibration'")))
    return Fitted(
        pipeline=PipelineModel([_assembler(terms), *seen, calibration]),
        coefficients=_unscaled(scaler, regression),
        intercept=regression.intercept,
        slope=float(calibration.coefficients.toArray()[0]),
        shift=calibration.intercept,
        net=net,
        losses=tuple(losses),
    )


def answers(fitted: Fitted, rows: DataFrame) -> DataFrame:
    """Add MLlib's own probability as `score` to rows with the terms' columns."""
    scored = fitted.pipeline.transform(rows).withColumn("score", positive("calibrated"))
    return scored.select(*[each for each in rows.columns if not each.startswith("term_")], "score")


def log_loss(rows: DataFrame, probability: Column) -> float:
    """Return the weighted mean of the negative log-likelihood, in nats."""
    sure = F.least(F.greatest(probability, F.lit(SMALLEST)), F.lit(1 - SMALLEST))
    loss = -F.when(F.col(LABEL) == 1, F.log(sure)).otherwise(F.log(1 - sure))
    return float(rows.agg(F.sum(loss * F.col(WEIGHT)) / F.sum(WEIGHT)).collect()[0][0])


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


def _calibrate(rows: DataFrame) -> LogisticRegressionModel:
    """Fit slope and shift of the log-odds on a slice that the model has not seen.

    Few purchases may be many by chance, and a calibration that believed them alone would promise as many for weeks. So
    beside the slice's own points stand BELIEVED that came true as promised, which draw slope and shift towards 1 and 0.
    """
    label, weight, promised = F.col(LABEL).cast("double"), F.col(WEIGHT), positive("probability")
    share = BELIEVED / rows.where(label == 1).agg(F.sum(weight)).collect()[0][0]
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


def _unscaled(scaler: StandardScalerModel, regression: LogisticRegressionModel) -> npt.NDArray[np.float64]:
    deviations, found = scaler.std.toArray(), regression.coefficients.toArray()
    return np.divide(found, deviations, out=np.zeros_like(found), where=deviations > 0)


def positive(column: str) -> Column:
    """Return the probability of a purchase from a vector of two."""
    return vector_to_array(F.col(column))[1]
