"""predict.real_visits — visits of the published lake: some to choose from, one at random, and their events."""

from datetime import UTC, datetime
from typing import Any

from app import wording
from app.data.publication import Publication
from app.pages.predict.pasted import brought
from app.pages.predict.steps import Brought, Step
from lakehouse import integers
from lakehouse.errors import Exit, LakehouseError

OFFERED = 20
FEWEST_EVENTS = 3  # of a visit at random: most visits have one, and nothing to step through
COLUMNS = "visitor_id, epoch_ms(started_at) AS start, num_views_before + num_adds_before AS events, num_transactions"
SOURCE = "silver.sessions WHERE num_views_before + num_adds_before > 0"


def offer(publication: Publication, typed: str) -> list[dict[str, str]]:
    """Return choices: the latest visits of the newest whole day; with digits, those of visitors that begin so.

    The visits of the very visitor come first, whatever their day.
    """
    digits = typed.strip()
    day = publication.last_day
    if not digits.isascii() or not digits.isdigit():
        rows = publication.rows(
            f"SELECT {COLUMNS} FROM {SOURCE} AND session_date = $day ORDER BY started_at DESC, visitor_id "
            f"LIMIT {OFFERED}",
            day=day,
        )
    else:
        rows = publication.rows(
            f"SELECT {COLUMNS} FROM {SOURCE} AND (visitor_id = $visitor OR session_date = $day AND "
            f"starts_with(visitor_id::VARCHAR, $digits)) ORDER BY visitor_id <> $visitor, started_at DESC "
            f"LIMIT {OFFERED}",
            day=day,
            digits=digits,
            visitor=integers.parse(digits) or 0,
        )
    return [{"value": name_of(row["visitor_id"], row["start"]), "label": _label(row)} for row in rows]


def at_random(publication: Publication) -> Brought:
    """Return a visit of the newest whole day, one of several events if there is one.

    Raises:
        LakehouseError: the day holds none (exit code 2).
    """
    rows = publication.rows(
        f"SELECT {COLUMNS} FROM {SOURCE} AND session_date = $day ORDER BY events < {FEWEST_EVENTS}, random() LIMIT 1",
        day=publication.last_day,
    )
    if not rows:
        raise _none("The newest whole day holds no visit.")
    return find(publication, rows[0]["visitor_id"], rows[0]["start"])


def find(publication: Publication, visitor: int, start: int) -> Brought:
    """Return a visit with its events before its first purchase.

    Args:
        publication: whose.
        visitor: whose visit.
        start: its start, epoch milliseconds.

    Raises:
        LakehouseError: there is none (exit code 2).
    """
    rows = publication.rows(
        "SELECT event_type, epoch_ms(occurred_at) AS at, item_id, is_before_purchase FROM silver.session_events "
        "WHERE session_date = $day AND visitor_id = $visitor AND epoch_ms(started_at) = $start ORDER BY position",
        day=datetime.fromtimestamp(start / 1000, UTC).date(),
        visitor=visitor,
        start=start,
    )
    before = [row for row in rows if row["is_before_purchase"] and row["event_type"] != "transaction"]
    if not before:
        raise _none(f"This lake holds no such visit of visitor {visitor}.")
    instants = [start, *(row["at"] for row in before)]
    steps = [
        Step(row["event_type"], str(row["item_id"]), (row["at"] - earlier) / 1000)
        for row, earlier in zip(before, instants, strict=False)
    ]
    return brought(steps, start, visitor, any(row["event_type"] == "transaction" for row in rows))


def name_of(visitor: int, start: int) -> str:
    """Return the name by which a choice means a visit."""
    return f"{visitor}-{start}"


def read_name(name: object) -> tuple[int, int]:
    """Return visitor and start of a choice.

    Raises:
        LakehouseError: it is none (exit code 2).
    """
    parts = [integers.parse(each) for each in str(name).split("-")]
    if len(parts) != 2 or parts[0] is None or parts[1] is None or not 0 <= parts[1] < 1 << 42:
        raise _none("That is no visit of this lake.")
    return parts[0], parts[1]


def _label(row: dict[str, Any]) -> str:
    began = datetime.fromtimestamp(row["start"] / 1000, UTC)
    number = f"{row['events']:,} event{wording.plural(row['events'])}"
    ended = ", bought" if row["num_transactions"] else ""
    return f"{row['visitor_id']} · {wording.short_day(began)} {began:%H:%M} · {number}{ended}"


def _none(message: str) -> LakehouseError:
    return LakehouseError(message, "choose another one", Exit.USAGE)
