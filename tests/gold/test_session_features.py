from gold import session_features
from silver import sessions


def test_features_see_only_what_came_before_the_first_purchase(given, expect_rows):
    rows = given(
        sessions.table,
        """
        visitor_id | started_at       | session_date | num_views | num_views_before | num_adds_before | num_transactions | distinct_products | distinct_products_before
        1          | 2015-06-01 23:50 | 2015-06-01   | 2         | 1                | 1               | 1                | 2                 | 1
    """,
    )
    expect_rows(
        session_features.table,
        session_features.select_features(rows),
        """
        session_id      | session_date | session_hour | num_views | num_adds | distinct_products | num_events_before | purchase_intent
        1-1433202600000 | 2015-06-01   | 23           | 1         | 1        | 1                 | 2                 | 1
    """,
    )


def test_a_visit_that_opens_with_its_purchase_stays_with_zeros(given, expect_rows):
    rows = given(
        sessions.table,
        """
        visitor_id | started_at       | num_views_before | num_adds_before | distinct_products_before | num_transactions
        1          | 2015-06-01 10:00 | 0                | 0               | 0                        | 1
    """,
    )
    expect_rows(
        session_features.table,
        session_features.select_features(rows),
        """
        num_views | num_adds | distinct_products | num_events_before | purchase_intent
        0         | 0        | 0                 | 0                 | 1
    """,
    )
