"""batch.numbers — figures of a scoring from its tally: distribution, profit, gain, lift and calibration."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from app.statistics import BESIDE_A_FIGURE, Interval, wilson
from ml.serving.batch.tally import lowest_of

Floats = npt.NDArray[np.float64]
FEWEST_PURCHASES = 30  # among the judged rows, before a threshold is taken from them
EDGES = (0.0, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)  # of the probability, for the distribution
TOP_SHARES = (0.01, 0.05, 0.10)
CALIBRATION_GROUPS, FEWEST_PROMISED = 10, 5  # at most so many groups, each of which promises so many purchases


@dataclass(frozen=True)
class Scores:
    """Scores from the highest down, in narrow bins.

    Attributes:
        lowest: the least probability of each bin.
        points: rows in it.
        promised: the sum of their probabilities.
        bought: how many of them bought; empty where nobody knows.
    """

    lowest: Floats
    points: Floats
    promised: Floats
    bought: Floats

    @property
    def num_points(self) -> float:
        """All rows."""
        return float(self.points.sum())

    @property
    def num_bought(self) -> float:
        """All that bought."""
        return float(self.bought.sum())


def of(lines: list[list[float]]) -> Scores:
    """Read what a tally says of all rows, or of the judged ones."""
    table = np.array(lines or np.zeros((0, 4)), dtype=float)[::-1]
    lowest = np.array([lowest_of(int(place)) for place in table[:, 0]])
    return Scores(lowest, table[:, 1], table[:, 2], table[:, 3] if table.shape[1] > 3 else np.zeros(0))


@dataclass(frozen=True)
class Profit:
    """What a threshold earns, as value of purchases less cost of contacts.

    Attributes:
        threshold: the probability from which a visit is contacted; above 1 where no contact pays.
        contacted: share of the rows, by each bin from the top.
        profit: per thousand rows, by each bin from the top.
        best: the highest of them.
        is_judged: whether purchases that happened were counted; else those that the probabilities promise.
    """

    threshold: float
    contacted: Floats
    profit: Floats
    best: float
    is_judged: bool


def profit(everything: Scores, judged: Scores, value: float, cost: float) -> Profit:
    """Find the threshold that earns most.

    It is taken from rows whose end is known and that the model was not fit on; where they hold too few purchases, from
    the promised ones of all rows.
    """
    is_judged = judged.num_bought >= FEWEST_PURCHASES
    scores = judged if is_judged else everything
    gains = scores.bought if is_judged else scores.promised
    earned = np.cumsum(value * gains - cost * scores.points)
    whole = max(scores.num_points, 1.0)
    place = int(np.argmax(earned)) if len(earned) else -1
    pays = place >= 0 and earned[place] > 0
    contacted = np.cumsum(scores.points) / whole
    best = float(earned[place] / whole * 1000) if pays else 0.0
    threshold = float(scores.lowest[place]) if pays else 2.0
    return Profit(threshold, contacted, earned / whole * 1000, best, is_judged)


def num_from(scores: Scores, threshold: float) -> int:
    """Return how many rows are scored as high as a threshold, which begins a bin."""
    return int(scores.points[scores.lowest >= threshold - 1e-15].sum())


def distribution(scores: Scores) -> list[tuple[str, int]]:
    """Return how many rows lie between two probabilities, by their names."""
    counted, _ = np.histogram(scores.lowest, bins=np.array(EDGES), weights=scores.points)
    names = [f"{_share(low)} to {_share(high)}" for low, high in pairwise(EDGES)]
    return [(name, int(number)) for name, number in zip(names, counted, strict=True)]


def gain(judged: Scores) -> tuple[Floats, Floats]:
    """Return the share contacted and the share of purchases found, from the top."""
    return np.cumsum(judged.points) / judged.num_points, np.cumsum(judged.bought) / judged.num_bought


def lift(judged: Scores, share: float) -> float:
    """Return how many times the base rate buys among the highest scored share."""
    contacted, found = gain(judged)
    return float(np.interp(share, np.append(0.0, contacted), np.append(0.0, found)) / share)


def calibration(judged: Scores) -> list[tuple[float, Interval]]:
    """Return the promised rate and the observed one with its interval, of groups that promise equally many purchases.

    Purchases are rare: of groups of equally many rows all but one would promise next to nothing.
    """
    whole = float(judged.promised.sum())
    number = int(np.clip(whole // FEWEST_PROMISED, 2, CALIBRATION_GROUPS))
    group = np.minimum((np.cumsum(judged.promised) / whole * number).astype(int), number - 1)
    found = []
    for each in np.unique(group):
        is_in = group == each
        points = float(judged.points[is_in].sum())
        observed = wilson(float(judged.bought[is_in].sum()), points, confidence=BESIDE_A_FIGURE)
        found.append((float(judged.promised[is_in].sum() / points), observed))
    return found


def _share(probability: float) -> str:
    return f"{probability * 100:g}%"
