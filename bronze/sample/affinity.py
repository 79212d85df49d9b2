"""bronze.sample.affinity — which items belong together.

The items of a category fall into families of some twenty, such as the models of one kind. Each family
has a companion, most often in another category, as a camera has its lenses. No file tells of either: they show in what
is looked at in one visit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FAMILY_SIZE = 20  # items, or a few more


@dataclass(frozen=True)
class Affinity:
    """Families of items; the items of a family stand side by side in the catalogue.

    Attributes:
        family: Number of each item's family, from 0.
        first_item: Position of the first item of each family, and the number of items at last.
        companion: Number of each family's companion, which has that family for its own; itself where one is left over.
    """

    family: NDArray[np.int64]
    first_item: NDArray[np.int64]
    companion: NDArray[np.int64]


def group(rng: np.random.Generator, category: NDArray[np.int64]) -> Affinity:
    """Cut each category, given for each item in ascending order, into families of like size, and pair these."""
    first, size = np.unique(category, return_index=True, return_counts=True)[1:]
    place, size = np.arange(len(category)) - np.repeat(first, size), np.repeat(size, size)
    part = place * np.maximum(1, size // FAMILY_SIZE) // size
    opens = (np.diff(category, prepend=-1) != 0) | (np.diff(part, prepend=-1) != 0)
    first_item = np.flatnonzero(opens)
    partners = rng.permutation(len(first_item))
    companion = np.arange(len(first_item))
    half = len(first_item) // 2
    companion[partners[:half]], companion[partners[half : 2 * half]] = partners[half : 2 * half], partners[:half]
    return Affinity(np.cumsum(opens) - 1, np.append(first_item, len(category)), companion)
