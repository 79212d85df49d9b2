"""ml.serving.formula — the one formula of a served model: from the columns of a decision point to a probability.

A model is a JSON document. Its terms are products of factors, each of which reads one input; their weighted sum is the
log-odds, which the calibration stretches and shifts. The same functions work on NumPy's arrays, on plain numbers, which
are quicker for one row, and, with other mathematics, on the columns of a frame (`ml.serving.expression`). This file
needs NumPy alone: it is logged with the model, so that whoever loads that needs neither this project nor Spark.

A factor has an `input` and a `kind`:

    number      the value; true is 1
    log         ln(value + plus)
    at_least    1 from `value` on, else 0
    missing     1 where there is no value, else 0
    sin, cos    of the value as part of a `period`

A factor without a value counts 0, so that its term says nothing.
"""

import math as plain
from collections.abc import Callable, Iterable, Mapping
from math import inf, nan, pi
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Document: TypeAlias = Mapping[str, Any]
Floats: TypeAlias = npt.NDArray[np.float64]
FORMAT = 3  # of the document; raised when a reader must know more than the one before


class Mathematics(Protocol):
    """What the formula needs beyond `+`, `*` and `>=`, for one kind of columns."""

    def log(self, value: Any) -> Any:
        """Return the natural logarithm."""

    def exp(self, value: Any) -> Any:
        """Return e to the power of the value."""

    def sin(self, value: Any) -> Any:
        """Return the sine."""

    def cos(self, value: Any) -> Any:
        """Return the cosine."""

    def number(self, value: Any) -> Any:
        """Return a value or a condition as a number, 0 where it is missing."""

    def is_missing(self, value: Any) -> Any:
        """Say where there is no value."""


class NumPy:
    """Mathematics of arrays; a missing value is NaN."""

    def log(self, value: Floats) -> Floats:
        """Return the natural logarithm."""
        return np.asarray(np.log(value))

    def exp(self, value: Floats) -> Floats:
        """Return e to the power of the value; infinite where that is too large."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(value))

    def sin(self, value: Floats) -> Floats:
        """Return the sine."""
        return np.asarray(np.sin(value))

    def cos(self, value: Floats) -> Floats:
        """Return the cosine."""
        return np.asarray(np.cos(value))

    def number(self, value: npt.NDArray[Any]) -> Floats:
        """Return a value or a condition as a number, 0 where it is missing."""
        return np.where(np.isnan(value), 0.0, value)

    def is_missing(self, value: Floats) -> npt.NDArray[np.bool_]:
        """Say where there is no value."""
        return np.isnan(value)


class Numbers:
    """Mathematics of one row's plain numbers; a missing value is NaN."""

    def log(self, value: float) -> float:
        """Return the natural logarithm."""
        return plain.log(value) if value > 0 else -inf if value == 0 else nan

    def exp(self, value: float) -> float:
        """Return e to the power of the value; infinite where that is too large."""
        try:
            return plain.exp(value)
        except OverflowError:
            return inf

    def sin(self, value: float) -> float:
        """Return the sine."""
        return plain.sin(value)

    def cos(self, value: float) -> float:
        """Return the cosine."""
        return plain.cos(value)

    def number(self, value: float) -> float:
        """Return a value or a condition as a number, 0 where it is missing."""
        return 0.0 if value != value else float(value)

    def is_missing(self, value: float) -> bool:
        """Say where there is no value."""
        return value != value


NUMPY, NUMBERS = NumPy(), Numbers()


def probability(document: Document, column: Callable[[str], Any], math: Mathematics = NUMPY) -> Any:
    """Return the calibrated probability of a purchase.

    Args:
        document: the model.
        column: input -> its values, numbers.
        math: mathematics of such columns.
    """
    return 1.0 / (1.0 + math.exp(-1.0 * log_odds(document, column, math)))


def log_odds(document: Document, column: Callable[[str], Any], math: Mathematics = NUMPY) -> Any:
    """Return the calibrated log-odds."""
    calibration = document["calibration"]
    return calibration["slope"] * raw_log_odds(document, column, math) + calibration["intercept"]


def raw_log_odds(document: Document, column: Callable[[str], Any], math: Mathematics = NUMPY) -> Any:
    """Return the log-odds before calibration."""
    weighed = [each for each in document["terms"] if each["coefficient"]] or document["terms"][:1]
    return _total([document["intercept"], *(each["coefficient"] * term(each, column, math) for each in weighed)])


def term(spec: Mapping[str, Any], column: Callable[[str], Any], math: Mathematics = NUMPY) -> Any:
    """Return a term's value: the product of its factors."""
    first, *others = (_factor(each, column(each["input"]), math) for each in spec["factors"])
    for each in others:
        first = first * each
    return first


def contributions(document: Document, column: Callable[[str], Any], math: Mathematics = NUMPY) -> dict[str, Any]:
    """Return what each group of terms adds to the calibrated log-odds, over what it adds in the mean of the training.

    With the document's `base_log_odds` they sum to the log-odds. An interaction is a group of its own.
    """
    found: dict[str, Any] = {}
    for each in document["terms"]:
        share = document["calibration"]["slope"] * each["coefficient"] * (term(each, column, math) - each["mean"])
        found[each["group"]] = found.get(each["group"], 0.0) + share
    return found


def base_log_odds(document: Document) -> float:
    """Return the calibrated log-odds in the mean of the training."""
    raw = document["intercept"] + sum(each["coefficient"] * each["mean"] for each in document["terms"])
    return float(document["calibration"]["slope"] * raw + document["calibration"]["intercept"])


def inputs(terms: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the names of the inputs that terms read, each once, in their order."""
    return list(dict.fromkeys(factor["input"] for each in terms for factor in each["factors"]))


def _total(values: list[Any]) -> Any:
    """Add values up by pairs: an expression as deep as they are many is more than an engine takes."""
    while len(values) > 1:
        pairs = [first + second for first, second in zip(values[::2], values[1::2], strict=False)]
        values = [*pairs, *values[len(pairs) * 2 :]]
    return values[0]


def _factor(spec: Mapping[str, Any], value: Any, math: Mathematics) -> Any:
    match spec["kind"]:
        case "number":
            return math.number(value)
        case "log":
            return math.number(math.log(value + spec["plus"]))
        case "at_least":
            return math.number(value >= spec["value"])
        case "missing":
            return math.number(math.is_missing(value))
        case "sin":
            return math.number(math.sin(value * (2 * pi / spec["period"])))
        case "cos":
            return math.number(math.cos(value * (2 * pi / spec["period"])))
    raise ValueError(f"{spec['kind']} is not a kind of factor")
