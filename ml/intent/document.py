"""ml.intent.document — the served model as JSON holds it.

format         of the document, a number
inputs         the columns of gold.intent_examples that are read: name, is_required, low, high and typical value
terms          name, group, factors, coefficient (log-odds per unit), mean over the examples of the fit
intercept      log-odds where all terms are 0
calibration    slope and intercept of the log-odds, fitted on a slice of its own
threshold      the probability from which a decision point is flagged; null where it could not be chosen
slices         part of the time -> its start and end, UTC
brief          the brief's model beside it: coefficients, intercept, threshold, figures of its own test, its caveat
metrics        figures of the test
trained_on     tables, versions and settings of the training
mlflow         run_id and experiment_id of the run that made it
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pyspark.ml.stat import Summarizer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml.intent.design import Term
from ml.intent.estimator import WEIGHT, Fitted
from ml.intent.slices import Slices
from ml.intent.threshold import Threshold
from ml.serving.formula import FORMAT, inputs


def build(
    fitted: Fitted,
    terms: Sequence[Term],
    means: Sequence[float],
    described: Sequence[Mapping[str, Any]],
    threshold: Threshold,
    slices: Slices,
) -> dict[str, Any]:
    """Return the served model, but for its figures and where it came from.

    Args:
        fitted: the model of MLlib.
        terms: the terms.
        means: of each term, what `term_means` returns.
        described: of each input, what `describe_inputs` returns.
        threshold: the chosen one.
        slices: how the time was split.
    """
    parts = zip(terms, fitted.coefficients, means, strict=True)
    return {
        "format": FORMAT,
        "inputs": [dict(each) for each in described],
        "terms": [{**term, "coefficient": float(weight), "mean": mean} for term, weight, mean in parts],
        "intercept": fitted.intercept,
        "calibration": {"slope": fitted.slope, "intercept": fitted.shift},
        "threshold": threshold.value,
        "threshold_purchases": threshold.num_purchases,
        "slices": slices.to_document(),
    }


def term_means(examples: DataFrame) -> list[float]:
    """Return the weighted mean of each term over the examples of the fit."""
    mean = Summarizer.mean(F.col("values"), F.col(WEIGHT))
    return list(examples.agg(mean.alias("mean")).collect()[0]["mean"].toArray().tolist())


def describe_inputs(rows: DataFrame, terms: Sequence[Term], nullable: Collection[str]) -> list[dict[str, Any]]:
    """Return name, range and typical value of each input over the examples of the fit.

    The typical value is the median; None where most examples have none.

    Args:
        rows: the examples.
        terms: the terms.
        nullable: the columns that need no value.
    """
    names, found = inputs(terms), []
    for name in names:
        value = F.col(name).cast("double")
        is_usual = F.count(value) * 2 >= F.count(F.lit(1))
        found += [F.min(value), F.max(value), F.when(is_usual, F.percentile_approx(value, 0.5))]
    values = iter(rows.agg(*[each.alias(f"value_{place}") for place, each in enumerate(found)]).collect()[0])
    return [
        {
            "name": name,
            "is_required": name not in nullable,
            "low": 0.0 if low is None else low,
            "high": 0.0 if high is None else high,
            "typical": typical,
        }
        for name, low, high, typical in zip(names, values, values, values, strict=True)
    ]
