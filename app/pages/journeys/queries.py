"""journeys.queries — what Journeys asks."""

from app.context import PageContext
from app.data.derived import PATHS, ROOTS, STEPS, step_text
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


READS = {
    "gold.paths": "session_date step_1 step_2 step_3 step_4 step_5 is_longer num_sessions num_purchase_sessions",
}
NAMED = 3  # categories that keep their name


@query(READS, params=("range",))
def paths(context: PageContext) -> Statement:
    """Count the visits of a range by the way they took: kind of event and root category, equals in a row folded."""
    steps = ", ".join(STEPS)
    texts = ", ".join(f"{step_text(step)} AS {step}" for step in STEPS)
    sql = f"""
            WITH counted AS (
                SELECT {steps}, bool_or(is_longer) AS is_longer, sum(num_sessions)::BIGINT AS num_sessions,
                       sum(num_purchase_sessions)::BIGINT AS num_purchase_sessions
                FROM {PATHS} WHERE day BETWEEN $start AND $end GROUP BY {steps})
            SELECT {texts}, is_longer, num_sessions, num_purchase_sessions
            FROM counted ORDER BY num_sessions DESC, {", ".join(f"counted.{step}" for step in STEPS)}"""
    return Statement(sql, days(context))


@query(READS, params=("range", "steps"))
def flows(context: PageContext) -> Statement:
    """Count the visits of a range by their first steps, the three most visited root categories by name."""
    number, steps = int(context.params["steps"]), ", ".join(STEPS)
    named = ", ".join(
        f"CASE WHEN list_contains(roots, ({step} >> 2) - 2) THEN {step} ELSE {step} & 3 END AS {step}" for step in STEPS
    )
    texts = ", ".join(f"{step_text(step)} AS {step}" for step in STEPS[:number])
    way = ", ".join(f"way[{place}] AS {step}" for place, step in enumerate(STEPS[:number], 1))
    sql = f"""
            WITH most AS (
                SELECT root FROM {ROOTS} WHERE day BETWEEN $start AND $end
                GROUP BY root ORDER BY sum(num_sessions) DESC, root LIMIT {NAMED}),
            named AS MATERIALIZED (SELECT list_append(coalesce(list(root), []), -1) AS roots FROM most),
            counted AS (
                SELECT {named}, is_longer, sum(num_sessions) AS visits
                FROM {PATHS} CROSS JOIN named WHERE day BETWEEN $start AND $end GROUP BY ALL),
            folded AS (
                SELECT list_filter(steps, lambda step, place: place = 1 OR step <> steps[place - 1]) AS way,
                       step_2 IS NOT NULL AS went_on, is_longer, visits
                FROM (SELECT *, [step FOR step IN [{steps}] IF step IS NOT NULL] AS steps FROM counted)),
            summed AS (
                SELECT {way}, went_on, is_longer OR len(way) > {number} AS is_longer,
                       sum(visits)::BIGINT AS num_sessions
                FROM folded GROUP BY ALL)
            SELECT {texts}, went_on, is_longer, num_sessions FROM summed ORDER BY ALL"""
    return Statement(sql, days(context))
