"""recommend.lists — what the page asks of the lists in memory, and what is known of each item of the answer."""

import re
from dataclasses import dataclass

import numpy as np

from app.context import PageContext
from app.data.serving import Served
from app.params import Params
from ml.recommend.rank import Answer, Filters, Recommendation, Recommender
from ml.recommend.serving import Recommendations

GREATEST = (1 << 63) - 1
MOST_ITEMS = 200
SUGGESTED = 8
NEWEST = 2000  # visits among which visitors are suggested
UNKNOWN, KNOWN_AVAILABLE = -1, 1


@dataclass(frozen=True)
class Listed:
    """An item with what the shop says of it now.

    Attributes:
        item: its id.
        path: its categories from the root on; empty while unknown.
        price: its price; None while unknown.
        is_available: whether it can be bought; None while unknown.
        is_known: whether the shop's data holds it.
        has_neighbours: whether any visit held it beside another item.
    """

    item: int
    path: tuple[int, ...]
    price: float | None
    is_available: bool | None
    is_known: bool
    has_neighbours: bool


@dataclass(frozen=True)
class Asked:
    """Whom the page recommends to.

    Attributes:
        by: items, item or visitor.
        items: what was looked at, the newest last; the last visit's items of a visitor.
        visitor: whom; None where it is not by visitor, or nobody is named.
        filters: what the list may hold.
    """

    by: str
    items: list[int]
    visitor: int | None
    filters: Filters


def ids(text: str) -> list[int]:
    """Return the ids that a reader typed, in their order."""
    return [number for number in map(int, re.findall(r"[0-9]{1,19}", text)) if number <= GREATEST][-MOST_ITEMS:]


def asked(params: Params, served: Served) -> Asked:
    """Read whom and what the address asks for."""
    by, visitor = params["by"], None
    if by == "visitor":
        visitor = next(iter(ids(params["visitor"])), None)
        items = [] if visitor is None else served.memory.recommendations.last_visits.last_of(visitor)
    else:
        items = ids(params["items"]) if by == "items" else ids(params["item"])[:1]
    filters = Filters(
        exclude=frozenset(ids(params["exclude"])),
        categories=frozenset(ids(params["within"])),
        min_price=price(params["min_price"]),
        max_price=price(params["max_price"]),
        known_available_only=params["known_available"] == "true",
    )
    return Asked(by, items, visitor, filters)


def price(text: str) -> float | None:
    """Return a limit that a reader typed; None for what is no number."""
    return float(text) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,3})?", text.strip()) else None


def answer(served: Served, question: Asked) -> Answer:
    """Return the list, as the command line and the API do."""
    held = served.memory.recommendations
    if question.visitor is not None:
        return held.for_visitor(question.visitor, question.filters)
    return held.recommender.for_visit(question.items, question.filters)


def describe(recommender: Recommender, items: list[int]) -> list[Listed]:
    """Return what is known of items."""
    known = recommender.catalogue
    found = []
    for item, place in zip(items, known.places(items), strict=True):
        if place == UNKNOWN:
            found.append(Listed(item, (), None, None, False, False))
            continue
        category, cost, state = int(known.category[place]), float(known.price[place]), known.availability[place]
        path = tuple(known.paths.get(category, [category] if category != UNKNOWN else []))
        is_available = {0: False, 1: True}.get(state)
        has_neighbours = bool(recommender.starts[place + 1] > recommender.starts[place])
        found.append(Listed(item, path, None if np.isnan(cost) else cost, is_available, True, has_neighbours))
    return found


def popular(recommender: Recommender) -> list[Recommendation]:
    """Return items to begin with."""
    return recommender.for_visit([]).items[:SUGGESTED]


def recent_visitors(held: Recommendations) -> list[int]:
    """Return some visitors whose last visits are among the newest and looked at several items."""
    visits = held.last_visits
    if not len(visits):
        return []
    newest = np.argpartition(visits.ended_at, -min(NEWEST, len(visits)))[-NEWEST:]
    newest = newest[np.argsort(visits.ended_at[newest])[::-1]]
    several = newest[np.diff(visits.starts)[newest] >= 3]
    chosen: list[int] = visits.visitors[several[:SUGGESTED]].tolist()
    return chosen


def of(context: PageContext) -> tuple[Served, Asked]:
    """Return what is in memory, and what is asked of it.

    Raises:
        NotServed: it is not there yet.
    """
    served = context.lake.served()
    return served, asked(context.params, served)
