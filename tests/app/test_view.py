from datetime import date

from app.view import DAYS, UNITS, Period, View, parse, window

FIRST, LAST = date(2015, 5, 3), date(2015, 9, 17)


def test_every_view_survives_the_way_through_the_address():
    views = [View(length, compare, unit) for length in DAYS for compare in (True, False) for unit in UNITS]

    assert [parse(view.query) for view in views] == views
    assert len(views) == 16


def test_what_an_address_asks_for_in_vain_takes_its_default():
    assert parse("?range=5y&compare=maybe&unit=<script>&more=1") == View("28d", True, "session")


def test_an_address_without_a_query_is_the_default_view():
    assert parse("") == parse(None) == View()


def test_a_range_ends_at_the_last_complete_day_and_holds_as_many_days_as_it_says():
    shown = window(View("7d"), FIRST, LAST)

    assert shown.current == Period(date(2015, 9, 11), date(2015, 9, 17))
    assert shown.current.days == 7


def test_the_period_before_touches_the_range_and_is_as_long():
    shown = window(View("28d"), FIRST, LAST)

    assert shown.previous == Period(date(2015, 7, 24), date(2015, 8, 20))
    assert shown.previous.days == shown.current.days


def test_days_before_the_data_are_not_compared_with():
    assert window(View("90d"), FIRST, LAST).previous is None
    assert window(View("all"), FIRST, LAST) == window(View("all", compare=False), FIRST, LAST)


def test_a_range_longer_than_the_data_shows_the_data():
    assert window(View("90d"), date(2015, 9, 1), LAST).current == Period(date(2015, 9, 1), LAST)
