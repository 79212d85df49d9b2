"""data.visits — SQL that several pages share: which visits are meant, and sums over visitors for intervals of rates."""

from typing import TYPE_CHECKING, Any

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
