from gold import item_performance
from silver import session_events


def test_an_item_counts_each_visit_once_and_each_order_once(given, expect_rows):
    rows = given(
        session_events.table,
        """
        session_date | item_id | visitor_id | event_type  | transaction_id | is_first_of_item
        2015-06-01   | 5       | 1          | view        |                | true
        2015-06-01   | 5       | 1          | transaction | 9              | false
        2015-06-01   | 5       | 1          | transaction | 9              | false
        2015-06-01   | 5       | 2          | transaction | 10             | true
        2015-06-02   | 5       | 1          | view        |                | true
    """,
    )
    expect_rows(
        item_performance.table,
        item_performance.count_items(rows),
        """
        session_date | item_id | num_sessions | num_views | num_adds | num_transactions | num_orders
        2015-06-01   | 5       | 2            | 1         | 0        | 3                | 2
        2015-06-02   | 5       | 1            | 1         | 0        | 0                | 0
    """,
    )
