"""journeys.queries — what Journeys asks."""

from app.context import PageContext
from app.data.query import Statement, query
from app.data.visits import days


@query({"gold.cohorts": "cohort_week week_number num_visitors num_buyers"}, params=())
def cohorts(context: PageContext) -> Statement:
    """Count the visitors of each cohort (Monday of the first visit's week) who came, and who bought, weeks later."""
    sql = """
            SELECT cohort_week, week_number, num_visitors, num_buyers
            FROM gold.cohorts
            ORDER BY cohort_week, week_number"""
    return Statement(sql)


@query(
    {"gold.paths": "session_date step_1 step_2 step_3 step_4 step_5 is_longer num_sessions num_purchase_sessions"},
    params=("range",),
)
def paths(context: PageContext) -> Statement:
    """Count the visits of a range by the way they took: kind of event and root category, equals in a row folded."""
    sql = """
            SELECT step_1, step_2, step_3, step_4, step_5, bool_or(is_longer) AS is_longer,
                   sum(num_sessions)::BIGINT AS num_sessions,
                   sum(num_purchase_sessions)::BIGINT AS num_purchase_sessions
            FROM gold.paths
            WHERE session_date BETWEEN $start AND $end
            GROUP BY step_1, step_2, step_3, step_4, step_5
            ORDER BY num_sessions DESC, step_1, step_2, step_3, step_4, step_5"""
    return Statement(sql, days(context))
