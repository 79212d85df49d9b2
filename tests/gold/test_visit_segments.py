from gold import visit_segments
from silver import categories, first_visits, session_events, sessions


def test_a_visit_counts_in_its_segment_and_so_do_its_orders(given, expect_rows):
    visits = given(
        sessions.table,
        """
        session_date | visitor_id | started_at       | entry_category_id | num_events | num_views | num_adds | num_transactions
        2015-06-01   | 1          | 2015-06-01 08:00 | 3                 | 3          | 1         | 0        | 2
        2015-06-01   | 1          | 2015-06-01 10:00 | 3                 | 1          | 1         | 0        | 0
        2015-06-01   | 2          | 2015-06-01 10:00 | 3                 | 1          | 0         | 0        | 1
    """,
    )
    events = given(
        session_events.table,
        """
        session_date | visitor_id | started_at       | event_type  | transaction_id
        2015-06-01   | 1          | 2015-06-01 08:00 | view        |
        2015-06-01   | 1          | 2015-06-01 08:00 | transaction | 5
        2015-06-01   | 1          | 2015-06-01 08:00 | transaction | 5
        2015-06-01   | 1          | 2015-06-01 10:00 | view        |
        2015-06-01   | 2          | 2015-06-01 10:00 | transaction | 6
    """,
    )
    tree = given(
        categories.table,
        """
        category_id | root_id
        3           | 1
    """,
    )
    firsts = given(
        first_visits.table,
        """
        visitor_id | first_visit_at
        1          | 2015-06-01 08:00
        2          | 2015-06-01 10:00
    """,
    )
    expect_rows(
        visit_segments.table,
        visit_segments.count_segments(visits, events, tree, firsts),
        """
        root_category_id | is_new | num_sessions | num_view_sessions | num_purchase_sessions | num_purchases_without_cart | num_bounces | num_views | num_transactions | num_orders
        1                | true   | 2            | 1                 | 2                     | 2                          | 0           | 1         | 3                | 2
        1                | false  | 1            | 1                 | 0                     | 0                          | 1           | 1         | 0                | 0
    """,
    )
