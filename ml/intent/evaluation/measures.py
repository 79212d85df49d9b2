"""ml.intent.evaluation.measures — figures of a model, each for the points as they are and for every resample at once.

Each function returns an array with one value a resample; the first resample is the points as they are.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from ml.intent.evaluation.tally import SUMS, Codes, Floats, Integers, Tally, log_odds_of

TOP_SHARES = (0.01, 0.05, 0.10)
CALIBRATION_BINS = 10
NEWTON_STEPS = 12
NEWTON_WIDTH = 0.02  # of log-odds: what lies so near is fitted as one
LARGEST_STEP = 2.0  # of log-odds in one of Newton's steps, so that a bad start does not run away


@dataclass(frozen=True)
class Resampled:
    """The sums of a tally under several weightings of its groups of visitors.

    What is told by bin is only summed up if a figure asks for it.

    Attributes:
        tally: the sums by group of visitors.
        weights: resamples × GROUPS: how many times a resample drew each group.
    """

    tally: Tally
    weights: Floats

    @cached_property
    def sums(self) -> dict[str, Floats]:
        """Name of SUMS -> one value a resample."""
        summed = self.weights @ self.tally.sums
        return {name: summed[:, place] for place, name in enumerate(SUMS)}

    @property
    def total(self) -> Floats:
        """All points."""
        return self.sums["points"]

    @property
    def num_positives(self) -> Floats:
        """Points before a purchase."""
        return self.sums["positives"]

    @cached_property
    def bins(self) -> tuple[Codes, Integers]:
        """The bins that hold a point, ascending; and the place among them of each code of the tally."""
        bins, columns = np.unique(self.tally.bins, return_inverse=True)
        return bins, columns.astype(np.int64)

    @property
    def log_odds(self) -> Floats:
        """In the middle of each of those bins."""
        return log_odds_of(self.bins[0])

    @cached_property
    def positives(self) -> Floats:
        """Resamples × bins: points before a purchase."""
        return self._by_bin(1)

    @cached_property
    def negatives(self) -> Floats:
        """Resamples × bins: the others."""
        return self._by_bin(0)

    def _by_bin(self, label: int) -> Floats:
        bins, columns = self.bins
        has, shape = self.tally.labels == label, (self.weights.shape[1], len(bins))
        places = (self.tally.groups[has], columns[has])
        by_group = csr_matrix((self.tally.counts[has], places), shape=shape)
        return np.asarray((by_group.T @ self.weights.T).T)


def base_rate(of: Resampled) -> Floats:
    """Return the share of points before a purchase."""
    return _ratio(of.num_positives, of.total)


def roc_auc(of: Resampled) -> Floats:
    """Return the probability that a point before a purchase is scored above another; ties count half."""
    below = np.cumsum(of.negatives, axis=1) - of.negatives / 2
    return _ratio((of.positives * below).sum(axis=1), of.num_positives * (of.total - of.num_positives))


def pr_auc(of: Resampled) -> Floats:
    """Return the average precision: precision where a purchase is found, over the purchases, without interpolation."""
    found, flagged = _from_the_top(of.positives), _from_the_top(of.positives + of.negatives)
    precision = np.divide(found, flagged, out=np.zeros_like(found), where=flagged > 0)
    return _ratio((of.positives[:, ::-1] * precision).sum(axis=1), of.num_positives)


def lift(of: Resampled, share: float) -> Floats:
    """Return how many times the base rate buys among the highest scored share; points of a bin are alike."""
    found, flagged = _from_the_top(of.positives), _from_the_top(of.positives + of.negatives)
    wanted = share * of.total
    rows, last = np.arange(len(wanted)), (flagged < wanted[:, None]).sum(axis=1)  # the bin that the share ends in
    within = of.positives[:, ::-1][rows, last], (of.positives + of.negatives)[:, ::-1][rows, last]
    missing = flagged[rows, last] - wanted
    return _ratio(found[rows, last] - within[0] * _ratio(missing, within[1]), wanted * base_rate(of))


def log_loss(of: Resampled) -> Floats:
    """Return the mean negative log-likelihood, in nats."""
    return _ratio(of.sums["log_loss"], of.total)


def brier(of: Resampled) -> Floats:
    """Return the mean squared error of the probability."""
    return _ratio(of.sums["squared_error"], of.total)


def accuracy(of: Resampled) -> Floats:
    """Return the share of points that the threshold judges rightly."""
    wrong = of.num_positives + of.sums["flagged"] - 2 * of.sums["flagged_purchases"]
    return 1 - _ratio(wrong, of.total)


def precision(of: Resampled) -> Floats:
    """Return the share of flagged points that buy; NaN where none is flagged."""
    return _ratio(of.sums["flagged_purchases"], of.sums["flagged"])


def recall(of: Resampled) -> Floats:
    """Return the share of points before a purchase that are flagged."""
    return _ratio(of.sums["flagged_purchases"], of.num_positives)


def observed_to_expected(of: Resampled) -> Floats:
    """Return purchases over those that the probabilities promise: 1 where they are right in sum."""
    return _ratio(of.num_positives, of.sums["probability"])


def calibration_slope(of: Resampled) -> Floats:
    """Return the slope of a logistic regression of the label on the predicted log-odds; 1 where they are right.

    Below 1 the predictions are too extreme. NaN where all points are scored alike.
    """
    if len(of.log_odds) < 2:
        return np.full(len(of.total), np.nan)
    starts = np.unique(np.floor(of.log_odds / NEWTON_WIDTH), return_index=True)[1]
    x = np.add.reduceat(of.log_odds, starts) / np.diff([*starts, len(of.log_odds)])
    positives = np.add.reduceat(of.positives, starts, axis=1)
    total = positives + np.add.reduceat(of.negatives, starts, axis=1)
    x = x - np.average(x, weights=positives[0] + 1e-9)  # about the purchases, so that both unknowns are told apart
    intercept, slope = np.zeros(len(total)), np.ones(len(total))
    for _ in range(NEWTON_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(intercept[:, None] + slope[:, None] * x, -30, 30)))
        residual, curvature = positives - total * expected, total * expected * (1 - expected)
        g0, g1 = residual.sum(axis=1), residual @ x
        h0, h1, h2 = curvature.sum(axis=1), curvature @ x, curvature @ (x * x)
        with np.errstate(divide="ignore", invalid="ignore"):
            step0, step1 = (np.array([h2 * g0 - h1 * g1, h0 * g1 - h1 * g0])) / (h0 * h2 - h1 * h1)
        intercept = intercept + np.clip(step0, -LARGEST_STEP, LARGEST_STEP)
        slope = slope + np.clip(step1, -LARGEST_STEP, LARGEST_STEP)
    return slope


def calibration_error(of: Resampled) -> Floats:
    """Return the mean distance of promised and observed rates over ten bins of equally many points.

    Chance adds to a distance, and a resample has more of it than the points as they are: what it adds in the mean is
    taken off again, so that the interval lies around the figure and not above it.
    """
    observed, expected, weight = calibration_bins(of)
    found = np.nansum(np.abs(observed - expected) * weight, axis=1) / weight.sum(axis=1)
    added = found[1:].mean() - found[0] if len(found) > 1 else 0.0
    return np.append(found[:1], np.maximum(found[1:] - added, 0.0))


def calibration_bins(of: Resampled) -> tuple[Floats, Floats, Floats]:
    """Return the observed rate, the mean probability and the points of each of ten bins; resamples × bins.

    The bins are cut where those of the points as they are hold equally many; fewer where scores are alike.
    """
    total, starts = of.positives + of.negatives, calibration_starts(of)
    promised = total / (1 + np.exp(-of.log_odds))
    bought, expected, weight = (np.add.reduceat(each, starts, axis=1) for each in (of.positives, promised, total))
    return _ratio(bought, weight), _ratio(expected, weight), weight


def calibration_starts(of: Resampled) -> Integers:
    """Return the place, among the bins that hold a point, at which each of those ten begins."""
    total = of.positives[0] + of.negatives[0]
    share = (np.cumsum(total) - total / 2) / total.sum()
    starts = np.searchsorted(share, np.arange(CALIBRATION_BINS) / CALIBRATION_BINS).clip(max=len(share) - 1)
    return np.unique(starts).astype(np.int64)


def _from_the_top(values: Floats) -> Floats:
    return np.cumsum(values[:, ::-1], axis=1)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)


MEASURES = {
    "base_rate": base_rate,
    "roc_auc": roc_auc,
    "pr_auc": pr_auc,
    "log_loss": log_loss,
    "brier": brier,
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "lift_1": lambda of: lift(of, TOP_SHARES[0]),
    "lift_5": lambda of: lift(of, TOP_SHARES[1]),
    "lift_10": lambda of: lift(of, TOP_SHARES[2]),
    "observed_to_expected": observed_to_expected,
    "calibration_slope": calibration_slope,
    "calibration_error": calibration_error,
}
