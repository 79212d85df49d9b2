"""ml.intent.threshold — the probability from which a decision point is flagged."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
FEWEST_PURCHASES = 30


@dataclass(frozen=True)
class Threshold:
    """The probability from which a decision point is flagged.

    Attributes:
        value: between two scores of its slice; None where the slice holds too few purchases to choose it.
        num_purchases: visits with a purchase in the slice.
    """

    value: float | None
    num_purchases: int

    @property
    def sentence(self) -> str:
        """How it was chosen, or why it was not."""
        if self.value is None:
            return f"no threshold: its slice holds {self.num_purchases} purchases, and {FEWEST_PURCHASES} are needed"
        return f"threshold {self.value:.4f}, chosen on {self.num_purchases} purchases"


def choose(scores: Floats, positives: Floats, totals: Floats, num_purchases: int) -> Threshold:
    """Return the threshold with the best F1, half way between the last score above it and the first below it.

    Args:
        scores: of rows that stand for one or more alike.
        positives: how many of each row are before a purchase.
        totals: how many a row stands for.
        num_purchases: visits with a purchase among them.
    """
    if num_purchases < FEWEST_PURCHASES:
        return Threshold(None, num_purchases)
    order = np.argsort(-scores, kind="stable")
    ranked, found, flagged = scores[order], np.cumsum(positives[order]), np.cumsum(totals[order])
    ends = np.flatnonzero(np.diff(ranked, append=-1.0))  # the last of each run of equal scores
    best = ends[int(np.argmax(2 * found[ends] / (flagged[ends] + found[-1])))]
    below = ranked[best + 1] if best + 1 < len(ranked) else 0.0
    return Threshold(float((ranked[best] + below) / 2), num_purchases)
