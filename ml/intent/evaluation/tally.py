"""ml.intent.evaluation.tally — sums over scored decision points that add up over tasks, files and days.

Visitors are resampled by the bootstrap, and what a resample needs of them is kept here: for each group of visitors how
many decision points fell into each bin of the predicted log-odds, with and without a purchase. A visitor's points stay
together in one group. Where there are more visitors than groups, those of one group are drawn together; the groups are
alike and independent, so that the intervals are those over visitors.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Codes: TypeAlias = npt.NDArray[np.int32]  # tasks send millions of them

GROUPS = 1024  # of visitors
STEPS = 128  # bins of log-odds for one unit: a step is 0.8 % of the odds
WIDEST = 16  # log-odds beyond this are counted at the edge: a probability below 1.1e-7
BINS = 2 * WIDEST * STEPS
SMALLEST = 1e-15  # a probability of 0 or 1 that is wrong would cost infinitely much log loss
SUMS = ("points", "positives", "log_loss", "squared_error", "probability", "flagged", "flagged_purchases")
MIX = np.uint64(0x9E3779B97F4A7C15)  # spreads neighbouring visitor ids over all groups


@dataclass(frozen=True)
class Tally:
    """Additive sums of one model over one set of decision points.

    Attributes:
        codes: (group × BINS + bin) × 2 + label, ascending and distinct.
        counts: decision points of each code.
        sums: GROUPS × len(SUMS): what is summed exactly, not by bin.
        purchases: visits with a purchase among them, each once. To add up, a visit's points must be counted together.
    """

    codes: Codes
    counts: Codes
    sums: Floats
    purchases: int

    def __add__(self, other: "Tally") -> "Tally":
        """Return the sums over both sets of points."""
        codes, counts = _sum_by_code(
            np.concatenate([self.codes, other.codes]), np.concatenate([self.counts, other.counts])
        )
        return Tally(codes, counts, self.sums + other.sums, self.purchases + other.purchases)

    @property
    def groups(self) -> Codes:
        """The group of visitors of each code."""
        return self.codes // (2 * BINS)

    @property
    def bins(self) -> Codes:
        """The bin of log-odds of each code."""
        return self.codes // 2 % BINS

    @property
    def labels(self) -> Codes:
        """1 for a code of decision points before a purchase, else 0."""
        return self.codes % 2

    @property
    def num_points(self) -> int:
        """How many decision points there are."""
        return int(self.counts.sum())

    @property
    def num_positives(self) -> int:
        """How many of them are followed by a purchase in their visit."""
        return int(self.counts[self.labels == 1].sum())


Tallies: TypeAlias = Mapping[tuple[str, str], Tally]  # by slice and model


def count(
    points: pd.DataFrame, slices: Mapping[str, npt.NDArray[np.bool_]], thresholds: Mapping[str, float | None]
) -> dict[tuple[str, str], Tally]:
    """Sum up decision points by slice and model.

    Args:
        points: `visitor_id`, `started_at` of the visit, `label`, and a column of probabilities for each model.
        slices: name -> which rows belong to it; they may overlap.
        thresholds: model, the name of its column -> the probability from which a visit is flagged, None where none is.

    Raises:
        ValueError: a probability is no number between 0 and 1, or a label neither 0 nor 1.
    """
    groups, labels = group_of(points["visitor_id"].to_numpy(np.int64)), points["label"].to_numpy(np.int64)
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("a label is neither 0 nor 1")
    bought = points.loc[labels == 1, ["visitor_id", "started_at"]]
    purchases = {name: len(bought[is_in[labels == 1]].drop_duplicates()) for name, is_in in slices.items()}
    cells, is_cell_in = _cells(list(slices.values()))
    num_cells = len(is_cell_in)
    places = groups * num_cells + cells
    found = {}
    for model, threshold in thresholds.items():
        probabilities = _checked(points[model].to_numpy(float))
        codes = (groups * BINS + bin_of(probabilities)) * 2 + labels
        ordered, of_cell = np.divmod(np.sort(codes * num_cells + cells), num_cells)
        by_cell = [np.bincount(places, each, GROUPS * num_cells) for each in _summed(probabilities, labels, threshold)]
        sums = np.stack([each.reshape(GROUPS, num_cells) @ is_cell_in for each in by_cell], axis=-1).astype(float)
        for place, name in enumerate(slices):
            distinct, counts = _counted(ordered[is_cell_in[of_cell, place]])
            found[name, model] = Tally(distinct, counts, sums[:, place].copy(), purchases[name])
    return found


def _cells(slices: Sequence[npt.NDArray[np.bool_]]) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Part rows by the slices they belong to; return the cell of each, and cells × slices: which belongs to which."""
    patterns = sum(is_in.astype(np.int64) << place for place, is_in in enumerate(slices))
    distinct, cells = np.unique(patterns, return_inverse=True)
    return cells, (distinct[:, np.newaxis] >> np.arange(len(slices)) & 1).astype(bool)


def _checked(probabilities: Floats) -> Floats:
    if not ((probabilities >= 0) & (probabilities <= 1)).all():  # a NaN is refused too
        raise ValueError("a predicted probability is not a number between 0 and 1")
    return probabilities


def _summed(probabilities: Floats, labels: Integers, threshold: float | None) -> Iterator[Floats]:
    """Yield what of each point is summed exactly, in the order of SUMS."""
    bought, clipped = labels == 1, np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    flagged = np.zeros(len(labels), bool) if threshold is None else probabilities >= threshold
    yield np.ones(len(labels))
    yield bought.astype(float)
    yield -np.where(bought, np.log(clipped), np.log1p(-clipped))
    yield (probabilities - bought) ** 2
    yield probabilities
    yield flagged.astype(float)
    yield (flagged & bought).astype(float)


def _counted(ordered: Integers) -> tuple[Codes, Codes]:
    """Return the distinct values of an ordered array, and how often each is there."""
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return ordered[starts].astype(np.int32), np.diff(starts, append=len(ordered)).astype(np.int32)


def merge(one: Tallies, other: Tallies) -> Tallies:
    """Add the sums of two sets of points, by slice and model."""
    both = {key: one[key] + other[key] for key in one.keys() & other.keys()}
    return {**one, **other, **both}


def group_of(visitors: Integers) -> Integers:
    """Return the group of each visitor, 0 to GROUPS - 1, the same everywhere and always."""
    mixed = visitors.astype(np.uint64) * MIX
    return ((mixed >> np.uint64(40)) % np.uint64(GROUPS)).astype(np.int64)


def bin_of(probabilities: Floats) -> Integers:
    """Return the bin of each probability's log-odds, 0 to BINS - 1."""
    clipped = np.clip(probabilities, SMALLEST, 1 - SMALLEST)
    log_odds = np.log(clipped) - np.log1p(-clipped)
    return np.clip(np.floor((log_odds + WIDEST) * STEPS), 0, BINS - 1).astype(np.int64)


def log_odds_of(bins: Codes | Integers) -> Floats:
    """Return the log-odds in the middle of each bin."""
    return (bins + 0.5) / STEPS - WIDEST


def _sum_by_code(codes: Codes, counts: Codes) -> tuple[Codes, Codes]:
    distinct, places = np.unique(codes, return_inverse=True)
    return distinct, np.bincount(places, counts, len(distinct)).astype(np.int32)
