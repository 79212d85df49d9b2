from silver import first_visits, sessions


def test_a_visitor_came_first_with_the_earliest_visit(given, expect_rows):
    visits = given(
        sessions.table,
        """
        visitor_id | started_at
        1          | 2015-06-02 00:10
        1          | 2015-06-01 23:50
        2          | 2015-06-01 10:00
    """,
    )
    expect_rows(
        first_visits.table,
        first_visits.find_first(visits),
        """
        visitor_id | first_visit_at   | first_visit_date
        1          | 2015-06-01 23:50 | 2015-06-01
        2          | 2015-06-01 10:00 | 2015-06-01
    """,
    )
