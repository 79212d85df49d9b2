"""funnel.queries — what the Funnel asks."""

from app.context import PageContext
from app.data.derived import CART_COLUMNS, CARTS
from app.data.query import Statement, query
from app.data.visits import (
    ALL_CATEGORIES,
    SEGMENTS,
    SKIPS,
    STEPS,
    VISITOR_DAYS,
    cluster_sums,
    days,
    grouped_sums,
    part,
    per_visitor,
)
from app.pages.funnel import followed

FUNNEL = {
    "gold.funnel": f"session_date root_category_id {STEPS} {SKIPS}",
    "gold.visit_segments": f"session_date root_category_id is_new {STEPS} {SKIPS}",
}
PARAMS = ("range", "segment", "category", "unit", "order", "window")
SUMS = """coalesce(sum(num_sessions), 0)::BIGINT AS total, coalesce(sum(num_view_sessions), 0)::BIGINT AS view,
                   coalesce(sum(num_cart_sessions), 0)::BIGINT AS cart,
                   coalesce(sum(num_purchase_sessions), 0)::BIGINT AS purchase"""


@query(
    FUNNEL
    | VISITOR_DAYS
    | followed.OUTCOMES
    | {
        "gold.funnel_windows": "session_date root_category_id is_new window_days is_ordered "
        "num_sessions num_cart_sessions num_purchase_sessions"
    },
    params=PARAMS,
)
def steps(context: PageContext) -> Statement:
    """Count how many visits, or visitors, came how far in a range."""
    by_visitor = context.params["unit"] == "visitor"
    if not followed.is_plain(context):
        return followed.count_visitors(context) if by_visitor else followed.count_visits(context)
    return visitor_steps(context) if by_visitor else visit_steps.build(context)


@query(FUNNEL)
def visit_steps(context: PageContext) -> Statement:
    """Count visits that hold each step, in any order."""
    source, conditions, parameters = _visits(context)
    sql = f"""
            SELECT {SUMS}
            FROM {source}
            WHERE session_date BETWEEN $start AND $end{conditions}"""
    return Statement(sql, days(context) | parameters)


def visitor_steps(context: PageContext) -> Statement:
    """Count different visitors with each step in any of their visits of the range."""
    conditions, parameters = part(context)
    sql = f"""
            SELECT count(*) AS total, count(*) FILTER (views > 0) AS view, count(*) FILTER (carts > 0) AS cart,
                   count(*) FILTER (purchases > 0) AS purchase
            FROM (
                SELECT visitor_id, sum(num_view_sessions) AS views, sum(num_cart_sessions) AS carts,
                       sum(num_purchase_sessions) AS purchases
                FROM gold.visitor_days
                WHERE session_date BETWEEN $start AND $end{conditions}
                GROUP BY visitor_id)"""
    return Statement(sql, days(context) | parameters)


RATES = {"view": ("visits", "views"), "cart": ("visits", "carts"), "purchase": ("visits", "purchases")}


@query(
    VISITOR_DAYS | SEGMENTS | followed.OUTCOMES,
    params=("range", "compare", "segment", "category", "unit", "order", "window"),
)
def rates(context: PageContext) -> Statement:
    """Add up over visitors what the intervals of the cart and the purchase rate need."""
    is_plain = followed.is_plain(context)
    if is_plain and context.params["unit"] == "session":
        return Statement(*cluster_sums(context, RATES.values()))
    visitors, parameters = per_visitor(context, "visitor") if is_plain else followed.per_visitor(context)
    return Statement(grouped_sums(visitors, RATES.values()), parameters)


@query(
    VISITOR_DAYS | SEGMENTS | followed.OUTCOMES,
    params=("range", "compare", "segment", "category", "unit", "order", "window"),
)
def roots(context: PageContext) -> Statement:
    """Add up the steps of each root category of entry over visitors; -1 is unknown."""
    is_plain, root = followed.is_plain(context), "root_category_id"
    if is_plain and context.params["unit"] == "session":
        sql, parameters = cluster_sums(context, RATES.values(), by_root=True)
    else:
        visitors, parameters = (
            per_visitor(context, "visitor", by=root) if is_plain else followed.per_visitor(context, by=root)
        )
        sql = grouped_sums(visitors, RATES.values(), by=root)
    return Statement(f"SELECT * FROM ({sql}) ORDER BY {root}, is_now DESC, is_other_now DESC", parameters)


