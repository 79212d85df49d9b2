"""overview.numbers — a period's counts and rates, and how they changed; from rows to what cards say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.context import PageContext
from app.data.visits import UNKNOWN_CATEGORY
from app.pages.overview import queries
from app.periods import Period
from app.statistics import Change, PairedSums, are_discoveries, count_change, rate_change


@dataclass(frozen=True)
class Day:
    """A day's counts."""

    day: date
    visits: int
    orders: int
    purchase_visits: int
    cart_visits: int
    abandoned: int
    bounces: int

    @property
    def conversion(self) -> float:
        """Visits with a purchase per visit."""
        return self.purchase_visits / self.visits if self.visits else 0.0


@dataclass(frozen=True)
class Move:
    """How the visits through one root category changed."""

    category: int
    change: Change
    is_named: bool


def by_day(context: PageContext) -> list[Day]:
    """Return the days of the context's period."""
    return [day_of(row) for row in context.ask(queries.by_day)]


def day_of(row: dict[str, Any]) -> Day:
    """Read a row of the query `by_day`."""
    return Day(
        row["session_date"],
        row["num_sessions"],
        row["num_orders"],
        row["num_purchase_sessions"],
        row["num_cart_sessions"],
        row["num_abandoned_carts"],
        row["num_bounces"],
    )


def visitors(context: PageContext) -> tuple[int, list[int]]:
    """Return the different visitors of the period, and of each of its days."""
    rows = context.ask(queries.visitors)
    daily = {row["session_date"]: row["num_visitors"] for row in rows}
    return daily[None], series(daily, context.period)


def rate_changes(context: PageContext) -> dict[str, Change]:
    """Return the changes of conversion, abandonment and, where the lake can tell, bounces."""
    rows = context.ask(queries.rates)
    return {name: rate_change(PairedSums.of(rows, *rate)) for name, rate in queries.RATES.items()}


def moves(context: PageContext, previous: PageContext) -> list[Move]:
    """Return how the visits of each known root category changed, the greatest change first.

    A share of at most a tenth of those named is chance.
    """
    now, then = roots(context), roots(previous)
    known = sorted((now.keys() | then.keys()) - {UNKNOWN_CATEGORY})
    changes = [
        count_change(series(now.get(root, {}), context.period), series(then.get(root, {}), previous.period))
        for root in known
    ]
    named = are_discoveries([change.p for change in changes])
    found = [Move(root, change, is_named) for root, change, is_named in zip(known, changes, named, strict=True)]
    return sorted(found, key=lambda move: (not move.is_named, -abs(move.change.difference)))


def roots(context: PageContext) -> dict[int, dict[date, int]]:
    """Return the visits of each day by root category of entry."""
    found: dict[int, dict[date, int]] = {}
    for row in context.ask(queries.roots_by_day):
        found.setdefault(row["root_category_id"], {})[row["session_date"]] = row["num_sessions"]
    return found


def series(by_date: dict[date, int], period: Period) -> list[int]:
    """Return a number for each day of a period, 0 where there is none."""
    return [by_date.get(date.fromordinal(period.start.toordinal() + place), 0) for place in range(period.days)]


def total(days: Sequence[Day], name: str) -> int:
    """Add up a count over days."""
    return sum(getattr(day, name) for day in days)
