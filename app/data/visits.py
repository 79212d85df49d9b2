"""data.visits — SQL that several pages share: which visits are meant, and sums over visitors for intervals of rates."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from app.data import derived

if TYPE_CHECKING:
    from app.context import PageContext

ALL_CATEGORIES = -2  # gold.funnel's row over every category
UNKNOWN_CATEGORY = -1

STEPS = "num_sessions num_view_sessions num_cart_sessions num_purchase_sessions"
SKIPS = "num_carts_without_view num_purchases_without_cart"
VISITOR_DAYS = {"gold.visitor_days": f"session_date root_category_id is_new visitor_id num_bounces {STEPS} {SKIPS}"}


def days(context: "PageContext") -> dict[str, Any]:
    """Return the first and last day that are meant, as parameters."""
    return {"start": context.period.start, "end": context.period.end}


def both_periods(context: "PageContext") -> dict[str, Any]:
    """Return the days of the shown and of the previous period, as parameters; without one, days that never were."""
    current, previous = context.window.current, context.window.previous or context.window.current.earlier(36_500)
    return {"start": current.start, "end": current.end, "start0": previous.start, "end0": previous.end}


def part(context: "PageContext") -> tuple[str, dict[str, Any]]:
    """Return the conditions of segment and category, to be put behind others, and their parameters."""
    sql = ""
    parameters: dict[str, Any] = {}
    if context.is_new is not None:
        sql += " AND is_new = $is_new"
        parameters["is_new"] = context.is_new
    if context.category is not None:
        sql += " AND root_category_id = $category"
        parameters["category"] = context.category
    return sql, parameters


SEGMENTS = {
    "gold.visit_segments": f"session_date root_category_id is_new {STEPS} num_abandoned_carts num_bounces",
}
_COUNTED = {  # what a visit may count as: its name in gold, and its letter in the derived tables
    "visits": ("num_sessions", "v"),
    "views": ("num_view_sessions", "w"),
    "carts": ("num_cart_sessions", "c"),
    "purchases": ("num_purchase_sessions", "p"),
    "abandoned": ("num_abandoned_carts", "a"),
    "bounces": ("num_bounces", "b"),
}
_NOW, _BEFORE = "BETWEEN $start AND $end", "BETWEEN $start0 AND $end0"
_EITHER = f"({{day}} {_NOW} OR {{day}} {_BEFORE})"
Rate = tuple[str, str]  # denominator and numerator, each of _COUNTED


def visitors_before(context: "PageContext", by_root: bool = False) -> str:
    """Return the derived table that counts visitors by their day before, for the segment and category meant."""
    return derived.firsts(context.is_new is False, by_root or context.category is not None)


def cluster_sums(context: "PageContext", rates: Collection[Rate], by_root: bool = False) -> tuple[str, dict[str, Any]]:
    """Return SQL that yields what `PairedSums.of` reads of some rates, and its parameters; visits are counted.

    Args:
        context: whose days, segment and category are meant.
        rates: denominators and numerators; visits and carts may be denominators.
        by_root: whether there are rows for each `root_category_id`.
    """
    conditions, parameters = part(context)
    counted, products = _counted(rates), _products(rates)
    key, of_root = "root_category_id, " * by_root, " AND root_category_id = $category" * (context.category is not None)
    sums = ", ".join(f"sum({_COUNTED[name][0]})::BIGINT AS {name}" for name in counted)
    linear = (
        f"SELECT {key}session_date {_NOW} AS is_now, {sums} FROM gold.visit_segments "
        f"WHERE {_EITHER.format(day='session_date')}{conditions} GROUP BY ALL"
    )
    if context.is_new:  # a visitor has one first visit, so that products and visitors are counts
        ones = [f"{y} AS {x}_{y}" for x, y in products] + [f"{x} AS visitors_{x}" for x, _ in rates]
        sql = f"SELECT *, is_now AS is_other_now, {', '.join(dict.fromkeys(ones))} FROM ({linear})"
        return sql, both_periods(context) | parameters
    named = (context.is_new is False, by_root or context.category is not None)
    across = ", ".join(f"sum({_COUNTED[x][1]}{_COUNTED[y][1]})::BIGINT AS {x}_{y}" for x, y in products)
    squares = (
        f"SELECT {key}day {_NOW} AS is_now, other_day {_NOW} AS is_other_now, {across} FROM {derived.pairs(*named)} "
        f"WHERE {_EITHER.format(day='day')} AND {_EITHER.format(day='other_day')}{of_root} GROUP BY ALL"
    )
    first = "day {} AND (previous_day IS NULL OR previous_day < {})"
    seen = ", ".join(
        f"coalesce(sum(number) FILTER (step = '{_COUNTED[x][1]}'), 0)::BIGINT AS visitors_{x}"
        for x in sorted({x for x, _ in rates})
    )
    visitors = (
        f"SELECT {key}day {_NOW} AS is_now, {seen} FROM {derived.firsts(*named)} "
        f"WHERE ({first.format(_NOW, '$start')} OR {first.format(_BEFORE, '$start0')}){of_root} GROUP BY ALL"
    )
    sql = f"""
            SELECT * FROM ({linear})
            JOIN ({squares}) USING ({key}is_now)
            JOIN ({visitors}) USING ({key}is_now)"""
    return sql, both_periods(context) | parameters


def grouped_sums(visitors: str, rates: Collection[Rate], by: str = "") -> str:
    """Return SQL that yields the same of what `per_visitor` yields.

    Args:
        visitors: SQL with a row for each visitor.
        rates: denominators and numerators.
        by: a further column to group by.
    """
    key, group = (f"{by}, ", f" GROUP BY {by}") if by else ("", "")
    selects = []
    for one, other in ("11", "00", "10", "01"):
        columns = [f"{one == '1'} AS is_now", f"{other == '1'} AS is_other_now"]
        columns += [f"sum({name}{one})::BIGINT AS {name}" for name in _counted(rates)]
        columns += [f"sum({x}{one} * {y}{other})::BIGINT AS {x}_{y}" for x, y in _products(rates)]
        columns += [f"count(*) FILTER ({x}{one} > 0) AS visitors_{x}" for x in sorted({x for x, _ in rates})]
        selects.append(f"SELECT {key}{', '.join(columns)} FROM visitors{group}")
    union = "\n            UNION ALL ".join(selects)
    return f"""
            WITH visitors AS MATERIALIZED ({visitors})
            {union}"""


def _counted(rates: Collection[Rate]) -> list[str]:
    return sorted({name for pair in rates for name in pair})


def _products(rates: Collection[Rate]) -> list[Rate]:
    return sorted({product for x, y in rates for product in ((x, x), (x, y), (y, y))})


def per_visitor(
    context: "PageContext", unit: str = "session", by: str = "", bounces: bool = False
) -> tuple[str, dict[str, Any]]:
    """Return SQL that yields what each visitor did in both periods, and its parameters.

    Its columns, each with 1 for the shown and 0 for the previous period: `visits`, `views`, `carts`, `purchases`,
    `abandoned`, and `bounces` if asked for: how many visits hold that; by visitors 1 or 0.

    Args:
        context: whose days, segment and category are meant.
        unit: session or visitor.
        by: a further column to group by.
        bounces: whether `bounces` is there; older lakes have no such column.
    """
    conditions, parameters = part(context)
    counts = {
        "visits": "num_sessions",
        "views": "num_view_sessions",
        "carts": "num_cart_sessions",
        "purchases": "num_purchase_sessions",
        "abandoned": "num_cart_sessions - num_purchase_sessions + num_purchases_without_cart",
    } | ({"bounces": "num_bounces"} if bounces else {})
    periods = {"1": "session_date BETWEEN $start AND $end", "0": "session_date BETWEEN $start0 AND $end0"}
    columns = []
    for name, sql in counts.items():
        for digit, condition in periods.items():
            total = f"coalesce(sum({sql}) FILTER ({condition}), 0)::BIGINT"
            columns.append(f"{total if unit == 'session' else f'least({total}, 1)'} AS {name}{digit}")
    group = f"{by}, visitor_id" if by else "visitor_id"
    selected = ",\n                   ".join([*([by] if by else []), *columns])
    sql = f"""
            SELECT {selected}
            FROM gold.visitor_days
            WHERE (session_date BETWEEN $start AND $end OR session_date BETWEEN $start0 AND $end0){conditions}
            GROUP BY {group}"""
    return sql, both_periods(context) | parameters
