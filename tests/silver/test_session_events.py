from silver import events, item_history, session_events


def test_a_pause_longer_than_30_minutes_starts_a_new_visit(given, none, expect_rows):
    rows = given(
        events.table,
        """
        visitor_id | occurred_at             | event_type
        -----------+-------------------------+-----------
        1          | 2015-06-01 10:00        | view
        1          | 2015-06-01 10:30:00.000 | view
        1          | 2015-06-01 11:00:00.001 | view
        2          | 2015-06-01 10:40        | view
    """,
    )
    expect_rows(
        session_events.table,
        session_events.sessionize(rows, none(item_history.table)),
        """
        visitor_id | started_at              | position | occurred_at
        1          | 2015-06-01 10:00        | 1        | 2015-06-01 10:00
        1          | 2015-06-01 10:00        | 2        | 2015-06-01 10:30:00.000
        1          | 2015-06-01 11:00:00.001 | 1        | 2015-06-01 11:00:00.001
        2          | 2015-06-01 10:40        | 1        | 2015-06-01 10:40
    """,
    )


def test_a_visit_belongs_to_the_day_on_which_it_started(given, none, expect_rows):
    rows = given(
        events.table,
        """
        visitor_id | occurred_at      | event_type | event_date
        1          | 2015-06-01 23:50 | view       | 2015-06-01
        1          | 2015-06-02 00:10 | view       | 2015-06-02
    """,
    )
    expect_rows(
        session_events.table,
        session_events.sessionize(rows, none(item_history.table)),
        """
        position | event_date | session_date
        1        | 2015-06-01 | 2015-06-01
        2        | 2015-06-02 | 2015-06-01
    """,
    )


def test_events_of_one_millisecond_stand_as_view_cart_purchase_then_by_item_then_by_order(given, none, expect_rows):
    rows = given(
        events.table,
        """
        visitor_id | occurred_at      | event_type  | item_id | transaction_id
        1          | 2015-06-01 10:00 | transaction | 5       | 12
        1          | 2015-06-01 10:00 | transaction | 5       | 11
        1          | 2015-06-01 10:00 | addtocart   | 5       |
        1          | 2015-06-01 10:00 | view        | 9       |
        1          | 2015-06-01 10:00 | view        | 5       |
    """,
    )
    expect_rows(
        session_events.table,
        session_events.sessionize(rows, none(item_history.table)),
        """
        position | event_type  | item_id | transaction_id
        1        | view        | 5       |
        2        | view        | 9       |
        3        | addtocart   | 5       |
        4        | transaction | 5       | 11
        5        | transaction | 5       | 12
    """,
    )


def test_only_events_ahead_of_the_first_transaction_of_the_visit_are_before_its_purchase(given, none, expect_rows):
    rows = given(
        events.table,
        """
        visitor_id | occurred_at      | event_type  | item_id
        1          | 2015-06-01 10:00 | view        | 5
        1          | 2015-06-01 10:01 | transaction | 5
        1          | 2015-06-01 10:02 | view        | 5
        1          | 2015-06-01 12:00 | view        | 5
    """,
    )
    expect_rows(
        session_events.table,
        session_events.sessionize(rows, none(item_history.table)),
        """
        occurred_at      | is_before_purchase
        2015-06-01 10:00 | true
        2015-06-01 10:01 | false
        2015-06-01 10:02 | false
        2015-06-01 12:00 | true
    """,
    )


def test_an_item_is_first_once_in_each_visit(given, none, expect_rows):
    rows = given(
        events.table,
        """
        visitor_id | occurred_at      | event_type | item_id
        1          | 2015-06-01 10:00 | view       | 5
        1          | 2015-06-01 10:01 | view       | 6
        1          | 2015-06-01 10:02 | addtocart  | 5
        1          | 2015-06-01 12:00 | view       | 5
    """,
    )
    expect_rows(
        session_events.table,
        session_events.sessionize(rows, none(item_history.table)),
        """
        occurred_at      | item_id | is_first_of_item
        2015-06-01 10:00 | 5       | true
        2015-06-01 10:01 | 6       | true
        2015-06-01 10:02 | 5       | false
        2015-06-01 12:00 | 5       | true
    """,
    )


def test_an_item_is_as_it_was_at_the_event_and_unknown_before_its_first_snapshot(given, expect_rows):
    rows = given(
        events.table,
        """
        visitor_id | occurred_at             | event_type | item_id
        1          | 2015-05-09 10:00        | view       | 5
        1          | 2015-05-10 03:00        | view       | 5
        1          | 2015-05-17 02:59:59.999 | view       | 5
        1          | 2015-05-17 03:00        | view       | 5
    """,
    )
    history = given(
        item_history.table,
        """
        item_id | valid_from       | valid_to         | category_id | is_available | price
        5       | 2015-05-10 03:00 | 2015-05-17 03:00 | 100         | true         | 9.5
        5       | 2015-05-17 03:00 |                  | 200         | false        | 8
        6       | 2015-05-01 03:00 |                  | 300         | true         | 7
    """,
    )
    expect_rows(
        session_events.table,
        session_events.sessionize(rows, history),
        """
        occurred_at             | category_id | is_available | price
        2015-05-09 10:00        |             |              |
        2015-05-10 03:00        | 100         | true         | 9.5
        2015-05-17 02:59:59.999 | 100         | true         | 9.5
        2015-05-17 03:00        | 200         | false        | 8
    """,
    )
