"""ml.serving.facts — what a publication knows of items, categories and visitors at any instant, as arrays in memory.

They answer what the batch path looks up by joins: silver.item_history as of an event, the counts of
gold.conversion_rates before a day, the earlier visits of silver.sessions. At the official size they take 125 MB.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.storage.ledger import Run
from lakehouse.storage.store import Store
from ml.serving.visit import NEW_VISITOR, UNKNOWN_CATEGORY, Item, Past, Rates

HISTORY, EVENTS, SESSIONS = "silver.item_history", "silver.session_events", "silver.sessions"
TABLES = (HISTORY, EVENTS, SESSIONS)
KINDS = ("view", "addtocart", "transaction")
# As gold.conversion_rates smooths: views that the shop's rate weighs, and that rate before the shop has a past.
STRENGTH, FIRST_RATES = 100.0, (0.02, 0.01)
MOST_DAYS = 10_000  # whose rates of the shop are kept
UNKNOWN = 2  # availability; 0 and 1 are known

Ints = npt.NDArray[np.int64]
Array = npt.NDArray[Any]


class Searched:
    """Rows in order of an id and, within it, of a second column; found by bisection of the arrays' own memory."""

    def __init__(self, ids: Array, seconds: Array) -> None:
        """Take both columns, in order."""
        # a memoryview yields plain ints: bisecting it takes a microsecond, searching an array by NumPy ten
        self._ids, self._seconds = ids.data, seconds.data

    def before(self, id_: int, second: int, with_equal: bool = False) -> tuple[int, int]:
        """Return the first place of an id, and the last one of it that is before (or at) a second value, or less."""
        low = bisect_left(self._ids, id_)
        high = bisect_right(self._ids, id_, low)
        return low, (bisect_right if with_equal else bisect_left)(self._seconds, second, low, high) - 1


@dataclass(frozen=True)
class History:
    """Intervals of items in order of item and start: instants in epoch milliseconds, the last one's end far away."""

    item: Ints
    start: Ints
    end: Ints
    category: Ints
    availability: npt.NDArray[np.uint8]
    price: npt.NDArray[np.float64]

    @cached_property
    def _searched(self) -> Searched:
        return Searched(self.item, self.start)

    def at(self, item_id: int, millis: int) -> Item:
        """Return what is known of an item at an instant."""
        low, place = self._searched.before(item_id, millis, with_equal=True)
        if place < low or millis >= self.end[place]:
            return Item()
        category, price, is_available = int(self.category[place]), float(self.price[place]), self.availability[place]
        return Item(
            None if category == UNKNOWN_CATEGORY else category,
            None if is_available == UNKNOWN else bool(is_available),
            None if np.isnan(price) else price,
        )


@dataclass(frozen=True)
class Counts:
    """Views, additions and transaction rows up to and with each day on which an id has an event, by id and day."""

    id: Ints
    day: npt.NDArray[np.int32]
    upto: npt.NDArray[np.int32]

    @cached_property
    def _searched(self) -> Searched:
        return Searched(self.id, self.day)

    def before(self, id_: int, day: int) -> list[int]:
        """Return the three counts of an id on the days before one."""
        low, place = self._searched.before(id_, day)
        return self.upto[place].tolist() if place >= low else [0, 0, 0]


@dataclass(frozen=True)
class Visitors:
    """Visits in order of visitor and start; additions and purchases are sums over all visits up to and with each."""

    visitor: Ints
    started_at: Ints
    ended_at: Ints
    adds: npt.NDArray[np.int32]
    purchases: npt.NDArray[np.int32]

    @cached_property
    def _searched(self) -> Searched:
        return Searched(self.visitor, self.started_at)

    def before(self, visitor_id: int, millis: int) -> Past:
        """Return what a visitor did in visits that began before an instant."""
        low, place = self._searched.before(visitor_id, millis)
        if place < low:
            return NEW_VISITOR
        adds, purchases = (
            int(each[place]) - (int(each[low - 1]) if low else 0) for each in (self.adds, self.purchases)
        )
        return Past(place - low + 1, adds, purchases, int(self.ended_at[place]))


@dataclass(frozen=True)
class LakeFacts:
    """The facts of one publication, by `ml.serving.visit.Facts`.

    Attributes:
        history: of items.
        items: counts of items.
        categories: counts of categories.
        shop: counts of all together, by one id.
        visitors: the visits.
    """

    history: History
    items: Counts
    categories: Counts
    shop: Counts
    visitors: Visitors

    def item(self, item_id: int, millis: int) -> Item:
        """Return what is known of an item at an instant."""
        return self.history.at(item_id, millis)

    def item_rates(self, item_id: int, day: int) -> Rates:
        """Return the rates of an item before a day."""
        return self._rates(self.items.before(item_id, day), day)

    def category_rates(self, category_id: int, day: int) -> Rates:
        """Return the rates of a category before a day."""
        return self._rates(self.categories.before(category_id, day), day)

    def past(self, visitor_id: int, millis: int) -> Past:
        """Return what a visitor did in visits that began before an instant."""
        return self.visitors.before(visitor_id, millis)

    @cached_property
    def _priors(self) -> dict[int, list[float]]:
        return {}

    def _rates(self, counts: Sequence[int], day: int) -> Rates:
        prior = self._priors.get(day)
        if prior is None:
            views, *acts = self.shop.before(0, day)
            prior = [_rate(act, views, first) for act, first in zip(acts, FIRST_RATES, strict=True)]
            if len(self._priors) < MOST_DAYS:
                self._priors[day] = prior
        num_views, num_adds, num_purchases = counts
        return Rates(num_views, _rate(num_adds, num_views, prior[0]), _rate(num_purchases, num_views, prior[1]))


