from gold import session_lengths
from silver import first_visits, sessions


def test_long_visits_are_counted_together_and_begun_minutes_do_not_count(given, expect_rows):
    visits = given(
        sessions.table,
        """
        session_date | visitor_id | started_at          | ended_at            | num_events
        2015-06-01   | 1          | 2015-06-01 08:00:00 | 2015-06-01 08:01:59 | 2
        2015-06-01   | 1          | 2015-06-01 10:00:00 | 2015-06-01 11:00:00 | 20
        2015-06-01   | 1          | 2015-06-01 12:00:00 | 2015-06-01 15:00:00 | 300
    """,
    )
    firsts = given(
        first_visits.table,
        """
        visitor_id | first_visit_at
        1          | 2015-06-01 08:00
    """,
    )
    expect_rows(
        session_lengths.table,
        session_lengths.measure_visits(visits, firsts),
        """
        is_new | num_events | duration_minutes | num_sessions
        true   | 2          | 1                | 1
        false  | 20         | 60               | 2
    """,
    )
