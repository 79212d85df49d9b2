from gold import conversion_times
from silver import categories, session_events


def test_the_time_runs_from_the_first_view_to_the_first_purchase(given, expect_rows):
    events = given(
        session_events.table,
        """
        visitor_id | started_at       | position | occurred_at         | event_type  | category_id
        1          | 2015-06-01 08:00 | 1        | 2015-06-01 08:00:00 | view        | 3
        1          | 2015-06-02 08:00 | 1        | 2015-06-02 08:00:00 | view        | 5
        1          | 2015-06-02 08:00 | 2        | 2015-06-02 08:00:30 | transaction | 5
        1          | 2015-06-03 08:00 | 1        | 2015-06-03 08:00:30 | transaction | 5
        2          | 2015-06-01 23:59 | 1        | 2015-06-02 00:01:00 | transaction |
        2          | 2015-06-01 23:59 | 2        | 2015-06-02 00:02:00 | view        | 5
        3          | 2015-06-01 08:00 | 1        | 2015-06-01 08:00:00 | view        | 3
    """,
    )
    tree = given(
        categories.table,
        """
        category_id | root_id
        3           | 1
        5           | 2
    """,
    )
    expect_rows(
        conversion_times.table,
        conversion_times.time_conversions(events, tree),
        """
        visitor_id | root_category_id | first_view_at       | first_purchase_at   | purchase_date | seconds_to_convert
        1          | 1                | 2015-06-01 08:00:00 | 2015-06-02 08:00:30 | 2015-06-02    | 86430
        2          | -1               |                     | 2015-06-02 00:01:00 | 2015-06-02    |
    """,
    )
