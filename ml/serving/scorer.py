"""ml.serving.scorer — the champion in this process: it scores in microseconds, without Java and without MLflow."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isnan, nan
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from ml.intent.evaluation.figures import Evaluation, from_document
from ml.intent.evaluation.report import with_interval
from ml.intent.evaluation.slices import POINTS, at
from ml.registry import aliases, versions
from ml.serving import formula
from ml.serving.formula import Formula

if TYPE_CHECKING:
    import pandas as pd

FREQUENCIES = (0.67, 1.5)  # observed over promised purchases: its interval lies within, or no frequency is told

Row: TypeAlias = Mapping[str, float | None]
Rows: TypeAlias = "Sequence[Row] | pd.DataFrame"


@dataclass(frozen=True)
class Input:
    """A column that the model reads.

    Attributes:
        name: a column of gold.intent_examples.
        is_required: whether it has a value in every row.
        low: the least value of the training.
        high: the greatest value of the training.
        typical: the median of the training; None where most rows have none.
    """

    name: str
    is_required: bool
    low: float
    high: float
    typical: float | None


@dataclass(frozen=True)
class OutOfRange:
    """A value that the training did not hold."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Scorer:
    """A registered model, equal to Spark's to 1e-9.

    Attributes:
        version: its number in the registry.
        document: the served model, by the names of `ml.intent.document`.
        sha256: digest of the file it was read from.
        warnings: what its promotion let through undecided, a sentence each.
        is_borrowed: whether it is another lake's, and so was trained on other data than it is asked about.
    """

    version: int
    document: Mapping[str, Any]
    sha256: str
    warnings: tuple[str, ...] = ()
    is_borrowed: bool = False

    @cached_property
    def inputs(self) -> tuple[Input, ...]:
        """The columns that the model reads."""
        return tuple(Input(**each) for each in self.document["inputs"])

    @property
    def input_names(self) -> list[str]:
        """The names of those columns."""
        return [each.name for each in self.inputs]

    @property
    def threshold(self) -> float | None:
        """The probability from which a decision point is flagged; None where it could not be chosen."""
        return self.document["threshold"]

    @property
    def metrics(self) -> dict[str, float]:
        """Figures of the test, by name."""
        return dict(self.document["metrics"])

    @cached_property
    def evaluation(self) -> Evaluation:
        """What its test said, with intervals: over all decision points, and after each number of events."""
        return from_document(self.document["evaluation"])

    def told(self, figure: str) -> str:
        """Return a figure of the test with its 95 % interval, in as many digits as that bears."""
        found = self.evaluation.of().estimates.get(figure)
        return "too few purchases" if found is None else with_interval(found)

    def bears_frequencies(self, num_events: int) -> bool:
        """Say whether a probability after so many events may be told as a frequency.

        It may where the test held enough purchases at the nearest number that was measured, and came true about as
        often as promised.
        """
        figures = self.evaluation.of(at(max(each for each in POINTS if each <= max(num_events, 1))))
        if not figures.bears_a_claim:
            return False
        ratio = figures.estimates["observed_to_expected"]
        return bool(FREQUENCIES[0] <= ratio.low and ratio.high <= FREQUENCIES[1])

    @property
    def trained_on(self) -> dict[str, str]:
        """Tables, versions and instants of the training."""
        return dict(self.document["trained_on"])

    @property
    def base_log_odds(self) -> float:
        """The log-odds in the mean of the training."""
        return formula.base_log_odds(self.document)

    def score(self, rows: Rows) -> npt.NDArray[np.float64]:
        """Return the calibrated probability of a purchase for each row of gold.intent_examples.

        Raises:
            LakehouseError: a required input is missing or no number (exit code 3).
        """
        if isinstance(rows, Sequence) and len(rows) == 1:
            return np.array([self._of_one.probability(self._numbers(rows[0]).__getitem__)])
        if isinstance(rows, Sequence):
            columns = {each.name: np.array([row.get(each.name) for row in rows], dtype=float) for each in self.inputs}
        else:
            columns = {each.name: rows[each.name].to_numpy(dtype=float) for each in self.inputs if each.name in rows}
        self._require(
            each.name
            for each in self.inputs
            if each.name not in columns or (each.is_required and np.isnan(columns[each.name]).any())
        )
        return np.asarray(Formula(self.document).probability(columns.__getitem__))

    def contributions(self, row: Row) -> dict[str, float]:
        """Return what each group of terms adds to the log-odds over `base_log_odds`, the strongest first."""
        found = self._of_one.contributions(self._numbers(row).__getitem__)
        return dict(sorted(found.items(), key=lambda each: -abs(each[1])))

    def out_of_range(self, row: Row) -> list[OutOfRange]:
        """Return the values that lie outside of what the training held: of them the model says little."""
        values = [(each, row.get(each.name)) for each in self.inputs]
        return [
            OutOfRange(each.name, float(value), each.low, each.high)
            for each, value in values
            if value is not None and not each.low <= value <= each.high
        ]

    @cached_property
    def _of_one(self) -> Formula:
        return Formula(self.document, formula.NUMBERS)

    def _numbers(self, row: Row) -> dict[str, float]:
        """Return the inputs of one row, NaN for what is missing."""
        values = {each.name: _number(row.get(each.name)) for each in self.inputs}
        self._require(each.name for each in self.inputs if each.is_required and isnan(values[each.name]))
        return values

    def _require(self, missing: Iterable[str]) -> None:
        if names := list(missing):
            raise LakehouseError(f"A decision point to be scored lacks {', '.join(names)}.", code=Exit.REFUSED)


def _number(value: float | None) -> float:
    return nan if value is None else float(value)


def champion(settings: Settings) -> Scorer | None:
    """Load the version that the alias `champion` names, or None while there is none; `lake.borrows` may lend one.

    Raises:
        LakehouseError: its file is missing or was altered (exit code 3).
    """
    version = aliases.by_alias(settings, aliases.CHAMPION)
    if version:
        return load(settings, version)
    if not settings.lake.borrows:
        return None
    lent = champion(versions.lender(settings))
    return replace(lent, is_borrowed=True) if lent else None


def load(settings: Settings, version: versions.Version) -> Scorer:
    """Load a registered version after checking the digest of its file.

    Raises:
        LakehouseError: its file is missing or was altered, or an earlier release wrote it (exit code 3).
    """
    document = versions.document(settings, version)
    if document.get("format") != formula.FORMAT:
        message = f"Model version {version.number} was registered by another release and cannot be read."
        raise LakehouseError(message, "lakehouse ml train", Exit.REFUSED)
    warnings = tuple(version.tags.get("warnings", "").splitlines())
    return Scorer(version.number, document, version.tags["sha256"], warnings)
