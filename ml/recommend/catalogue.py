"""ml.recommend.catalogue — what is known of each item now, as arrays, and which categories lie below and above."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ids = npt.NDArray[np.int64]
UNAVAILABLE, AVAILABLE, UNKNOWN = 0, 1, 2
NOWHERE = -1  # the place of an item that the catalogue lacks, and the category that is not known


@dataclass(frozen=True)
class Catalogue:
    """Items by their place, which is that of their id in order.

    Attributes:
        ids: ids in ascending order.
        category: category of each, -1 while unknown.
        availability: of each: `UNAVAILABLE`, `AVAILABLE`, or `UNKNOWN`.
        price: price of each, NaN while unknown.
        paths: category -> the categories from the root to it.
    """

    ids: Ids
    category: Ids
    availability: bytes
    price: npt.NDArray[np.float64]
    paths: dict[int, list[int]] = field(default_factory=dict)

    def places(self, items: Sequence[int]) -> list[int]:
        """Return the place of each item, -1 for one that the catalogue lacks."""
        if not len(self.ids):
            return [NOWHERE] * len(items)
        wanted = np.asarray(items, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.ids, wanted), len(self.ids) - 1)
        places: list[int] = np.where(self.ids[found] == wanted, found, NOWHERE).tolist()
        return places

    def below(self, categories: Iterable[int]) -> frozenset[int]:
        """Return these categories and all that lie below one of them."""
        wanted = set(categories)
        return frozenset(wanted.union(*(self._beneath.get(each, ()) for each in wanted)))

    @cached_property
    def _beneath(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for category, path in self.paths.items():
            for each in path:
                found.setdefault(each, set()).add(category)
        return found

    def above(self, category: int) -> list[int]:
        """Return the categories above one, the nearest first."""
        return self.paths.get(category, [])[-2::-1]

    def without_availability(self) -> "Catalogue":
        """Return the same with every item's availability unknown."""
        return replace(self, availability=bytes([UNKNOWN]) * len(self.ids))


def build(items: Iterable[pa.Table], item_history: pa.Table, categories: pa.Table) -> Catalogue:
    """Put together what the tables say.

    Args:
        items: further tables with `item_id`, of items that may have no history.
        item_history: columns of silver.item_history; only what still lasts is looked at.
        categories: `category_id` and `path` of silver.categories.
    """
    now = item_history.filter(pc.is_null(item_history["valid_to"]))
    known = now["item_id"].to_numpy()
    ids = np.unique(np.concatenate([known, *(each["item_id"].to_numpy() for each in items)])).astype(np.int64)
    place = np.searchsorted(ids, known)
    category = np.full(len(ids), NOWHERE, dtype=np.int64)
    category[place] = pc.fill_null(now["category_id"], NOWHERE).to_numpy()
    availability = np.full(len(ids), UNKNOWN, dtype=np.uint8)
    availability[place] = pc.fill_null(now["is_available"].cast(pa.uint8()), UNKNOWN).to_numpy()
    price = np.full(len(ids), np.nan)
    price[place] = pc.fill_null(now["price"].cast(pa.float64()), np.nan).to_numpy()
    paths = dict(zip(categories["category_id"].to_pylist(), categories["path"].to_pylist(), strict=True))
    return Catalogue(ids, category, availability.tobytes(), price, paths)
