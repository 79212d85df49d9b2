from gold import activity
from silver import events


def test_events_are_counted_in_the_utc_hour_in_which_they_occurred(given, expect_rows):
    rows = given(
        events.table,
        """
        occurred_at         | event_date | event_type
        2015-06-01 10:00:00 | 2015-06-01 | view
        2015-06-01 10:59:59 | 2015-06-01 | view
        2015-06-01 11:00:00 | 2015-06-01 | view
        2015-06-01 11:00:00 | 2015-06-01 | addtocart
    """,
    )
    expect_rows(
        activity.table,
        activity.count_hours(rows),
        """
        event_date | event_hour | event_type | num_events
        2015-06-01 | 10         | view       | 2
        2015-06-01 | 11         | view       | 1
        2015-06-01 | 11         | addtocart  | 1
    """,
    )
