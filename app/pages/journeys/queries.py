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


STEPS = [f"step_{place}" for place in range(1, 6)]
NAMED = 3  # categories that keep their name


@query(
    {"gold.paths": "session_date step_1 step_2 step_3 step_4 step_5 is_longer num_sessions"}, params=("range", "steps")
)
def flows(context: PageContext) -> Statement:
    """Count the visits of a range by their first steps, the three most visited root categories by name."""
    roots = ", ".join(f"split_part({step}, ':', 2)" for step in STEPS)
    named = ", ".join(
        f"CASE WHEN list_contains(names, split_part({step}, ':', 2)) THEN {step} "
        f"WHEN {step} IS NOT NULL THEN split_part({step}, ':', 1) || ':other' END"
        for step in STEPS
    )
    number = int(context.params["steps"])
    columns = ", ".join(f"way[{place}] AS {step}" for place, step in enumerate(STEPS[:number], 1))
    sql = f"""
            WITH counted AS MATERIALIZED (
                SELECT {", ".join(STEPS)}, is_longer, sum(num_sessions) AS visits
                FROM gold.paths WHERE session_date BETWEEN $start AND $end GROUP BY ALL),
            most AS (
                SELECT root FROM (SELECT unnest(list_distinct([{roots}])) AS root, visits FROM counted)
                WHERE root <> '-1' GROUP BY root ORDER BY sum(visits) DESC, root LIMIT {NAMED}),
            named AS MATERIALIZED (SELECT list(root) || ['-1'] AS names FROM most),
            ways AS (
                SELECT [step FOR step IN [{named}] IF step IS NOT NULL] AS steps, step_2 IS NOT NULL AS went_on,
                       is_longer, visits
                FROM counted CROSS JOIN named),
            folded AS (
                SELECT list_filter(steps, lambda step, place: place = 1 OR step <> steps[place - 1]) AS way,
                       went_on, is_longer, visits
                FROM ways)
            SELECT {columns}, went_on, is_longer OR len(way) > {number} AS is_longer,
                   sum(visits)::BIGINT AS num_sessions
            FROM folded GROUP BY ALL ORDER BY ALL"""
    return Statement(sql, days(context))
