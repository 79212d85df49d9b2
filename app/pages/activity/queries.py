"""activity.queries — what Activity asks."""

from app.context import PageContext
from app.data.query import Statement, query
from app.data.visits import days

ACTIVITY = {"gold.activity": "event_date event_hour event_type num_events"}


@query(ACTIVITY, params=("range", "event"))
def hours(context: PageContext) -> Statement:
    """Average the events of each weekday (1 is Monday) and hour (UTC) over the days of a range."""
    sql = """
            WITH calendar AS (
                SELECT isodow(day) AS weekday, count(*) AS num_days
                FROM generate_series($start::DATE, $end::DATE, INTERVAL 1 DAY) AS days(day) GROUP BY weekday),
            counted AS (
                SELECT isodow(event_date) AS weekday, event_hour, sum(num_events)::BIGINT AS num_events
                FROM gold.activity
                WHERE event_date BETWEEN $start AND $end AND event_type = $event
                GROUP BY weekday, event_hour)
            SELECT weekday, event_hour, num_events, num_days, num_events / num_days AS events_per_hour
            FROM counted JOIN calendar USING (weekday)
            ORDER BY weekday, event_hour"""
    return Statement(sql, days(context) | {"event": context.params["event"]})


@query(ACTIVITY, params=("range",))
def by_day(context: PageContext) -> Statement:
    """Count the events of each day (UTC) by kind."""
    sql = """
            SELECT event_date, coalesce(sum(num_events) FILTER (event_type = 'view'), 0)::BIGINT AS num_views,
                   coalesce(sum(num_events) FILTER (event_type = 'addtocart'), 0)::BIGINT AS num_adds,
                   coalesce(sum(num_events) FILTER (event_type = 'transaction'), 0)::BIGINT AS num_transactions
            FROM gold.activity
            WHERE event_date BETWEEN $start AND $end
            GROUP BY event_date ORDER BY event_date"""
    return Statement(sql, days(context))


@query(ACTIVITY, params=("event",))
def calendar(context: PageContext) -> Statement:
    """Count the events of every day (UTC) of one kind."""
    sql = """
            SELECT event_date, sum(num_events)::BIGINT AS num_events
            FROM gold.activity
            WHERE event_type = $event AND event_date BETWEEN $first AND $last
            GROUP BY event_date ORDER BY event_date"""
    bounds = {"first": context.published.first_day, "last": context.published.newest_day}
    return Statement(sql, bounds | {"event": context.params["event"]})


@query(
    {"gold.session_lengths": "session_date is_new num_events duration_minutes num_sessions"},
    params=("range", "segment"),
)
def lengths(context: PageContext) -> Statement:
    """Count visits by their events (20 is 20 or more) and their length in whole minutes (60 is an hour or more)."""
    condition = "" if context.is_new is None else " AND is_new = $is_new"
    parameters = {} if context.is_new is None else {"is_new": context.is_new}
    sql = f"""
            SELECT num_events, duration_minutes, sum(num_sessions)::BIGINT AS num_sessions
            FROM gold.session_lengths
            WHERE session_date BETWEEN $start AND $end{condition}
            GROUP BY num_events, duration_minutes ORDER BY num_events, duration_minutes"""
    return Statement(sql, days(context) | parameters)
