"""A lake's own visits described event by event, beside its decision points: the bond of the two code paths."""

from collections.abc import Iterator, Mapping
from math import inf, isclose
from typing import Any

from lakehouse.lake import Lake
from ml.predictions import NO_FEATURES
from ml.serving import facts
from ml.serving.visit import Event, Visit, describe

EXAMPLES, EVENTS = "gold.intent_examples", "silver.session_events"
MOST_EVENTS = 10  # of a visit: gold looks no further
TOLERANCE = 1e-9


def published(lake: Lake, name: str, columns: list[str] | None = None):
    """Return the published rows of a table."""
    return lake.store.arrow(name, lake.ledger.published().versions[name], columns)


def visits_of(lake: Lake, most: float = MOST_EVENTS) -> dict[tuple[int, Any], list[Event]]:
    """Return every visit of a lake as it stood before its purchase: visitor and start -> its first so many events."""
    names = ["visitor_id", "started_at", "position", "event_type", "occurred_at", "item_id", "is_before_purchase"]
    rows = published(lake, EVENTS, names).sort_by([(name, "ascending") for name in names[:3]])
    found: dict[tuple[int, Any], list[Event]] = {}
    for visitor, start, position, kind, at, item, is_before in zip(*[rows[n].to_pylist() for n in names], strict=True):
        if is_before and position <= most:
            found.setdefault((visitor, start), []).append(Event(kind, round(at.timestamp() * 1000), item))
    return found


def after_every_event(lake: Lake) -> Iterator[Mapping[str, Any]]:
    """Yield what is known of each visit before its purchase after each of its events."""
    known = facts.load(lake.store, lake.ledger.published())
    for (visitor, _), events in visits_of(lake, inf).items():
        yield from describe(Visit(events, visitor_id=visitor), known)


def pairs(lake: Lake) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Yield each decision point as its visit is described, and as gold has it."""
    known = facts.load(lake.store, lake.ledger.published())
    rows = published(lake, EXAMPLES).to_pylist()
    stored = {(row["visitor_id"], row["started_at"], row["decision_point"]): row for row in rows}
    for (visitor, start), events in visits_of(lake).items():
        for row in describe(Visit(events, visitor_id=visitor), known):
            if wanted := stored.get((visitor, start, row["decision_point"])):
                yield row, wanted


def differing(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the features in which both differ by more than 1e-9."""
    return {
        name: (row[name], value)
        for name, value in wanted.items()
        if name not in NO_FEATURES and not is_same(row[name], value)
    }


def is_same(one: Any, other: Any) -> bool:
    """Say whether two values are equal to 1e-9."""
    return one == other if one is None or other is None else isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
