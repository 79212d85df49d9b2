from gold import funnel, visitor_days
from silver import categories, first_visits, sessions


def test_a_visit_belongs_to_the_root_of_its_first_category_and_may_skip_steps(given, expect_rows):
    visits = given(
        sessions.table,
        """
        session_date | visitor_id | started_at       | entry_category_id | num_events | num_views | num_adds | num_transactions
        2015-06-01   | 1          | 2015-06-01 08:00 | 3                 | 3          | 1         | 1        | 1
        2015-06-01   | 1          | 2015-06-01 10:00 | 3                 | 1          | 0         | 1        | 0
        2015-06-01   | 1          | 2015-06-01 12:00 |                   | 2          | 1         | 0        | 1
        2015-06-01   | 2          | 2015-06-01 08:00 | 99                | 1          | 1         | 0        | 0
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
        1          | 2015-05-01 08:00
        2          | 2015-06-01 08:00
    """,
    )
    expect_rows(
        visitor_days.table,
        visitor_days.count_visitor_days(visits, tree, firsts),
        """
        root_category_id | visitor_id | is_new | num_sessions | num_view_sessions | num_cart_sessions | num_purchase_sessions | num_carts_without_view | num_purchases_without_cart | num_abandoned_carts | num_bounces
        1                | 1          | false  | 2            | 1                 | 2                 | 1                     | 1                      | 0                          | 1                   | 0
        -1               | 1          | false  | 1            | 1                 | 0                 | 1                     | 0                      | 1                          | 0                   | 0
        -1               | 2          | true   | 1            | 1                 | 0                 | 0                     | 0                      | 0                          | 0                   | 1
    """,
    )


def test_a_visitor_of_two_categories_counts_once_over_all(given, expect_rows):
    rows = given(
        visitor_days.table,
        """
        session_date | root_category_id | visitor_id | is_new | num_sessions | num_view_sessions | num_cart_sessions | num_purchase_sessions | num_carts_without_view | num_purchases_without_cart
        2015-06-01   | 1                | 1          | true   | 1            | 1                 | 0                 | 0                     | 0                      | 0
        2015-06-01   | 1                | 1          | false  | 1            | 0                 | 1                 | 0                     | 0                      | 0
        2015-06-01   | 4                | 1          | false  | 1            | 1                 | 0                 | 0                     | 0                      | 0
        2015-06-01   | 4                | 2          | true   | 1            | 0                 | 1                 | 1                     | 1                      | 0
    """,
    )
    expect_rows(
        funnel.table,
        funnel.count_steps(rows),
        """
        root_category_id | num_sessions | num_cart_sessions | num_visitors | num_view_visitors | num_cart_visitors | num_purchase_visitors
        1                | 2            | 1                 | 1            | 1                 | 1                 | 0
        4                | 2            | 1                 | 2            | 1                 | 1                 | 1
        -2               | 4            | 2                 | 2            | 1                 | 2                 | 1
    """,
    )
