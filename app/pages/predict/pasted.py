"""predict.pasted — a visit out of lines that a reader pasted: the source's own, or `timestamp,event,itemid`."""

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from app import wording
from app.pages.predict.steps import KINDS, MOST_EVENTS, Brought, Origin, Step
from lakehouse import integers
from lakehouse.errors import Exit, LakehouseError
from ml.serving.visit import BOUNDS_MS, PAUSE_MS

SHORT = ("timestamp", "event", "itemid")
SOURCE = ("timestamp", "visitorid", "event", "itemid", "transactionid")
BOUGHT = "transaction"
ORDER = (*KINDS, BOUGHT)
LONGEST = 100_000  # characters


class Row(NamedTuple):
    """A line."""

    number: int
    millis: int
    kind: str
    item: int
    visitor: int | None


def read(text: str) -> Brought:
    """Return the visit that lines hold, up to its first purchase.

    The columns go by a header where there is one, else by their number: three are `SHORT`, four or five `SOURCE`.

    Raises:
        LakehouseError: they hold none, or more than one (exit code 2); the message names the line.
    """
    if len(text) > LONGEST:
        raise _wrong(f"These are {len(text):,} characters; a visit has up to {LONGEST:,}.")
    lines = [
        (number, [cell.strip() for cell in cells])
        for number, cells in enumerate(csv.reader(text.replace("\0", "").splitlines()), 1)
        if any(cell.strip() for cell in cells)
    ]
    if not lines:
        raise _wrong("Nothing is pasted.")
    columns = [cell.lower() for cell in lines[0][1]]
    if "timestamp" in columns:
        lines = lines[1:]
        missing = [name for name in SHORT if name not in columns]
        if missing:
            raise _wrong(f"The header has no {' and no '.join(missing)}.")
    else:
        columns = list(SHORT if len(columns) == len(SHORT) else SOURCE)
    rows = sorted(
        (_row(number, cells, columns) for number, cells in lines),
        key=lambda row: (row.millis, ORDER.index(row.kind), row.item),
    )
    return _visit(rows)


def _row(number: int, cells: Sequence[str], columns: Sequence[str]) -> Row:
    if not len(SHORT) <= len(cells) <= len(columns):
        raise _wrong(f"Line {number} has {len(cells)} fields, not {len(columns)}.")
    said = dict(zip(columns, cells, strict=False))
    kind, item = said.get("event", ""), integers.parse(said.get("itemid", ""))
    millis, visitor = _millis(said["timestamp"]), integers.parse(said.get("visitorid", ""))
    if millis is None or not BOUNDS_MS[0] <= millis < BOUNDS_MS[1]:
        raise _wrong(f"Line {number}: {said['timestamp']!r} is no instant, in milliseconds or ISO 8601 with a zone.")
    if kind not in ORDER:
        raise _wrong(f"Line {number}: {kind!r} is none of {', '.join(ORDER)}.")
    if item is None or item < 0:
        raise _wrong(f"Line {number}: {said.get('itemid', '')!r} is no item.")
    if said.get("visitorid") and (visitor is None or visitor < 0):
        raise _wrong(f"Line {number}: {said['visitorid']!r} is no visitor.")
    return Row(number, millis, kind, item, visitor)


def _visit(rows: Sequence[Row]) -> Brought:
    if not rows:
        raise _wrong("There is no line behind the header.")
    visitors = {row.visitor for row in rows}
    if len(visitors) > 1:
        other = next(row for row in rows if row.visitor != rows[0].visitor)
        raise _wrong(f"Line {other.number} is of another visitor than line {rows[0].number}.")
    steps: list[Step] = []
    before = rows[0].millis
    bought = next((place for place, row in enumerate(rows) if row.kind == BOUGHT), None)
    for row in rows[:bought]:
        if row.millis - before > PAUSE_MS:
            raise _wrong(
                f"Line {row.number} comes more than 30 minutes after the event before: it begins another visit."
            )
        steps.append(Step(row.kind, str(row.item), (row.millis - before) / 1000))
        before = row.millis
    if not steps:
        raise _wrong("The visit begins with its purchase: nothing can be asked before.")
    return brought(steps, rows[0].millis, rows[0].visitor, bought is not None)


def brought(steps: list[Step], start: int, visitor: int | None, has_bought: bool) -> Brought:
    """Return a visit that took place, with what is told of it.

    Args:
        steps: its events before its first purchase, all of them.
        start: epoch milliseconds.
        visitor: whose it was, if known.
        has_bought: whether a purchase came after them.
    """
    began = datetime.fromtimestamp(start / 1000, UTC)
    whose = "A visit" if visitor is None else f"Visitor {visitor}"
    told = f"{whose}, {wording.day(began)} {began:%H:%M:%S} UTC. "
    number = f"{len(steps):,} event{wording.plural(len(steps))}"
    told += f"It bought after {number}." if has_bought else f"It held {number} and no purchase."
    if len(steps) > MOST_EVENTS:
        told += f" The first {MOST_EVENTS} stand here."
    return Brought(steps[:MOST_EVENTS], Origin(start, visitor, told))


def _millis(text: str) -> int | None:
    number = integers.parse(text)
    if number is not None:
        return number
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return round(at.timestamp() * 1000) if at.tzinfo else None


def _wrong(message: str) -> LakehouseError:
    remedy = "paste the lines of one visit: timestamp,event,itemid, or timestamp,visitorid,event,itemid,transactionid"
    return LakehouseError(message, remedy, Exit.USAGE)
