"""funnel.followed — which visits with a view, or visitors with one, a cart and a purchase follow in time and in order.

A visit is followed by a step that lies in it or comes within the window of its first view. A visitor may begin
several times and is counted once: as followed by a step if any of those visits is. So a visitor's cart and purchase may
belong to different visits of the days.
"""

from datetime import timedelta

from app.context import PageContext
from app.data.query import Statement
from app.data.visits import both_periods, days, part
from app.periods import Period

WINDOWS = {"visit": 0, "1d": 1, "7d": 7, "30d": 30}
STEPS = {"any": ("cart_at", "purchase_at"), "ordered": ("ordered_cart_at", "ordered_purchase_at")}
OUTCOMES = {
    "gold.visit_outcomes": "visitor_id session_date root_category_id is_new first_view_at ended_at "
    "cart_at purchase_at ordered_cart_at ordered_purchase_at"
}


def is_plain(context: PageContext) -> bool:
    """Say whether steps count in any order within the same visit."""
    return context.params["order"] == "any" and context.params["window"] == "visit"


def entries(context: PageContext) -> Period:
    """Return the days of the period whose window is over at the last complete day; they may be none.

    A visit on its own is counted as far as it is known, as on every other card.
    """
    last, period, window = context.published.last_day, context.period, WINDOWS[context.params["window"]]
    assert last is not None
    return Period(period.start, min(period.end, last - timedelta(days=window))) if window else period


def count_visits(context: PageContext) -> Statement:
    """Count visits with a view whose visitor went on within a time; days whose time is not over are left out."""
    conditions, parameters = part(context)
    sql = f"""
            SELECT coalesce(sum(num_sessions), 0)::BIGINT AS total, coalesce(sum(num_sessions), 0)::BIGINT AS view,
                   coalesce(sum(num_cart_sessions), 0)::BIGINT AS cart,
                   coalesce(sum(num_purchase_sessions), 0)::BIGINT AS purchase
            FROM gold.funnel_windows
            WHERE session_date BETWEEN $start AND $end
              AND window_days = $window AND is_ordered = $is_ordered{conditions}"""
    chosen = {"window": WINDOWS[context.params["window"]], "is_ordered": context.params["order"] == "ordered"}
    return Statement(sql, days(context.within(entries(context))) | chosen | parameters)


def count_visitors(context: PageContext) -> Statement:
    """Count different visitors with a view, and those with a visit that was followed; as `count_visits` otherwise."""
    conditions, parameters = part(context)
    cart, purchase = _are_followed(context)
    where = f"WHERE session_date BETWEEN $start AND $end{conditions}"
    sql = f"""
            SELECT total, total AS view, cart, purchase
            FROM (
                SELECT count(DISTINCT visitor_id) AS total
                FROM gold.visitor_days {where} AND num_view_sessions > 0)
            CROSS JOIN (
                SELECT count(DISTINCT visitor_id) FILTER ({cart}) AS cart,
                       count(DISTINCT visitor_id) FILTER ({purchase}) AS purchase
                FROM gold.visit_outcomes {where})"""
    return Statement(sql, days(context.within(entries(context))) | parameters)


def per_visitor(context: PageContext, by: str = "") -> tuple[str, dict[str, object]]:
    """Return SQL that yields each visitor's visits with a view, and those followed by a cart and a purchase in time.

    Its columns are those of `visits.per_visitor` that rates need: numbers of visits, by visitors 1 or 0. The previous
    period is as many days.

    Args:
        context: whose days, segment, category, unit, order and window are meant.
        by: a further column to group by.
    """
    conditions, parameters = part(context)
    cart, purchase = _are_followed(context)
    shown, former = "session_date BETWEEN $start AND $end", "session_date BETWEEN $start0 AND $end0"
    where = f"WHERE ({shown} OR {former}){conditions}"
    sources = {"visits": "visits", "views": "visits", "carts": "carts", "purchases": "purchases"}
    total = "least(sum({}), 1)" if context.params["unit"] == "visitor" else "sum({})"
    columns = [
        f"{total.format(source + digit)}::BIGINT AS {name}{digit}" for name, source in sources.items() for digit in "10"
    ]
    group = f"{by}, visitor_id" if by else "visitor_id"
    sql = f"""
            SELECT {group}, {", ".join(columns)}
            FROM (
                SELECT {group}, if({shown}, num_view_sessions, 0) AS visits1,
                       if({former}, num_view_sessions, 0) AS visits0,
                       0 AS carts1, 0 AS carts0, 0 AS purchases1, 0 AS purchases0
                FROM gold.visitor_days {where}
                UNION ALL
                SELECT {group}, 0, 0, if({cart} AND {shown}, 1, 0), if({cart} AND {former}, 1, 0),
                       if({purchase} AND {shown}, 1, 0), if({purchase} AND {former}, 1, 0)
                FROM gold.visit_outcomes {where})
            GROUP BY {group}"""
    now, first = entries(context), both_periods(context)["start0"]
    last = first + timedelta(days=now.days - 1)
    return sql, parameters | {"start": now.start, "end": now.end, "start0": first, "end0": last}


def _are_followed(context: PageContext) -> tuple[str, str]:
    """Return the conditions under which a row of gold.visit_outcomes is followed by a cart, and by a purchase."""
    window = WINDOWS[context.params["window"]]
    latest = f"greatest(ended_at, first_view_at + INTERVAL {window} DAY)" if window else "ended_at"
    cart, purchase = STEPS[context.params["order"]]
    return f"{cart} <= {latest}", f"{purchase} <= {latest}"
