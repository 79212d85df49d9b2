"""overview.queries — what the Overview asks."""

from app.context import PageContext
from app.data.query import Statement, query
from app.data.visits import ALL_CATEGORIES, SEGMENTS, VISITOR_DAYS, cluster_sums, days, part, visitors_before

COUNTS = (
    "num_sessions num_bounces num_cart_sessions num_abandoned_carts num_purchase_sessions num_views num_adds "
    "num_transactions num_orders"
)
COMMA = ",\n                   "
DAILY = {
    "gold.daily_kpis": f"session_date num_visitors {COUNTS}",
    "gold.visit_segments": f"session_date root_category_id is_new {COUNTS}",
}


@query(DAILY)
def by_day(context: PageContext) -> Statement:
    """List the days of a range with their counts; a day without a visit is a row of zeros."""
    if not context.is_part:
        counts = COMMA.join(f"coalesce({name}, 0)::BIGINT AS {name}" for name in COUNTS.split())
        sql = f"""
            SELECT day::DATE AS session_date, {counts}
            FROM generate_series($start::DATE, $end::DATE, INTERVAL 1 DAY) AS days(day)
            LEFT JOIN gold.daily_kpis ON session_date = day::DATE
            ORDER BY session_date"""
        return Statement(sql, days(context))
    conditions, parameters = part(context)
    counts = COMMA.join(f"coalesce(sum({name}), 0)::BIGINT AS {name}" for name in COUNTS.split())
    sql = f"""
            SELECT day::DATE AS session_date, {counts}
            FROM generate_series($start::DATE, $end::DATE, INTERVAL 1 DAY) AS days(day)
            LEFT JOIN (FROM gold.visit_segments WHERE session_date BETWEEN $start AND $end{conditions})
                ON session_date = day::DATE
            GROUP BY day
            ORDER BY session_date"""
    return Statement(sql, days(context) | parameters)


@query(VISITOR_DAYS | SEGMENTS)
def visitors(context: PageContext) -> Statement:
    """Count the different visitors of a range, and of each of its days; they do not add up."""
    conditions, parameters = part(context)
    if context.is_new:  # a visitor has one first visit
        sql = f"""
            WITH chosen AS (FROM gold.visit_segments WHERE session_date BETWEEN $start AND $end{conditions})
            SELECT NULL::DATE AS session_date, coalesce(sum(num_sessions), 0)::BIGINT AS num_visitors FROM chosen
            UNION ALL
            SELECT session_date, sum(num_sessions)::BIGINT FROM chosen GROUP BY session_date
            ORDER BY session_date NULLS FIRST"""
        return Statement(sql, days(context) | parameters)
    of_root = " AND root_category_id = $category" if context.category is not None else ""
    sql = f"""
            WITH chosen AS (
                FROM {visitors_before(context)} WHERE step = 'v' AND day BETWEEN $start AND $end{of_root})
            SELECT NULL::DATE AS session_date, coalesce(sum(number) FILTER (
                previous_day IS NULL OR previous_day < $start), 0)::BIGINT AS num_visitors FROM chosen
            UNION ALL
            SELECT day, sum(number)::BIGINT FROM chosen GROUP BY day
            ORDER BY session_date NULLS FIRST"""
    chosen = {} if context.category is None else {"category": context.category}
    return Statement(sql, days(context) | chosen)


RATES = {"conversion": ("visits", "purchases"), "abandonment": ("carts", "abandoned"), "bounces": ("visits", "bounces")}


@query(VISITOR_DAYS | SEGMENTS, params=("range", "compare", "segment", "category"))
def rates(context: PageContext) -> Statement:
    """Add up over visitors what the intervals of conversion, abandonment and bounce rate need."""
    return Statement(*cluster_sums(context, RATES.values()))


@query(
    {
        "gold.funnel": "session_date root_category_id num_sessions",
        "gold.visit_segments": "session_date root_category_id is_new num_sessions",
    },
    params=("range", "segment"),
)
def roots_by_day(context: PageContext) -> Statement:
    """List the visits of each day by root category of entry; -1 is unknown."""
    if context.is_new is None:
        sql = f"""
            SELECT root_category_id, session_date, num_sessions
            FROM gold.funnel
            WHERE root_category_id <> {ALL_CATEGORIES} AND session_date BETWEEN $start AND $end
            ORDER BY root_category_id, session_date"""
        return Statement(sql, days(context))
    sql = """
            SELECT root_category_id, session_date, sum(num_sessions)::BIGINT AS num_sessions
            FROM gold.visit_segments
            WHERE is_new = $is_new AND session_date BETWEEN $start AND $end
            GROUP BY root_category_id, session_date
            ORDER BY root_category_id, session_date"""
    return Statement(sql, days(context) | {"is_new": context.is_new})
