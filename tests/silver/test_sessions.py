from silver import session_events, sessions


def test_a_visit_counts_all_its_events_and_enters_by_its_first(given, expect_rows):
    rows = given(
        session_events.table,
        """
        visitor_id | started_at       | position | occurred_at      | event_type  | is_first_of_item | category_id
        1          | 2015-06-01 23:50 | 1        | 2015-06-01 23:50 | view        | true             | 7
        1          | 2015-06-01 23:50 | 2        | 2015-06-01 23:55 | view        | false            | 8
        1          | 2015-06-01 23:50 | 3        | 2015-06-02 00:05 | addtocart   | true             | 9
        1          | 2015-06-01 23:50 | 4        | 2015-06-02 00:10 | transaction | false            | 9
        2          | 2015-06-01 10:00 | 1        | 2015-06-01 10:00 | view        | true             |
    """,
    )
    expect_rows(
        sessions.table,
        sessions.summarise(rows),
        """
        visitor_id | ended_at         | session_date | num_events | num_views | num_adds | num_transactions | distinct_products | entry_category_id
        1          | 2015-06-02 00:10 | 2015-06-01   | 4          | 2         | 1        | 1                | 2                 | 7
        2          | 2015-06-01 10:00 | 2015-06-01   | 1          | 1         | 0        | 0                | 1                 |
    """,
    )


def test_counts_before_the_purchase_leave_out_what_came_with_it_and_after(given, expect_rows):
    rows = given(
        session_events.table,
        """
        visitor_id | started_at       | event_type  | is_first_of_item | is_before_purchase
        1          | 2015-06-01 23:50 | view        | true             | true
        1          | 2015-06-01 23:50 | addtocart   | false            | true
        1          | 2015-06-01 23:50 | transaction | false            | false
        1          | 2015-06-01 23:50 | view        | true             | false
    """,
    )
    expect_rows(
        sessions.table,
        sessions.summarise(rows),
        """
        num_views | num_views_before | num_adds_before | distinct_products | distinct_products_before
        2         | 1                | 1               | 2                 | 1
    """,
    )


def test_a_visit_is_of_one_category_when_no_event_is_of_another_or_of_none(given, expect_rows):
    rows = given(
        session_events.table,
        """
        visitor_id | started_at       | category_id
        1          | 2015-06-01 10:00 | 7
        1          | 2015-06-01 10:00 | 7
        2          | 2015-06-01 10:00 | 7
        2          | 2015-06-01 10:00 |
        3          | 2015-06-01 10:00 |
    """,
    )
    expect_rows(
        sessions.table,
        sessions.summarise(rows),
        """
        visitor_id | is_one_category
        1          | true
        2          | false
        3          | true
    """,
    )
