"""app.queries — what the pages ask of gold: one function, one SQL statement, one shape of answer."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from app.data import Publication
from app.view import Period

ALL_CATEGORIES = -2  # gold.funnel's row over every category


@dataclass(frozen=True)
class Totals:
    """The numbers of a period."""

    visits: int
    visitors: int
    orders: int
    purchase_visits: int
    cart_visits: int
    abandoned_carts: int
    bounces: int

    @property
    def conversion(self) -> float:
        """Visits with a purchase per visit."""
        return ratio(self.purchase_visits, self.visits)

    @property
    def abandonment(self) -> float:
        """Visits with a cart and no purchase per visit with a cart."""
        return ratio(self.abandoned_carts, self.cart_visits)

    @property
    def bounce_rate(self) -> float:
        """Visits of a single event per visit."""
        return ratio(self.bounces, self.visits)


@dataclass(frozen=True)
class Day(Totals):
    """The same numbers of one day."""

    day: date


@dataclass(frozen=True)
class Steps:
    """How many visits, or visitors, came how far; a step is counted in whatever order it happened."""

    total: int
    view: int
    cart: int
    purchase: int


@dataclass(frozen=True)
class Root(Steps):
    """The steps of those who entered through one root category; -1 is an item without a known category."""

    root_category_id: int


@dataclass(frozen=True)
class Skips:
    """How many visits skipped a step, beside how many took the next one."""

    cart_visits: int
    carts_without_view: int
    purchase_visits: int
    purchases_without_cart: int


def ratio(part: float, whole: float) -> float:
    """Return part / whole, 0 of nothing."""
    return part / whole if whole else 0.0


def totals(publication: Publication, period: Period) -> Totals:
    """Add up a period. A visitor who came on several days counts once."""
    sql = """
        SELECT coalesce(sum(num_sessions), 0) AS visits,
               (SELECT count(DISTINCT visitor_id) FROM gold.visitor_days
                WHERE session_date BETWEEN $start AND $end) AS visitors,
               coalesce(sum(num_orders), 0) AS orders,
               coalesce(sum(num_purchase_sessions), 0) AS purchase_visits,
               coalesce(sum(num_cart_sessions), 0) AS cart_visits,
               coalesce(sum(num_abandoned_carts), 0) AS abandoned_carts,
               coalesce(sum(num_bounces), 0) AS bounces
        FROM gold.daily_kpis
        WHERE session_date BETWEEN $start AND $end"""
    return Totals(**publication.rows(sql, **_days(period))[0])


def daily(publication: Publication, period: Period) -> list[Day]:
    """List the days of a period in order; a day without a visit is a row of zeros."""
    sql = """
        SELECT day::DATE AS day,
               coalesce(num_sessions, 0) AS visits, coalesce(num_visitors, 0) AS visitors,
               coalesce(num_orders, 0) AS orders, coalesce(num_purchase_sessions, 0) AS purchase_visits,
               coalesce(num_cart_sessions, 0) AS cart_visits, coalesce(num_abandoned_carts, 0) AS abandoned_carts,
               coalesce(num_bounces, 0) AS bounces
        FROM generate_series($start::DATE, $end::DATE, INTERVAL 1 DAY) AS days(day)
        LEFT JOIN gold.daily_kpis ON session_date = day::DATE
        ORDER BY day"""
    return [Day(**row) for row in publication.rows(sql, **_days(period))]


def steps(publication: Publication, period: Period, unit: str) -> Steps:
    """Count the steps of a period over all categories, by visits or by different visitors."""
    return Steps(**publication.rows(VISITOR_STEPS if unit == "visitor" else VISIT_STEPS, **_days(period))[0])


def roots(publication: Publication, period: Period, unit: str) -> list[Root]:
    """Count the steps by root category of entry, the most visited first."""
    return [
        Root(**row) for row in publication.rows(VISITOR_ROOTS if unit == "visitor" else VISIT_ROOTS, **_days(period))
    ]


def skips(publication: Publication, period: Period) -> Skips:
    """Count the visits of a period that skipped a step."""
    sql = f"""
        SELECT coalesce(sum(num_cart_sessions), 0) AS cart_visits,
               coalesce(sum(num_carts_without_view), 0) AS carts_without_view,
               coalesce(sum(num_purchase_sessions), 0) AS purchase_visits,
               coalesce(sum(num_purchases_without_cart), 0) AS purchases_without_cart
        FROM gold.funnel
        WHERE root_category_id = {ALL_CATEGORIES} AND session_date BETWEEN $start AND $end"""
    return Skips(**publication.rows(sql, **_days(period))[0])


VISIT_SUMS = """coalesce(sum(num_sessions), 0) AS total, coalesce(sum(num_view_sessions), 0) AS view,
                coalesce(sum(num_cart_sessions), 0) AS cart, coalesce(sum(num_purchase_sessions), 0) AS purchase"""
VISITOR_COUNTS = """count(*) AS total, count(*) FILTER (WHERE views > 0) AS view,
                    count(*) FILTER (WHERE carts > 0) AS cart, count(*) FILTER (WHERE purchases > 0) AS purchase"""
VISITOR_SUMS = (
    "sum(num_view_sessions) AS views, sum(num_cart_sessions) AS carts, sum(num_purchase_sessions) AS purchases"
)

VISIT_STEPS = f"""
    SELECT {VISIT_SUMS} FROM gold.funnel
    WHERE root_category_id = {ALL_CATEGORIES} AND session_date BETWEEN $start AND $end"""
VISIT_ROOTS = f"""
    SELECT root_category_id, {VISIT_SUMS} FROM gold.funnel
    WHERE root_category_id <> {ALL_CATEGORIES} AND session_date BETWEEN $start AND $end
    GROUP BY root_category_id ORDER BY total DESC, root_category_id"""
VISITOR_STEPS = f"""
    SELECT {VISITOR_COUNTS} FROM (
        SELECT visitor_id, {VISITOR_SUMS} FROM gold.visitor_days
        WHERE session_date BETWEEN $start AND $end GROUP BY visitor_id)"""
VISITOR_ROOTS = f"""
    SELECT root_category_id, {VISITOR_COUNTS} FROM (
        SELECT root_category_id, visitor_id, {VISITOR_SUMS} FROM gold.visitor_days
        WHERE session_date BETWEEN $start AND $end GROUP BY root_category_id, visitor_id)
    GROUP BY root_category_id ORDER BY total DESC, root_category_id"""


def _days(period: Period) -> dict[str, Any]:
    return {"start": period.start, "end": period.end}
