"""about.queries — the same numbers by two routes: added up in gold, and counted anew in silver."""

from app.context import PageContext
from app.data.query import Statement, query
from app.data.visits import days

SESSIONS = {"silver.sessions": "session_date visitor_id num_events num_views num_adds num_transactions"}
DAILY = {
    "gold.daily_kpis": "session_date num_sessions num_cart_sessions num_abandoned_carts "
    "num_purchase_sessions num_views num_adds num_transactions",
    "gold.visitor_days": "session_date visitor_id",
}


@query(DAILY, params=("range",))
def by_gold(context: PageContext) -> Statement:
    """Add up the key figures of a range in gold."""
    sql = """
            SELECT sum(num_sessions)::BIGINT AS "Visits",
                   (SELECT count(DISTINCT visitor_id) FROM gold.visitor_days
                    WHERE session_date BETWEEN $start AND $end) AS "Visitors",
                   sum(num_cart_sessions)::BIGINT AS "Visits with a cart",
                   sum(num_purchase_sessions)::BIGINT AS "Visits with a purchase",
                   sum(num_abandoned_carts)::BIGINT AS "Abandoned carts",
                   sum(num_views)::BIGINT AS "Views", sum(num_adds)::BIGINT AS "Cart additions",
                   sum(num_transactions)::BIGINT AS "Purchased items"
            FROM gold.daily_kpis WHERE session_date BETWEEN $start AND $end"""
    return Statement(sql, days(context))


@query(SESSIONS, params=("range",))
def by_silver(context: PageContext) -> Statement:
    """Count the same anew from the visits in silver."""
    sql = """
            SELECT count(*) AS "Visits", count(DISTINCT visitor_id) AS "Visitors",
                   count(*) FILTER (num_adds > 0) AS "Visits with a cart",
                   count(*) FILTER (num_transactions > 0) AS "Visits with a purchase",
                   count(*) FILTER (num_adds > 0 AND num_transactions = 0) AS "Abandoned carts",
                   sum(num_views)::BIGINT AS "Views", sum(num_adds)::BIGINT AS "Cart additions",
                   sum(num_transactions)::BIGINT AS "Purchased items"
            FROM silver.sessions WHERE session_date BETWEEN $start AND $end"""
    return Statement(sql, days(context))
