"""ml.serving.formula — the one formula of a served model: from the columns of a decision point to a probability.

A model is a JSON document. Its terms are products of factors, each of which reads one input; their weighted sum is the
log-odds, which the calibration stretches and shifts. The same code works on NumPy's arrays, on plain numbers, which
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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


Factor: TypeAlias = tuple[str, Callable[[Any], Any]]  # an input, and what is made of its values
Column: TypeAlias = Callable[[str], Any]  # input -> its values, numbers of the mathematics in use


class Terms:
    """Terms in one kind of mathematics; a factor of several terms is looked at once."""

    def __init__(self, specs: Sequence[Mapping[str, Any]], math: Mathematics) -> None:
        """Read the terms."""
        factors: dict[tuple[Any, ...], Factor] = {}
        self._terms: list[tuple[Mapping[str, Any], int, list[int]]] = []
        for spec in specs:
            for each in spec["factors"]:
                factors.setdefault(tuple(each.items()), (each["input"], _factor(each, math)))
            places = {key: place for place, key in enumerate(factors)}
            first, *others = (places[tuple(each.items())] for each in spec["factors"])
            self._terms.append((spec, first, others))
        self._factors = list(factors.values())

    def values(self, column: Column) -> Iterator[tuple[Mapping[str, Any], Any]]:
        """Yield each term and its value: the product of its factors."""
        values = [of(column(name)) for name, of in self._factors]
        for spec, first, others in self._terms:
            value = values[first]
            for each in others:
                value = value * values[each]
            yield spec, value


class Formula:
    """The formula of a document in one kind of mathematics; what is known before there is a row is looked up once."""

    def __init__(self, document: Document, math: Mathematics = NUMPY) -> None:
        """Read the document's terms."""
        self._math = math
        self._document = document
        weighed = [each for each in document["terms"] if each["coefficient"]]
        self._weighed = Terms(weighed or document["terms"][:1], math)  # at least one: as many values as rows
        self._all = Terms(document["terms"], math)

    def probability(self, column: Column) -> Any:
        """Return the calibrated probability of a purchase."""
        return 1.0 / (1.0 + self._math.exp(-1.0 * self.log_odds(column)))

    def log_odds(self, column: Column) -> Any:
        """Return the calibrated log-odds."""
        calibration = self._document["calibration"]
        return calibration["slope"] * self.raw_log_odds(column) + calibration["intercept"]

    def raw_log_odds(self, column: Column) -> Any:
        """Return the log-odds before calibration."""
        weighed = [each["coefficient"] * value for each, value in self._weighed.values(column)]
        return _total([self._document["intercept"], *weighed])

    def contributions(self, column: Column) -> dict[str, Any]:
        """Return what each group of terms adds to the calibrated log-odds, over its part in the mean of the training.

        With the document's `base_log_odds` they sum to the log-odds. An interaction is a group of its own.
        """
        slope = self._document["calibration"]["slope"]
        found: dict[str, Any] = {}
        for each, value in self._all.values(column):
            share = slope * each["coefficient"] * (value - each["mean"])
            found[each["group"]] = found.get(each["group"], 0.0) + share
        return found


def term(spec: Mapping[str, Any], column: Column, math: Mathematics = NUMPY) -> Any:
    """Return a term's value: the product of its factors."""
    return next(Terms([spec], math).values(column))[1]


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


def _factor(spec: Mapping[str, Any], math: Mathematics) -> Callable[[Any], Any]:
    number = math.number
    match spec["kind"]:
        case "number":
            return number
        case "log":
            log, plus = math.log, spec["plus"]
            return lambda value: number(log(value + plus))
        case "at_least":
            least = spec["value"]
            return lambda value: number(value >= least)
        case "missing":
            return lambda value: number(math.is_missing(value))
        case "sin":
            around = 2 * pi / spec["period"]
            return lambda value: number(math.sin(value * around))
        case "cos":
            around = 2 * pi / spec["period"]
            return lambda value: number(math.cos(value * around))
    raise ValueError(f"{spec['kind']} is not a kind of factor")
