"""funnel.numbers — steps, rates and skipped steps, from rows to what cards say."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from math import ceil
from operator import itemgetter

from app.context import PageContext
from app.data.cache import Rows
from app.data.visits import UNKNOWN_CATEGORY
from app.pages.funnel import followed, queries
from app.periods import Period
from app.statistics import Change, Interval, PairedSums, are_discoveries, rate_change, rate_interval

NAMES = ("View", "Cart", "Purchase")
AMPLE = 1.5  # days that should hold enough rows are taken so many times


@dataclass(frozen=True)
class Steps:
    """How many visits, or visitors, came how far."""

    total: int
    view: int
    cart: int
    purchase: int

    @property
    def counts(self) -> tuple[int, int, int]:
        """The steps in their order."""
        return self.view, self.cart, self.purchase

    @property
    def shares(self) -> tuple[float, ...]:
        """Their shares of all."""
        return tuple(count / self.total if self.total else 0.0 for count in self.counts)


@dataclass(frozen=True)
class Found:
    """The steps now and in the previous period, the days they stand for, and the changes of their rates."""

    now: Steps
    before: Steps | None
    period: Period
    changes: dict[str, Change]
    intervals: dict[str, Interval]


@dataclass(frozen=True)
class Root:
    """The steps of those who entered through one root category, their conversion and its change."""

    category: int
    total: int
    view: int
    cart: int
    conversion: Interval
    change: Change
    is_named: bool


@dataclass(frozen=True)
class Skips:
    """How many visits skipped a step, beside how many took the next one."""

    cart_visits: int
    carts_without_view: int
    purchase_visits: int
    purchases_without_cart: int

    @property
    def rates(self) -> tuple[float, float, float]:
        """Purchases without a cart per purchase, carts without a view per cart, carts with a purchase per cart."""
        bought = self.purchase_visits - self.purchases_without_cart
        return (
            self.purchases_without_cart / (self.purchase_visits or 1),
            self.carts_without_view / (self.cart_visits or 1),
            bought / (self.cart_visits or 1),
        )


def plain_steps(context: PageContext) -> Found:
    """Return the steps of visits in any order, whatever the page's own controls say."""
    previous = context.previous
    before = Steps(**previous.ask(queries.visit_steps)[0]) if previous else None
    return Found(Steps(**context.ask(queries.visit_steps)[0]), before, context.period, {}, {})


def steps(context: PageContext) -> Found:
    """Return the steps as the page's controls ask for them; days whose window is not over are left out."""
    now, before, previous = context.within(followed.entries(context)), None, context.previous
    if previous:
        start = previous.period.start
        before = previous.within(Period(start, start + timedelta(days=now.period.days - 1)))
    found = _paired(context.ask(queries.rates))
    return Found(
        Steps(**now.ask(queries.steps)[0]),
        Steps(**before.ask(queries.steps)[0]) if before else None,
        now.period,
        {name: rate_change(sums) for name, sums in found.items()} if previous else {},
        {name: rate_interval(sums) for name, sums in found.items()},
    )


def roots(context: PageContext) -> list[Root]:
    """Return every root category of entry, the most visited first."""
    by_root = groupby(context.ask(queries.roots), key=itemgetter("root_category_id"))
    paired = {root: _paired(list(rows)) for root, rows in by_root}
    known = sorted(paired.items(), key=lambda item: (-item[1]["purchase"].x1, item[0]))
    visited = {root: found for root, found in known if found["purchase"].x1}
    changes = [rate_change(found["purchase"]) for found in visited.values()]
    named = are_discoveries([change.p for change in changes])
    return [
        Root(
            root,
            int(found["purchase"].x1),
            int(found["view"].y1),
            int(found["cart"].y1),
            rate_interval(found["purchase"]),
            change,
            is_named,
        )
        for (root, found), change, is_named in zip(visited.items(), changes, named, strict=True)
    ]


def _paired(rows: Rows) -> dict[str, PairedSums]:
    return {name: PairedSums.of(rows, *rate) for name, rate in queries.RATES.items()}


def best(found: list[Root]) -> Root | None:
    """Return the known category whose rate is highest at the lower end of its interval; None if none stands out."""
    known = [root for root in found if root.category != UNKNOWN_CATEGORY and root.conversion.low > 0]
    return max(known, key=lambda root: root.conversion.low, default=None)


def skips(context: PageContext) -> Skips:
    """Return how many visits skipped a step."""
    return Skips(**context.ask(queries.skips)[0])


def dropped(context: PageContext, number: int) -> tuple[Rows, int]:
    """Return the newest visits that went no further, and how many they are; the newest days mostly hold enough."""
    whole, period = context.ask(queries.num_dropped)[0]["number"], context.period
    rows: Rows = []
    for days in (ceil(AMPLE * period.days * number / max(whole, number)), period.days):
        start = max(period.start, period.end - timedelta(days=days - 1))
        rows = context.within(Period(start, period.end)).head(queries.dropped_visits, number)
        if start == period.start or len(rows) >= min(number, whole):
            break
    return rows, whole
