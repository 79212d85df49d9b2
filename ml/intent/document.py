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

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.intent.design import Term
from ml.intent.estimator import Fitted
from ml.intent.slices import Slices
from ml.intent.threshold import Threshold
from ml.serving.formula import FORMAT, inputs


def build(
    fitted: Fitted,
    terms: Sequence[Term],
    described: Sequence[Mapping[str, Any]],
    threshold: Threshold,
    slices: Slices,
) -> dict[str, Any]:
    """Return the served model, but for its figures and where it came from.

    Args:
        fitted: the model of MLlib.
        terms: the terms.
        described: of each input, what `describe_inputs` returns.
        threshold: the chosen one.
        slices: how the time was split.
    """
    parts = zip(terms, fitted.coefficients, fitted.means, strict=True)
    return {
        "format": FORMAT,
        "inputs": [dict(each) for each in described],
        "terms": [{**term, "coefficient": float(weight), "mean": float(mean)} for term, weight, mean in parts],
        "intercept": fitted.intercept,
        "calibration": {"slope": fitted.slope, "intercept": fitted.shift},
        "threshold": threshold.value,
        "threshold_purchases": threshold.num_purchases,
        "slices": slices.to_document(),
    }


def describe_inputs(points: pd.DataFrame, terms: Sequence[Term], nullable: Collection[str]) -> list[dict[str, Any]]:
    """Return name, range and typical value of each input over the examples of the fit.

    The typical value is the median, one that occurs; None where most examples have none.

    Args:
        points: the examples.
        terms: the terms.
        nullable: the columns that need no value.
    """
    return [
        {"name": name, "is_required": name not in nullable, **_described(points[name].to_numpy(dtype=float))}
        for name in inputs(terms)
    ]


def _described(values: npt.NDArray[np.float64]) -> dict[str, float | None]:
    known = np.sort(values[~np.isnan(values)])
    low, high = (float(known[0]), float(known[-1])) if len(known) else (0.0, 0.0)
    is_usual = len(known) and len(known) * 2 >= len(values)
    return {"low": low, "high": high, "typical": float(known[(len(known) - 1) // 2]) if is_usual else None}
