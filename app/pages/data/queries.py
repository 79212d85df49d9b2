"""data.queries — what the page asks of a dataset to lay it beside the site's own data."""

from app.context import PageContext
from app.data.query import Statement, query

COUNTS = "num_sessions num_views num_cart_sessions num_purchase_sessions num_orders"


@query({"gold.daily_kpis": f"session_date {COUNTS}"}, params=())
def key_numbers(context: PageContext) -> Statement:
    """Sum up all days of a dataset."""
    sums = ", ".join(f"coalesce(sum({name}), 0)::BIGINT AS {name}" for name in COUNTS.split())
    sql = f"""
            SELECT count(*)::BIGINT AS num_days, min(session_date) AS first_day, max(session_date) AS last_day, {sums}
            FROM gold.daily_kpis"""
    return Statement(sql)
