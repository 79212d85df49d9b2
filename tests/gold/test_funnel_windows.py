from gold import funnel_windows, visit_outcomes, visitor_days
from silver import categories, first_visits, session_events


def outcomes(given, text: str):
    firsts = given(
        first_visits.table,
        """
        visitor_id | first_visit_at
        1          | 2015-06-01 08:00
    """,
    )
    return visit_outcomes.follow_visits(
        given(session_events.table, text), given(categories.table, "category_id"), firsts
    )


def test_a_cart_and_a_purchase_of_a_later_visit_follow_every_visit_with_a_view_before(given, expect_rows):
    events = """
        visitor_id | started_at       | session_date | position | occurred_at      | event_type
        1          | 2015-06-01 08:00 | 2015-06-01   | 1        | 2015-06-01 08:00 | view
        1          | 2015-06-02 08:00 | 2015-06-02   | 1        | 2015-06-02 08:00 | view
        1          | 2015-06-02 08:00 | 2015-06-02   | 2        | 2015-06-02 08:01 | addtocart
        1          | 2015-06-20 08:00 | 2015-06-20   | 1        | 2015-06-20 08:00 | transaction
        2          | 2015-06-01 08:00 | 2015-06-01   | 1        | 2015-06-01 08:00 | view
    """
    expect_rows(
        visit_outcomes.table,
        outcomes(given, events),
        """
        visitor_id | started_at       | ended_at         | is_new | first_view_at    | cart_at          | purchase_at      | ordered_cart_at  | ordered_purchase_at
        1          | 2015-06-01 08:00 | 2015-06-01 08:00 | true   | 2015-06-01 08:00 | 2015-06-02 08:01 | 2015-06-20 08:00 | 2015-06-02 08:01 | 2015-06-20 08:00
        1          | 2015-06-02 08:00 | 2015-06-02 08:01 | false  | 2015-06-02 08:00 | 2015-06-02 08:01 | 2015-06-20 08:00 | 2015-06-02 08:01 | 2015-06-20 08:00
    """,
    )


def test_in_order_counts_only_the_cart_after_the_view_and_the_purchase_after_that_cart(given, expect_rows):
    events = """
        visitor_id | started_at       | session_date | position | occurred_at      | event_type
        1          | 2015-06-01 08:00 | 2015-06-01   | 1        | 2015-06-01 08:00 | addtocart
        1          | 2015-06-01 08:00 | 2015-06-01   | 2        | 2015-06-01 08:01 | view
        1          | 2015-06-01 08:00 | 2015-06-01   | 3        | 2015-06-01 08:02 | transaction
        1          | 2015-06-01 08:00 | 2015-06-01   | 4        | 2015-06-01 08:03 | addtocart
    """
    expect_rows(
        visit_outcomes.table,
        outcomes(given, events),
        """
        cart_at          | purchase_at      | ordered_cart_at  | ordered_purchase_at
        2015-06-01 08:00 | 2015-06-01 08:02 | 2015-06-01 08:03 |
    """,
    )


def test_what_comes_more_than_thirty_days_after_the_view_follows_nothing(given, expect_rows):
    events = """
        visitor_id | started_at       | session_date | position | occurred_at         | event_type
        1          | 2015-06-01 08:00 | 2015-06-01   | 1        | 2015-06-01 08:00:00 | view
        1          | 2015-07-01 07:00 | 2015-07-01   | 1        | 2015-07-01 08:00:00 | addtocart
        1          | 2015-07-01 07:00 | 2015-07-01   | 2        | 2015-07-01 08:00:01 | transaction
    """
    expect_rows(
        visit_outcomes.table,
        outcomes(given, events),
        """
        started_at       | cart_at          | purchase_at
        2015-06-01 08:00 | 2015-07-01 08:00 |
    """,
    )


def test_a_window_counts_the_steps_in_the_visit_and_up_to_its_end(given, expect_rows):
    days = given(
        visitor_days.table,
        """
        session_date | root_category_id | is_new | num_view_sessions
        2015-06-01   | 1                | false  | 3
        2015-06-01   | 1                | true   | 0
        2015-06-02   | 1                | false  | 4
    """,
    )
    followed = given(
        visit_outcomes.table,
        """
        session_date | root_category_id | is_new | first_view_at    | ended_at         | cart_at          | purchase_at         | ordered_cart_at  | ordered_purchase_at
        2015-06-01   | 1                | false  | 2015-06-01 08:00 | 2015-06-01 08:00 | 2015-06-02 08:00 | 2015-06-08 08:00:01 | 2015-06-02 08:00 | 2015-06-08 08:00:01
        2015-06-01   | 1                | false  | 2015-06-01 08:00 | 2015-06-01 08:30 | 2015-06-01 08:30 | 2015-06-01 08:20    | 2015-06-01 08:30 |
    """,
    )
    expect_rows(
        funnel_windows.table,
        funnel_windows.count_windows(days, followed),
        """
        session_date | window_days | is_ordered | num_sessions | num_cart_sessions | num_purchase_sessions
        2015-06-01   | 0           | false      | 3            | 1                 | 1
        2015-06-01   | 1           | false      | 3            | 2                 | 1
        2015-06-01   | 7           | false      | 3            | 2                 | 1
        2015-06-01   | 30          | false      | 3            | 2                 | 2
        2015-06-01   | 0           | true       | 3            | 1                 | 0
        2015-06-01   | 1           | true       | 3            | 2                 | 0
        2015-06-01   | 7           | true       | 3            | 2                 | 0
        2015-06-01   | 30          | true       | 3            | 2                 | 1
        2015-06-02   | 0           | false      | 4            | 0                 | 0
        2015-06-02   | 1           | false      | 4            | 0                 | 0
        2015-06-02   | 7           | false      | 4            | 0                 | 0
        2015-06-02   | 30          | false      | 4            | 0                 | 0
        2015-06-02   | 0           | true       | 4            | 0                 | 0
        2015-06-02   | 1           | true       | 4            | 0                 | 0
        2015-06-02   | 7           | true       | 4            | 0                 | 0
        2015-06-02   | 30          | true       | 4            | 0                 | 0
    """,
    )
