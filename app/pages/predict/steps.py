"""predict.steps — a visit as its rows say it, and the events that they mean; what the browser keeps of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from string import ascii_uppercase
from typing import Any, NamedTuple, TypeGuard

from lakehouse.errors import Exit, LakehouseError
from ml.serving.visit import NEW_VISITOR, Event, Past, Visit

KINDS = {"view": "View", "addtocart": "Add to the cart"}
PASTS = {"new": "New visitor", "returning": "Came before", "buyer": "Bought before"}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY = timedelta(days=1)
LONGEST_PAUSE = 1800  # seconds
MOST_EVENTS = 100  # that the form takes


class Step(NamedTuple):
    """A row: kind, item (a letter for one that the shop does not have, or an id), seconds since the last, category.

    A category is told instead of an item, or beside a letter.
    """

    kind: str
    item: str
    seconds: float
    category: str = ""

    @property
    def words(self) -> str:
        """What the event is about."""
        told = [f"item {self.item}"] if self.item else []
        return ", ".join([*told, *([f"category {self.category}"] if self.category else [])])


@dataclass(frozen=True)
class Origin:
    """A visit that took place, whose events are rows now.

    Attributes:
        start: epoch milliseconds of its first event.
        visitor: whose it was; None where nobody said.
        told: what it was and how it ended, in sentences.
    """

    start: int
    visitor: int | None
    told: str

    def to_data(self) -> dict[str, Any]:
        """Return it as the browser keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Brought:
    """A real visit as the form takes it over."""

    steps: list[Step]
    origin: Origin


DEFAULT = [Step("view", "A", 0), Step("view", "B", 40), Step("addtocart", "B", 25)]


def visit_of(
    steps: Sequence[Step], hour: int, weekday: str, past: str, newest: datetime, origin: Origin | None = None
) -> Visit:
    """Return the visit that the rows mean: its start is that of the origin, or the newest such hour of such a weekday.

    Args:
        steps: the rows.
        hour: UTC, 0 to 23.
        weekday: one of DAYS.
        past: one of PASTS.
        newest: of the data, UTC.
        origin: the visit that took place, if they are one's.

    Raises:
        LakehouseError: an item or a category is no name of one, or a pause ends the visit (exit code 2).
    """
    day = newest.date() - DAY * ((newest.weekday() - DAYS.index(weekday)) % 7)
    start = origin.start if origin else int(datetime.combine(day, time(hour), UTC).timestamp() * 1000)
    millis, events = start, []
    for number, step in enumerate(steps, 1):
        if not 0 <= step.seconds <= LONGEST_PAUSE:
            message = f"Event {number} comes {step.seconds:g} s after the one before; from 0 to {LONGEST_PAUSE:,} s."
            raise LakehouseError(message, "a longer pause begins another visit", Exit.USAGE)
        millis += round(step.seconds * 1000) if number > 1 else 0
        events.append(Event(step.kind, millis, *_about(step)))
    if origin and origin.visitor is not None:
        return Visit(events, visitor_id=origin.visitor)
    yesterday = start - 86_400_000
    pasts = {"returning": Past(1, 0, 0, yesterday), "buyer": Past(1, 1, 1, yesterday)}
    return Visit(events, pasts.get(past, NEW_VISITOR))


def item_of(text: str) -> int:
    """Return the item that a reader names: a letter is one that the shop does not have, -1 for A; else an id.

    Raises:
        LakehouseError: it is neither (exit code 2).
    """
    word = str(text).strip().upper()
    if len(word) == 1 and word in ascii_uppercase:
        return -1 - ascii_uppercase.index(word)
    remedy = "name an id of the shop, or a letter for an item it does not have"
    return _id(word, f"{text!r} is no item.", remedy)


def changed(steps: Sequence[Step], act: Any, added: Step) -> list[Step]:
    """Return the rows after a click.

    Args:
        steps: the rows before it.
        act: the id of what was clicked.
        added: what the fields for the next event hold.
    """
    if isinstance(act, dict) and act["type"] == "predict-move":
        return moved(steps, act["place"], act["by"])
    if isinstance(act, dict):
        return [each for place, each in enumerate(steps) if place != act["place"]]
    if act == "predict-clear":
        return []
    kind = str(act).removeprefix("predict-add-")
    return [*steps, added._replace(kind=kind)][:MOST_EVENTS]


def moved(steps: Sequence[Step], place: int, by: int) -> list[Step]:
    """Return the rows with one event moved up (-1) or down (1); the pauses stay where they are."""
    other, after = place + by, list(steps)
    if 0 <= place < len(after) and 0 <= other < len(after):
        first, second = after[place], after[other]
        after[place], after[other] = (
            second._replace(seconds=first.seconds),
            first._replace(seconds=second.seconds),
        )
    return after


def next_step(item: object, category: object, seconds: object) -> Step:
    """Return what the fields for the next event hold; without item and category it is about item A."""
    names = ["" if each is None else str(each).strip().upper() for each in (item, category)]
    pause = float(seconds) if is_number(seconds) else 0.0
    return Step("view", names[0] or ("" if names[1] else "A"), pause, names[1])


def read_steps(data: object) -> list[Step]:
    """Read what the browser kept; nothing of it is trusted."""
    found = []
    for each in data if isinstance(data, list) else []:
        if isinstance(each, list) and len(each) in (3, 4) and each[0] in KINDS and is_number(each[2]):
            found.append(Step(each[0], str(each[1]), float(each[2]), str(each[3]) if len(each) > 3 else ""))
    return found[:MOST_EVENTS]


def read_origin(data: object) -> Origin | None:
    """Read which visit the browser kept; nothing of it is trusted."""
    if not isinstance(data, dict) or not is_id(data.get("start")):
        return None
    visitor = data.get("visitor")
    return Origin(data["start"], visitor if is_id(visitor) else None, str(data.get("told", "")))


def read_place(data: object, number: int) -> int:
    """Return after which of so many events the score is asked; after the latest unless somebody stepped."""
    return min(data, number) if is_id(data) and data else number


def is_number(value: object) -> TypeGuard[float]:
    """Say whether a value is a number, and no truth."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_id(value: object) -> TypeGuard[int]:
    """Say whether a value is a whole number of 64 bits that is not negative."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _about(step: Step) -> tuple[int | None, int | None]:
    """Return item and category of an event."""
    item = item_of(step.item) if step.item else None
    if not step.category:
        return item if item is not None else item_of("A"), None
    if item is not None and item >= 0:
        message = f"Item {item} of the shop has a category of its own."
        raise LakehouseError(message, "leave the category out, or name the item by a letter", Exit.USAGE)
    remedy = "name a category by its number, or leave it out"
    return item, _id(step.category, f"{step.category!r} is no category.", remedy)


def _id(word: str, message: str, remedy: str) -> int:
    if word.isascii() and word.isdigit() and len(word) <= 18:
        return int(word)
    raise LakehouseError(message, remedy, Exit.USAGE)
