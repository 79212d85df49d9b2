from gold import session_features
from silver import session_events


def test_features_see_only_what_came_before_the_first_purchase(given, expect_rows):
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
        session_features.table,
        session_features.count_before_purchase(rows),
        """
        session_id      | session_date | session_hour | num_views | num_adds | distinct_products | num_events_before | purchase_intent
        1-1433202600000 | 2015-06-01   | 23           | 1         | 1        | 1                 | 2                 | 1
    """,
    )


def test_a_visit_that_opens_with_its_purchase_stays_with_zeros(given, expect_rows):
    rows = given(
        session_events.table,
        """
        visitor_id | started_at       | event_type  | is_first_of_item | is_before_purchase
        1          | 2015-06-01 10:00 | transaction | true             | false
    """,
    )
    expect_rows(
        session_features.table,
        session_features.count_before_purchase(rows),
        """
        num_views | num_adds | distinct_products | num_events_before | purchase_intent
        0         | 0        | 0                 | 0                 | 1
    """,
    )
