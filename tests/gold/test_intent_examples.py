import pytest

from gold import conversion_rates, intent_examples
from silver import session_events, sessions


@pytest.fixture
def examples(given):
    """Look back on visits written as text: their events, with silver's own summary of them."""

    def look_back(events: str):
        rows = given(session_events.table, events)
        return intent_examples.look_back(rows, sessions.summarise(rows), conversion_rates.count_past(rows))

    return look_back


VISIT = """
    visitor_id | started_at       | session_date | event_date | position | occurred_at         | event_type  | item_id | category_id | is_available | price | is_first_of_item | is_before_purchase
    1          | 2015-06-01 23:50 | 2015-06-01   | 2015-06-01 | 1        | 2015-06-01 23:50    | view        | 7       | 70          | true         | 5     | true             | true
    1          | 2015-06-01 23:50 | 2015-06-01   | 2015-06-02 | 2        | 2015-06-02 00:01    | view        | 8       | 80          | false        | 6     | true             | true
    1          | 2015-06-01 23:50 | 2015-06-01   | 2015-06-02 | 3        | 2015-06-02 00:01:30 | addtocart   | 7       | 70          | true         | 5     | false            | true
    1          | 2015-06-01 23:50 | 2015-06-01   | 2015-06-02 | 4        | 2015-06-02 00:05    | transaction | 7       | 70          | true         | 5     | false            | false
    1          | 2015-06-01 23:50 | 2015-06-01   | 2015-06-02 | 5        | 2015-06-02 00:06    | view        | 9       | 90          | true         | 9     | true             | false
"""


def test_a_visit_is_looked_at_after_its_first_events_until_it_buys(examples, expect_rows):
    expect_rows(
        intent_examples.table,
        examples(VISIT),
        """
        decision_point | decided_at          | session_hour | session_weekday | num_views | num_adds | distinct_products | label
        1              | 2015-06-01 23:50    | 23           | 1               | 1         | 0        | 1                 | 1
        2              | 2015-06-02 00:01    | 23           | 1               | 2         | 0        | 2                 | 1
        3              | 2015-06-02 00:01:30 | 23           | 1               | 2         | 1        | 2                 | 1
    """,
    )


def test_pace_repeats_and_focus_are_those_of_the_events_so_far(examples, expect_rows):
    expect_rows(
        intent_examples.table,
        examples(VISIT),
        """
        decision_point | seconds_so_far | seconds_since_last | events_since_add | num_same_item | num_same_category | is_item_in_cart
        1              | 0.0            | NULL               | NULL             | 1             | 1                 | false
        2              | 660.0          | 660.0              | NULL             | 1             | 1                 | false
        3              | 690.0          | 30.0               | 0                | 2             | 2                 | true
    """,
    )


def test_price_and_availability_are_those_of_the_latest_item_at_that_moment(examples, expect_rows):
    expect_rows(
        intent_examples.table,
        examples(VISIT),
        """
        decision_point | price | is_available | num_unavailable
        1              | 5.0   | true         | 0
        2              | 6.0   | false        | 1
        3              | 5.0   | true         | 1
    """,
    )


def test_rates_count_the_days_before_the_decision_and_not_the_evening_of_the_visit_itself(examples, expect_rows):
    expect_rows(
        intent_examples.table,
        examples(VISIT),
        """
        decision_point | item_views
        1              | 0
        2              | 0
        3              | 1
    """,
    )
    rates = {row.decision_point: row.item_purchase_rate for row in examples(VISIT).collect()}
    assert rates[3] < rates[1] == pytest.approx(0.01)  # by then one view of the day before did not buy that day


def test_an_earlier_visit_and_what_it_bought_is_known_and_a_later_one_is_not(examples, expect_rows):
    expect_rows(
        intent_examples.table,
        examples("""
            visitor_id | started_at       | session_date | event_date | position | occurred_at      | event_type  | item_id | is_first_of_item | is_before_purchase
            1          | 2015-06-01 10:00 | 2015-06-01   | 2015-06-01 | 1        | 2015-06-01 10:00 | addtocart   | 7       | true             | true
            1          | 2015-06-01 10:00 | 2015-06-01   | 2015-06-01 | 2        | 2015-06-01 10:30 | transaction | 7       | false            | false
            1          | 2015-06-01 12:30 | 2015-06-01   | 2015-06-01 | 1        | 2015-06-01 12:30 | view        | 8       | true             | true
            1025       | 2015-06-01 13:30 | 2015-06-01   | 2015-06-01 | 1        | 2015-06-01 13:30 | view        | 8       | true             | true
        """),
        """
        visitor_id | started_at       | num_earlier_visits | num_earlier_adds | num_earlier_purchases | hours_since_visit | label
        1          | 2015-06-01 10:00 | 0                  | 0                | 0                     | NULL              | 1
        1          | 2015-06-01 12:30 | 1                  | 1                | 1                     | 2.0               | 0
        1025       | 2015-06-01 13:30 | 0                  | 0                | 0                     | NULL              | 0
    """,
    )


def test_a_visit_that_opens_with_its_purchase_is_never_looked_at(examples):
    opened = examples("""
        visitor_id | started_at       | session_date | event_date | position | occurred_at      | event_type  | item_id | is_first_of_item | is_before_purchase
        1          | 2015-06-01 10:00 | 2015-06-01   | 2015-06-01 | 1        | 2015-06-01 10:00 | transaction | 7       | true             | false
        1          | 2015-06-01 10:00 | 2015-06-01   | 2015-06-01 | 2        | 2015-06-01 10:01 | view        | 7       | false            | false
    """)
    assert opened.count() == 0
