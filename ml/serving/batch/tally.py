"""batch.tally — what is known of many scores by narrow bins of log-odds: enough for each figure that a page draws."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

WIDTH = 0.02  # of log-odds: what lies so near is told as one
FURTHEST = 30.0  # log-odds beyond it count as it
UNSEEN = ("test", "later")  # parts of the time that the model was not fit on
NUM_BINS = int(2 * FURTHEST / WIDTH) + 1


class Tally:
    """Counts scores as they come."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self.rows = 0
        self.num_flagged = 0
        self.num_labelled = 0
        self.has_parts = False
        self._all = np.zeros((2, NUM_BINS))  # points, and the sum of their probabilities
        self._judged = np.zeros((3, NUM_BINS))  # the same, and how many of them bought

    def add(self, batch: pa.RecordBatch) -> None:
        """Count a batch with `probability` and `is_flagged`; where it has `label` or `part`, those too.

        Where rows tell their part of the time, only those count as judged that the model was not fit on.
        """
        names = batch.schema.names
        probability = batch["probability"].to_numpy(zero_copy_only=False)
        bins = bins_of(probability)
        self.rows += batch.num_rows
        self.num_flagged += int(np.nansum(_floats(batch["is_flagged"])))
        self._count(self._all, bins, probability)
        if "label" not in names:
            return
        label = _floats(batch["label"])
        has_label = ~np.isnan(label)
        self.num_labelled += int(has_label.sum())
        if "part" in names:
            self.has_parts = True
            has_label &= np.isin(batch["part"].to_numpy(zero_copy_only=False).astype(str), UNSEEN)
        self._count(self._judged, bins[has_label], probability[has_label], label[has_label])

    def to_document(self) -> dict[str, Any]:
        """Return it as JSON holds it: `all` and `judged` are [bin, points, sum of probabilities(, purchases)]."""
        return {
            "rows": self.rows,
            "num_flagged": self.num_flagged,
            "num_labelled": self.num_labelled,
            "has_parts": self.has_parts,
            "all": _lines(self._all),
            "judged": _lines(self._judged),
        }

    def _count(self, sums: npt.NDArray[np.float64], bins: npt.NDArray[np.int64], *values: Any) -> None:
        sums[0] += np.bincount(bins, minlength=NUM_BINS)
        for place, each in enumerate(values, 1):
            sums[place] += np.bincount(bins, weights=each, minlength=NUM_BINS)


def bins_of(probability: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the bin of each probability, from 0."""
    inside = np.clip(probability, 1e-15, 1 - 1e-15)
    log_odds = np.clip(np.log(inside / (1 - inside)), -FURTHEST, FURTHEST)
    return np.asarray(np.floor((log_odds + FURTHEST) / WIDTH), dtype=np.int64).clip(0, NUM_BINS - 1)


def lowest_of(bin_: int) -> float:
    """Return the least probability of a bin."""
    return float(1 / (1 + np.exp(FURTHEST - bin_ * WIDTH)))


def _floats(column: pa.Array) -> npt.NDArray[np.float64]:
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=float)


def _lines(sums: npt.NDArray[np.float64]) -> list[list[float]]:
    return [[int(place), *map(float, sums[:, place])] for place in np.flatnonzero(sums[0])]
