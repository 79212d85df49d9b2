"""data.visits — SQL that several pages share: which visits are meant, and sums over visitors for intervals of rates."""

from typing import TYPE_CHECKING, Any

from app.data import derived

if TYPE_CHECKING:
    from app.context import PageContext

ALL_CATEGORIES = -2  # gold.funnel's row over every category
UNKNOWN_CATEGORY = -1

STEPS = "num_sessions num_view_sessions num_cart_sessions num_purchase_sessions"
SKIPS = "num_carts_without_view num_purchases_without_cart"
VISITOR_DAYS = {"gold.visitor_days": f"session_date root_category_id is_new visitor_id num_bounces {STEPS} {SKIPS}"}

# What the sums of `app.statistics.PairedSums` are called, of columns that end with the period's digit.
_SUMS = (
    "sum({x}1) AS x1, sum({y}1) AS y1, sum({x}1 * {x}1) AS x1x1, sum({x}1 * {y}1) AS x1y1, sum({y}1 * {y}1) AS y1y1, "
    "sum({x}0) AS x0, sum({y}0) AS y0, sum({x}0 * {x}0) AS x0x0, sum({x}0 * {y}0) AS x0y0, sum({y}0 * {y}0) AS y0y0, "
    "sum({x}1 * {x}0) AS x1x0, sum({x}1 * {y}0) AS x1y0, sum({y}1 * {x}0) AS y1x0, sum({y}1 * {y}0) AS y1y0, "
    "count(*) FILTER ({x}1 > 0) AS visitors1, count(*) FILTER ({x}0 > 0) AS visitors0"
)


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


def sums(x: str, y: str) -> str:
    """Return the columns of PairedSums for a denominator and a numerator of `per_visitor`."""
    return _SUMS.format(x=x, y=y)


SEGMENTS = {
    "gold.visit_segments": f"session_date root_category_id is_new {STEPS} num_abandoned_carts num_bounces",
}
_LINEAR = {
    "v": "num_sessions",
    "w": "num_view_sessions",
    "c": "num_cart_sessions",
    "p": "num_purchase_sessions",
    "a": "num_abandoned_carts",
    "b": "num_bounces",
}
_NOW = {"1": "", "0": "NOT "}  # periods do not overlap
_PERIODS = {"1": "BETWEEN $start AND $end", "0": "BETWEEN $start0 AND $end0"}


def visitors_before(context: "PageContext", by_root: bool = False) -> str:
    """Return the derived table that counts visitors by their day before, for the segment and category meant."""
    return derived.firsts(context.is_new is False, by_root or context.category is not None)


def cluster_sums(
    context: "PageContext", rates: dict[str, tuple[str, str]], by_root: bool = False
) -> tuple[str, dict[str, Any]]:
    """Return SQL that yields the columns of PairedSums of some rates, and its parameters; visits are counted.

    Args:
        context: whose days, segment and category are meant.
        rates: name -> denominator and numerator, each v (visits), w (views), c (carts), p (purchases), a (abandoned
            carts) or b (bounces); v and c may be denominators.
        by_root: whether there is a row for each `root_category_id`.
    """
    conditions, parameters = part(context)
    is_new, root = context.is_new, "root_category_id"
    of_root = " AND root_category_id = $category" if context.category is not None else ""
    used = sorted({letter for pair in rates.values() for letter in pair})
    linear = [
        f"coalesce(sum({_LINEAR[letter]}) FILTER (session_date {period}), 0)::BIGINT AS {letter}{digit}"
        for letter in used
        for digit, period in _PERIODS.items()
    ]
    group, key = (f" GROUP BY {root}", f"{root}, ") if by_root else ("", "")
    either = "({day} BETWEEN $start AND $end OR {day} BETWEEN $start0 AND $end0)"
    parts = [
        f"linear AS (SELECT {key}{', '.join(linear)} FROM gold.visit_segments "
        f"WHERE {either.format(day='session_date')}{conditions}{group})"
    ]
    source = "linear"
    if not is_new:
        named = (is_new is False, by_root or context.category is not None)
        used_products = sorted({product for x, y in rates.values() for product in (f"{x}{x}", f"{x}{y}", f"{y}{y}")})
        sums_ = ", ".join(f"sum({product}) AS {product}" for product in used_products)
        squares = [_product(x, y) for x, y in sorted(set(rates.values()))]
        days_ = f"{either.format(day='day')} AND {either.format(day='other_day')}"
        seen = [
            f"coalesce(sum(number) FILTER (step = '{step}' AND day {period} AND "
            f"(previous_day IS NULL OR previous_day < $start{digit.strip('1')})), 0)::BIGINT AS seen_{step}{digit}"
            for step in sorted({x for x, _ in rates.values()})
            for digit, period in _PERIODS.items()
        ]
        parts += [
            f"summed AS (SELECT {key}day {_PERIODS['1']} AS is_now, other_day {_PERIODS['1']} AS is_other_now, {sums_} "
            f"FROM {derived.pairs(*named)} WHERE {days_}{of_root} GROUP BY ALL)",
            f"squares AS (SELECT {key}{', '.join(squares)} FROM summed{group})",
            f"seen AS (SELECT {key}{', '.join(seen)} FROM {derived.firsts(*named)} "
            f"WHERE {either.format(day='day')}{of_root}{group})",
        ]
        join = "LEFT JOIN {} USING (root_category_id)" if by_root else "CROSS JOIN {}"
        source = f"linear {join.format('squares')} {join.format('seen')}"
    selects = [
        f"SELECT {key}'{name}' AS rate, {_named(x, y, is_new is True)} FROM {source}" for name, (x, y) in rates.items()
    ]
    sql = "WITH " + ",\n                 ".join(parts) + "\n            " + "\n            UNION ALL ".join(selects)
    return sql, both_periods(context) | parameters


def _product(x: str, y: str) -> str:
    """Return the sums of products of a denominator and a numerator, within each period and across both."""
    found = []
    for digits in ("11", "00", "10"):
        within = f"{_NOW[digits[0]]}is_now AND {_NOW[digits[1]]}is_other_now"
        names = {f"{x}{x}": "xx", f"{x}{y}": "xy", f"{y}{y}": "yy"}
        found += [
            f"coalesce(sum({product}) FILTER ({within}), 0)::BIGINT AS {x}{y}_{name}{digits}"
            for product, name in names.items()
        ]
    found.append(f"coalesce(sum({x}{y}) FILTER (NOT is_now AND is_other_now), 0)::BIGINT AS {x}{y}_yx10")
    return ", ".join(found)


def _named(x: str, y: str, is_single: bool) -> str:
    """Return the columns of PairedSums; a visitor's first visit is one, so that its squares and products are counts."""
    columns = {f"{side}{digit}": f"{letter}{digit}" for side, letter in (("x", x), ("y", y)) for digit in "10"}
    for digit in "10":
        squares = {"xx": f"{x}{digit}", "xy": f"{y}{digit}", "yy": f"{y}{digit}"}
        for name, plain in squares.items():
            column = plain if is_single else f"{x}{y}_{name}{digit}{digit}"
            columns[f"{name[0]}{digit}{name[1]}{digit}"] = column
        columns[f"visitors{digit}"] = f"{x}{digit}" if is_single else f"seen_{x}{digit}"
    for name in ("xx", "xy", "yx", "yy"):
        columns[f"{name[0]}1{name[1]}0"] = "0" if is_single else f"{x}{y}_{name}10"
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())


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
