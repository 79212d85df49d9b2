from gold import daily_kpis, funnel
from silver import session_events, sessions


def test_a_day_counts_visitors_once_and_orders_by_their_ids(given, expect_rows):
    visits = given(
        sessions.table,
        """
        session_date | visitor_id | num_events | num_views | num_adds | num_transactions
        2015-06-01   | 1          | 1          | 1         | 0        | 0
        2015-06-01   | 1          | 4          | 1         | 1        | 2
        2015-06-01   | 2          | 2          | 1         | 1        | 0
        2015-06-02   | 2          | 1          | 1         | 0        | 0
        2015-06-02   | 3          | 1          | 0         | 1        | 0
    """,
    )
    events = given(
        session_events.table,
        """
        session_date | event_type  | transaction_id
        2015-06-01   | transaction | 5
        2015-06-01   | transaction | 5
        2015-06-02   | view        |
    """,
    )
    steps = given(
        funnel.table,
        """
        session_date | root_category_id | num_visitors
        2015-06-01   | 4                | 9
        2015-06-01   | -2               | 2
        2015-06-02   | -2               | 2
    """,
    )
    expect_rows(
        daily_kpis.table,
        daily_kpis.count_day(visits, events, steps),
        """
        session_date | num_visitors | num_sessions | num_bounces | num_cart_sessions | num_abandoned_carts | num_purchase_sessions | num_transactions | num_orders
        2015-06-01   | 2            | 3            | 1           | 2                 | 1                   | 1                     | 2                | 1
        2015-06-02   | 2            | 2            | 1           | 1                 | 1                   | 0                     | 0                | 0
    """,
    )