@query(FUNNEL)
def skips(context: PageContext) -> Statement:
    """Count the visits of a range that skipped a step."""
    source, conditions, parameters = _visits(context)
    sql = f"""
            SELECT coalesce(sum(num_cart_sessions), 0)::BIGINT AS cart_visits,
                   coalesce(sum(num_carts_without_view), 0)::BIGINT AS carts_without_view,
                   coalesce(sum(num_purchase_sessions), 0)::BIGINT AS purchase_visits,
                   coalesce(sum(num_purchases_without_cart), 0)::BIGINT AS purchases_without_cart
            FROM {source}
            WHERE session_date BETWEEN $start AND $end{conditions}"""
    return Statement(sql, days(context) | parameters)


@query({"gold.conversion_times": "purchase_date root_category_id seconds_to_convert"}, params=("range", "category"))
def times(context: PageContext) -> Statement:
    """Measure the time from a visitor's first view to the first purchase, of those who bought first in a range."""
    condition = "" if context.category is None else " AND root_category_id = $category"
    parameters = {} if context.category is None else {"category": context.category}
    sql = f"""
            SELECT count(*) AS buyers, count(seconds_to_convert) AS measured,
                   quantile_cont(seconds_to_convert, 0.5) AS median, quantile_cont(seconds_to_convert, 0.75) AS p75,
                   quantile_cont(seconds_to_convert, 0.95) AS p95,
                   count(*) FILTER (seconds_to_convert <= 1800) AS within_half_an_hour,
                   count(*) FILTER (seconds_to_convert <= 86400) AS within_a_day,
                   count(*) FILTER (seconds_to_convert <= 604800) AS within_a_week
            FROM gold.conversion_times
            WHERE purchase_date BETWEEN $start AND $end{condition}"""
    return Statement(sql, days(context) | parameters)


SESSIONS = {
    "silver.sessions": "visitor_id started_at ended_at session_date num_events num_views num_adds "
    "num_transactions distinct_products entry_category_id",
    "silver.categories": "category_id root_id",
}
NO_CART = "session_date BETWEEN $start AND $end AND num_views > 0 AND num_adds = 0 AND num_transactions = 0"
DROPPED = {"cart": f"{CARTS} WHERE day BETWEEN $start AND $end", "view": f"silver.sessions WHERE {NO_CART}"}


@query(SESSIONS, params=("range", "category", "dropped"))
def dropped_visits(context: PageContext) -> Statement:
    """List the visits of a range that went no further than a step, the newest first."""
    condition = "" if context.category is None else "\n            WHERE coalesce(root_id, -1) = $category"
    parameters = {} if context.category is None else {"category": context.category}
    sql = f"""
            SELECT visitor_id, started_at, coalesce(root_id, -1) AS root_category_id, num_views, num_adds,
                   distinct_products, date_diff('second', started_at, ended_at) AS seconds
            FROM (SELECT {CART_COLUMNS} FROM {DROPPED[context.params["dropped"]]})
            LEFT JOIN silver.categories ON category_id = entry_category_id{condition}
            ORDER BY started_at DESC, visitor_id"""
    return Statement(sql, days(context) | parameters)


@query(SESSIONS | SEGMENTS, params=("range", "category", "dropped"))
def num_dropped(context: PageContext) -> Statement:
    """Count the visits of a range that went no further than a step."""
    parameters = {} if context.category is None else {"category": context.category}
    if context.params["dropped"] == "cart":  # gold knows how many
        condition = "" if context.category is None else " AND root_category_id = $category"
        sql = f"""
            SELECT coalesce(sum(num_abandoned_carts), 0)::BIGINT AS number FROM gold.visit_segments
            WHERE session_date BETWEEN $start AND $end{condition}"""
        return Statement(sql, days(context) | parameters)
    condition = "" if context.category is None else " AND coalesce(root_id, -1) = $category"
    joined = "" if context.category is None else "LEFT JOIN silver.categories ON category_id = entry_category_id"
    sql = f"""
            SELECT count(*) AS number FROM silver.sessions {joined}
            WHERE {NO_CART}{condition}"""
    return Statement(sql, days(context) | parameters)


def _visits(context: PageContext) -> tuple[str, str, dict[str, object]]:
    """Return the table that holds the visits that are meant, the conditions, and their parameters."""
    if context.is_new is not None:
        return "gold.visit_segments", *part(context)
    root = ALL_CATEGORIES if context.category is None else context.category
    return "gold.funnel", " AND root_category_id = $root", {"root": root}
