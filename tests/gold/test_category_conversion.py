from gold import category_conversion
from silver import categories, session_events, sessions


def test_a_visit_counts_once_at_a_category_and_at_every_one_above_it(given, expect_rows):
    visits = given(
        sessions.table,
        """
        session_date | visitor_id | started_at       | entry_category_id | is_one_category | num_views | num_adds | num_transactions
        2015-06-01   | 1          | 2015-06-01 10:00 | 2                 | false           | 1         | 0        | 1
        2015-06-01   | 2          | 2015-06-01 11:00 | 3                 | true            | 1         | 0        | 0
    """,
    )
    events = given(
        session_events.table,
        """
        session_date | visitor_id | started_at       | event_type  | category_id
        2015-06-01   | 1          | 2015-06-01 10:00 | view        | 2
        2015-06-01   | 1          | 2015-06-01 10:00 | transaction | 3
        2015-06-01   | 2          | 2015-06-01 11:00 | view        | 3
    """,
    )
    tree = given(
        categories.table,
        """
        category_id | path
        1           | 1
        2           | 1 2
        3           | 1 3
    """,
    )
    expect_rows(
        category_conversion.table,
        category_conversion.attribute(visits, events, tree),
        """
        category_id | num_sessions | num_view_sessions | num_cart_sessions | num_purchase_sessions | num_views | num_transactions
        1           | 2            | 2                 | 0                 | 1                     | 2         | 1
        2           | 1            | 1                 | 0                 | 0                     | 1         | 0
        3           | 2            | 1                 | 0                 | 1                     | 1         | 1
    """,
    )


def test_an_unknown_category_and_one_without_a_node_have_rows_of_their_own(given, none, expect_rows):
    visits = given(
        sessions.table,
        """
        session_date | visitor_id | started_at       | entry_category_id | is_one_category | num_views | num_adds | num_transactions
        2015-06-01   | 1          | 2015-06-01 10:00 |                   | false           | 1         | 1        | 0
        2015-06-01   | 2          | 2015-06-01 10:00 |                   | true            | 1         | 0        | 0
    """,
    )
    events = given(
        session_events.table,
        """
        session_date | visitor_id | started_at       | event_type | category_id
        2015-06-01   | 1          | 2015-06-01 10:00 | view       |
        2015-06-01   | 1          | 2015-06-01 10:00 | addtocart  | 77
        2015-06-01   | 2          | 2015-06-01 10:00 | view       |
    """,
    )
    rows = category_conversion.attribute(visits, events, none(categories.table))
    expect_rows(
        category_conversion.table,
        rows,
        """
        category_id | num_sessions | num_views | num_adds
        -1          | 2            | 2         | 0
        77          | 1            | 0         | 1
    """,
    )
