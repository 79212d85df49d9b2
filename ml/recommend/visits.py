"""ml.recommend.visits — what visitors looked at, visit by visit, in arrays."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from ml.recommend.catalogue import Ids

TABLE = "silver.session_events"
COLUMNS = ["visitor_id", "started_at", "position", "occurred_at", "item_id"]


@dataclass(frozen=True)
class Visits:
    """Visits in order of visitor and start.

    Attributes:
        visitors: the visitor of each visit.
        ended_at: its last event, epoch microseconds.
        starts: where the items of each visit start, and one more.
        items: the items of all events, in order.
    """

    visitors: Ids
    ended_at: Ids
    starts: Ids
    items: Ids

    def __len__(self) -> int:
        """Count the visits."""
        return len(self.visitors)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the items of each visit."""
        for start, end in zip(self.starts[:-1].tolist(), self.starts[1:].tolist(), strict=True):
            yield self.items[start:end].tolist()

    def last_of(self, visitor: int) -> list[int]:
        """Return the items of a visitor's last visit, none if there is no visit."""
        index = int(np.searchsorted(self.visitors, visitor, side="right")) - 1
        if index < 0 or self.visitors[index] != visitor:
            return []
        items: list[int] = self.items[self.starts[index] : self.starts[index + 1]].tolist()
        return items

    def where(self, chosen: np.ndarray) -> "Visits":
        """Return some of the visits, by a mask."""
        lengths = np.diff(self.starts)
        starts = np.concatenate([[0], np.cumsum(lengths[chosen])])
        return Visits(self.visitors[chosen], self.ended_at[chosen], starts, self.items[np.repeat(chosen, lengths)])

    def last(self) -> "Visits":
        """Return each visitor's last visit."""
        return self.where(np.append(self.visitors[1:] != self.visitors[:-1], True)) if len(self) else self


def of(session_events: pa.Table) -> Visits:
    """Put the events of visits in order.

    Args:
        session_events: `COLUMNS` of silver.session_events.
    """
    visitor, start, place, instant, item = (_numbers(session_events[name]) for name in COLUMNS)
    order = np.lexsort((place, start, visitor))
    visitor, start, instant, item = (each[order] for each in (visitor, start, instant, item))
    is_first = np.append(True, (visitor[1:] != visitor[:-1]) | (start[1:] != start[:-1]))[: len(order)]
    firsts = np.flatnonzero(is_first)
    ends = np.append(firsts[1:], len(order))[: len(firsts)]
    return Visits(visitor[firsts], instant[ends - 1], np.append(firsts, len(order)), item)


def _numbers(column: pa.ChunkedArray) -> Ids:
    return np.asarray(column.cast(pa.int64()).to_numpy(), dtype=np.int64)
