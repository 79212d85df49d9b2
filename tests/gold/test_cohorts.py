from gold import cohorts
from silver import first_visits, sessions


def test_a_visitor_counts_once_a_week_in_the_cohort_of_the_first_visit(given, expect_rows):
    visits = given(
        sessions.table,
        """
        session_date | visitor_id | num_transactions
        2015-06-01   | 1          | 0
        2015-06-07   | 1          | 2
        2015-06-15   | 1          | 0
        2015-06-07   | 2          | 0
        2015-06-08   | 3          | 0
    """,
    )
    firsts = given(
        first_visits.table,
        """
        visitor_id | first_visit_date
        1          | 2015-06-01
        2          | 2015-06-07
        3          | 2015-06-08
    """,
    )
    expect_rows(
        cohorts.table,
        cohorts.follow_cohorts(visits, firsts),
        """
        cohort_week | visit_week | week_number | num_visitors | num_buyers
        2015-06-01  | 2015-06-01 | 0           | 2            | 1
        2015-06-01  | 2015-06-15 | 2           | 1            | 0
        2015-06-08  | 2015-06-08 | 0           | 1            | 0
    """,
    )