def load(store: Store, run: Run) -> LakeFacts:
    """Read the facts of a publication."""
    found = LakeFacts(
        _history(_read(store, run, HISTORY)),
        *_all_counts(_read(store, run, EVENTS)),
        _visitors(_read(store, run, SESSIONS)),
    )
    pa.default_memory_pool().release_unused()
    return found


def _read(store: Store, run: Run, name: str) -> Mapping[str, Array]:
    """Read a table batch by batch, so that it is never in memory twice, each column as `AS_NUMBERS` says."""
    rows = store.delta(name, run.versions[name]).to_pyarrow_dataset()
    pieces: dict[str, list[Array]] = {column: [] for column in AS_NUMBERS[name]}
    scanner = rows.scanner(columns=list(pieces), batch_readahead=2, fragment_readahead=1)
    nothing = pa.RecordBatch.from_pylist([], scanner.projected_schema)  # a table may have no row
    for batch in chain([nothing], scanner.to_batches()):
        for column, as_numbers in AS_NUMBERS[name].items():
            pieces[column].append(as_numbers(batch[column]))
    return {column: np.concatenate(each) for column, each in pieces.items()}


def _history(rows: Mapping[str, Array]) -> History:
    order = np.lexsort((rows["valid_from"], rows["item_id"]))
    return History(*[rows[column][order] for column in AS_NUMBERS[HISTORY]])


def _all_counts(rows: Mapping[str, Array]) -> tuple[Counts, Counts, Counts]:
    day, kind, nobody = rows["event_date"], rows["event_type"], np.zeros(len(rows["event_date"]), dtype=np.int64)
    return _counts(rows["item_id"], day, kind), _counts(rows["category_id"], day, kind), _counts(nobody, day, kind)


def _counts(ids: Ints, day: Array, kind: Array) -> Counts:
    """Add up the events of each id by day, and over the days of the id."""
    order = np.lexsort((day, ids))
    ids, day = ids[order], day[order]
    summed = np.cumsum(kind[order, None] == np.arange(len(KINDS)), axis=0, dtype=np.int32)
    is_last = np.append((ids[1:] != ids[:-1]) | (day[1:] != day[:-1]), True)[: len(ids)]
    ids, day, upto = ids[is_last], day[is_last], summed[is_last]
    first = np.searchsorted(ids, ids)  # where the rows of the same id start
    before = np.concatenate([np.zeros((1, len(KINDS)), dtype=np.int32), upto])[first]
    return Counts(ids, day, upto - before)


def _visitors(rows: Mapping[str, Array]) -> Visitors:
    order = np.lexsort((rows["started_at"], rows["visitor_id"]))
    adds = np.cumsum(rows["num_adds"][order], dtype=np.int32)
    purchases = np.cumsum(rows["num_transactions"][order] > 0, dtype=np.int32)
    visitor, started, ended = (rows[column][order] for column in ("visitor_id", "started_at", "ended_at"))
    return Visitors(visitor, started, ended, adds, purchases)


def _rate(count: int, num_views: int, prior: float) -> float:
    return (count + STRENGTH * prior) / (num_views + STRENGTH)


def _ints(cells: pa.Array) -> Ints:
    return np.asarray(cells.to_numpy(zero_copy_only=False), dtype=np.int64)


def _millis(cells: pa.Array) -> Ints:
    millis = pc.cast(pc.cast(cells, pa.timestamp("ms", "UTC"), safe=False), pa.int64())
    return _ints(pc.fill_null(millis, np.iinfo(np.int64).max))


def _category(cells: pa.Array) -> Ints:
    return _ints(pc.fill_null(cells, UNKNOWN_CATEGORY))


def _availability(cells: pa.Array) -> Array:
    return np.asarray(pc.fill_null(cells.cast(pa.uint8()), UNKNOWN), dtype=np.uint8)


def _price(cells: pa.Array) -> Array:
    return np.asarray(pc.fill_null(cells.cast(pa.float64()), np.nan), dtype=np.float64)


def _day(cells: pa.Array) -> Array:
    return np.asarray(cells.cast(pa.int32()), dtype=np.int32)


def _kind(cells: pa.Array) -> Array:
    return np.asarray(pc.index_in(cells, pa.array(KINDS)).cast(pa.int8()), dtype=np.int8)


AS_NUMBERS: dict[str, dict[str, Callable[[pa.Array], Array]]] = {  # how each column of a table is kept
    HISTORY: {
        "item_id": _ints,
        "valid_from": _millis,
        "valid_to": _millis,
        "category_id": _category,
        "is_available": _availability,
        "price": _price,
    },
    EVENTS: {"event_date": _day, "event_type": _kind, "item_id": _ints, "category_id": _category},
    SESSIONS: {
        "visitor_id": _ints,
        "started_at": _millis,
        "ended_at": _millis,
        "num_adds": _ints,
        "num_transactions": _ints,
    },
}
