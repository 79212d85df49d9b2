"""ml.serving.visit — the events of a visit so far, as the rows that the model reads, without an engine.

`describe` says of a visit what gold.intent_examples says of it, equal in every column, after every event instead of a
few. It is what the HTTP door, the site's form and a file of events are scored by. Spark's expressions cannot be shared
with plain Python, so a test bonds the two: it describes the lake's own visits anew and compares.

    facts = ml.serving.facts.load(store, run)        # or NOTHING_KNOWN, which knows no item and no category
    visit = Visit([Event("view", 1433170800000, item_id=7), Event("addtocart", 1433170830000, item_id=7)])
    rows = describe(visit, facts)                   # one row an event
    champion(settings).score(rows)                  # one probability an event
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol, TypeAlias

from lakehouse.errors import Exit, LakehouseError

KINDS = ("view", "addtocart")  # in the order of equal instants
PAUSE_MS = 30 * 60_000  # a longer one ends a visit, as silver.session_events cuts it
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
MOST_EVENTS = 1000
UNKNOWN_CATEGORY = -1
GREATEST_ID = (1 << 63) - 1
BOUNDS_MS = (0, 4_102_444_800_000)  # 1970 to 2100

Value: TypeAlias = float | int | bool | None
Row: TypeAlias = dict[str, Value]


class Event(NamedTuple):
    """One event of a visit, before any purchase.

    Attributes:
        kind: view or addtocart.
        millis: its instant, epoch milliseconds, UTC.
        item_id: the item. A negative number is an item that the shop does not have: nothing is known of it, but events
            that name the same one are of the same item. None is an item that no other event is of.
        category_id: the category, for an item that the shop does not have; else what is known of the item counts.
    """

    kind: str
    millis: int
    item_id: int | None = None
    category_id: int | None = None


class Past(NamedTuple):
    """What a visitor did in the visits that ended before this one.

    Attributes:
        num_visits: how many there were.
        num_adds: items put into the cart in them.
        num_purchases: how many of them held a purchase.
        ended_at: when the latest ended, epoch milliseconds; None without one.
    """

    num_visits: int = 0
    num_adds: int = 0
    num_purchases: int = 0
    ended_at: int | None = None


NEW_VISITOR = Past()


class Item(NamedTuple):
    """What is known of an item at an instant."""

    category_id: int | None = None
    is_available: bool | None = None
    price: float | None = None


class Rates(NamedTuple):
    """What was known of an item or a category before a day: views, and additions and transaction rows per view."""

    num_views: int
    cart_rate: float
    purchase_rate: float


class Facts(Protocol):
    """What is known of items, categories and visitors beside the visit; `ml.serving.facts` reads it from a lake."""

    def item(self, item_id: int, millis: int) -> Item:
        """Return what is known of an item at an instant."""

    def item_rates(self, item_id: int, day: int) -> Rates:
        """Return the rates of an item before a day, counted from 1970-01-01."""

    def category_rates(self, category_id: int, day: int) -> Rates:
        """Return the rates of a category before a day, -1 being the unknown one."""

    def past(self, visitor_id: int, millis: int) -> Past:
        """Return what a visitor did in visits that began before an instant."""


class NothingKnown:
    """A shop without items and without a past; its rates are those of gold.conversion_rates on its first day."""

    FIRST = Rates(0, 0.02, 0.01)

    def item(self, item_id: int, millis: int) -> Item:
        """Know nothing of an item."""
        return Item()

    def item_rates(self, item_id: int, day: int) -> Rates:
        """Return the first rates."""
        return self.FIRST

    def category_rates(self, category_id: int, day: int) -> Rates:
        """Return the first rates."""
        return self.FIRST

    def past(self, visitor_id: int, millis: int) -> Past:
        """Know nothing of a visitor."""
        return NEW_VISITOR


NOTHING_KNOWN = NothingKnown()


@dataclass(frozen=True)
class Visit:
    """A visit so far.

    Attributes:
        events: its events in any order; equal instants go by kind, then by item, as in silver.
        past: what the visitor did before, for whom no id is given.
        visitor_id: looked up in the facts instead, if given.
    """

    events: Sequence[Event]
    past: Past = NEW_VISITOR
    visitor_id: int | None = None


def describe(visit: Visit, facts: Facts) -> list[Row]:
    """Return the row of the model after each event: the columns of gold.intent_examples that are features.

    The rows are in the order of time, `decision_point` counts from 1. A truth is a bool, what is missing is None, as
    `Scorer.score` takes them.

    Raises:
        LakehouseError: the events are no visit, in a sentence that names the event (exit code 2).
    """
    events = _in_order(visit.events)
    start = events[0].millis
    past = visit.past if visit.visitor_id is None else facts.past(visit.visitor_id, start)
    began = _began(start, past)
    rows: list[Row] = []
    of_item: dict[int | tuple[str, int], int] = {}
    of_category: dict[int, int] = {}
    in_cart: set[int | tuple[str, int]] = set()
    num_adds = num_unavailable = latest_add = 0
    for place, event in enumerate(events, 1):
        item, name = _known(event, facts), _name(event, place)
        category = UNKNOWN_CATEGORY if item.category_id is None else item.category_id
        of_item[name] = of_item.get(name, 0) + 1
        of_category[category] = of_category.get(category, 0) + 1
        if event.kind == "addtocart":
            num_adds, latest_add = num_adds + 1, place
            in_cart.add(name)
        num_unavailable += item.is_available is False
        day = event.millis // DAY_MS
        item_rates = facts.item_rates(-1 if event.item_id is None else event.item_id, day)
        category_rates = facts.category_rates(category, day)
        rows.append(
            {
                "decision_point": place,
                **began,
                "num_views": place - num_adds,
                "num_adds": num_adds,
                "distinct_products": len(of_item),
                "seconds_so_far": (event.millis - start) / 1000.0,
                "seconds_since_last": (event.millis - events[place - 2].millis) / 1000.0 if place > 1 else None,
                "events_since_add": place - latest_add if latest_add else None,
                "num_same_item": of_item[name],
                "num_same_category": of_category[category],
                "is_item_in_cart": name in in_cart,
                "is_available": item.is_available,
                "price": item.price,
                "num_unavailable": num_unavailable,
                "item_views": item_rates.num_views,
                "item_cart_rate": item_rates.cart_rate,
                "item_purchase_rate": item_rates.purchase_rate,
                "category_cart_rate": category_rates.cart_rate,
                "category_purchase_rate": category_rates.purchase_rate,
            }
        )
    return rows


def _began(start: int, past: Past) -> Row:
    """Return what does not change in a visit: when it began, and what was before it."""
    return {
        "session_hour": start % DAY_MS // HOUR_MS,
        "session_weekday": (start // DAY_MS + 3) % 7 + 1,  # 1970-01-01 was a Thursday
        "num_earlier_visits": past.num_visits,
        "num_earlier_adds": past.num_adds,
        "num_earlier_purchases": past.num_purchases,
        "hours_since_visit": None if past.ended_at is None else (start - past.ended_at) / 1000.0 / 3600.0,
    }


def _in_order(events: Sequence[Event]) -> list[Event]:
    if not 1 <= len(events) <= MOST_EVENTS:
        raise _no_visit(f"A visit has 1 to {MOST_EVENTS:,} events; these are {len(events):,}.")
    for number, event in enumerate(events, 1):
        if event.kind not in KINDS:
            told = "a purchase ends what can be asked" if event.kind == "transaction" else "that is no kind of event"
            raise _no_visit(f"Event {number} is {event.kind!r}: {told}; it is view or addtocart.")
        if not BOUNDS_MS[0] <= event.millis < BOUNDS_MS[1]:
            raise _no_visit(f"Event {number} is of no instant between 1970 and 2100.")
        if any(each is not None and abs(each) > GREATEST_ID for each in (event.item_id, event.category_id)):
            raise _no_visit(f"Event {number} names an id of more than 64 bits.")
    ordered = sorted(events, key=lambda each: (each.millis, KINDS.index(each.kind), each.item_id or 0))
    for before, after in pairwise(ordered):
        if after.millis - before.millis > PAUSE_MS:
            minutes = (after.millis - before.millis) / 60_000
            raise _no_visit(f"A pause of {minutes:,.0f} minutes ends a visit: the events after it are another one.")
    return ordered


def _no_visit(message: str) -> LakehouseError:
    return LakehouseError(message, "give the events of one visit, no pause longer than 30 minutes", Exit.USAGE)


def _known(event: Event, facts: Facts) -> Item:
    if event.item_id is None or event.item_id < 0:
        return Item(event.category_id)
    return facts.item(event.item_id, event.millis)


def _name(event: Event, place: int) -> int | tuple[str, int]:
    return ("event", place) if event.item_id is None else event.item_id
