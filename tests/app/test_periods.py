from datetime import date

from app.periods import Period, window

FIRST, LAST, NEWEST = date(2015, 5, 3), date(2015, 9, 17), date(2015, 9, 18)


def shown(chosen, is_compared=True):
    return window(chosen, is_compared, FIRST, LAST, NEWEST)


def test_a_range_ends_at_the_last_complete_day_and_holds_as_many_days_as_it_says():
    assert shown("7d").current == Period(date(2015, 9, 11), date(2015, 9, 17))
    assert shown("7d").current.days == 7


def test_the_previous_period_is_as_long_and_has_the_same_weekdays():
    for chosen in ("7d", "28d", "2015-08-03..2015-08-12"):
        found = shown(chosen)

        assert found.previous.days == found.current.days
        assert found.previous.start.weekday() == found.current.start.weekday()
        assert found.previous.end < found.current.start
    assert shown("28d").previous == Period(date(2015, 7, 24), date(2015, 8, 20))


def test_days_before_the_data_are_not_compared_with():
    assert shown("90d").previous is None
    assert shown("all") == shown("all", is_compared=False)


def test_a_range_longer_than_the_data_shows_the_data():
    assert window("90d", True, date(2015, 9, 1), LAST, NEWEST).current == Period(date(2015, 9, 1), LAST)


def test_picked_days_stay_within_the_data_in_whatever_order_they_come():
    assert shown("2015-06-30..2015-06-01").current == Period(date(2015, 6, 1), date(2015, 6, 30))
    assert shown("2014-01-01..2016-01-01").current == Period(FIRST, NEWEST)
    assert shown("2020-01-01..2020-02-01").current == Period(NEWEST, NEWEST)


def test_a_day_that_no_calendar_has_breaks_nothing():
    assert shown("2015-02-31..2015-06-05").current == Period(FIRST, date(2015, 6, 5))
