from datetime import UTC, date, datetime, timedelta

import pytest

from lakehouse.completeness import complete_until, days_that_count, is_complete, time_bounds

MONDAY = date(2015, 6, 1)
ALWAYS = range(24)
LATER = datetime(2016, 1, 1, tzinfo=UTC)


def hours(*covered, first=MONDAY):
    """Days one after another, each with the hours in which it has visits."""
    return {first + timedelta(days=number): set(each) for number, each in enumerate(covered)}


def visits(days, each=100):
    return {(day, hour): each for day, covered in days.items() for hour in covered}


def test_a_day_is_complete_with_nine_of_ten_hours_that_are_usual_on_its_weekday():
    weeks = hours(*[ALWAYS] * 7, range(22), first=MONDAY)
    assert is_complete(MONDAY + timedelta(days=7), weeks)
    weeks[MONDAY + timedelta(days=7)] = set(range(21))
    assert not is_complete(MONDAY + timedelta(days=7), weeks)


def test_just_nine_of_ten_usual_hours_are_enough():
    weeks = hours(*[range(20)] * 7, range(18))
    assert is_complete(MONDAY + timedelta(days=7), weeks)


def test_an_hour_is_usual_in_most_days_not_in_half_of_them():
    weeks = hours(*[ALWAYS] * 7, range(12), *[ALWAYS] * 6, range(12))
    assert is_complete(MONDAY + timedelta(days=14), weeks)


def test_an_hour_that_a_weekday_rests_in_is_not_missed():
    week = [range(8, 20), *[ALWAYS] * 6]
    assert is_complete(MONDAY + timedelta(days=14), hours(*week, *week, range(8, 20)))
    assert not is_complete(MONDAY + timedelta(days=15), hours(*week, *week, ALWAYS, range(8, 20)))


def test_only_the_last_four_of_its_weekdays_tell_what_is_usual():
    full, short = [ALWAYS] * 7, [range(12), *[ALWAYS] * 6]
    assert is_complete(MONDAY + timedelta(days=49), hours(*full * 4, *short * 3, range(12)))
    assert not is_complete(MONDAY + timedelta(days=49), hours(*full * 6, *short, range(12)))


def test_without_such_a_weekday_all_days_before_tell():
    assert is_complete(MONDAY + timedelta(days=2), hours(range(6), range(6), range(6)))
    assert not is_complete(MONDAY + timedelta(days=2), hours(ALWAYS, ALWAYS, range(5)))


@pytest.mark.parametrize(("covered", "complete"), [({0, 23}, True), (range(23), False), (range(1, 24), False)])
def test_the_first_day_is_complete_with_its_first_and_last_hour(covered, complete):
    assert is_complete(MONDAY, hours(covered)) is complete


def test_a_day_with_less_than_a_hundredth_of_the_median_does_not_count():
    june = {MONDAY + timedelta(days=number): 1000 for number in range(3)}
    assert days_that_count({date(2001, 1, 1): 9, **june, date(2015, 8, 1): 10}) == [*june, date(2015, 8, 1)]


def test_a_stray_instant_bends_neither_the_bounds_nor_the_newest_complete_day():
    found = visits(hours(ALWAYS, ALWAYS, range(5))) | {(date(2001, 1, 1), 7): 1, (date(2015, 6, 9), 23): 1}
    bounds = time_bounds(found, LATER)
    assert (bounds.first, bounds.last, bounds.complete) == (MONDAY, date(2015, 6, 3), date(2015, 6, 2))


def test_a_day_is_not_complete_before_it_is_over():
    found = visits(hours(ALWAYS, ALWAYS))
    assert time_bounds(found, datetime(2015, 6, 2, 23, 59, tzinfo=UTC)).complete == MONDAY
    assert time_bounds(found, datetime(2015, 6, 3, tzinfo=UTC)).complete == date(2015, 6, 2)


def test_no_day_is_complete_where_the_only_one_ends_early():
    bounds = time_bounds(visits(hours(range(5))), LATER)
    assert (bounds.first, bounds.last, bounds.complete) == (MONDAY, MONDAY, None)


def test_nothing_has_no_bounds():
    assert time_bounds({}, LATER) is None


def test_an_hour_is_complete_once_a_later_one_has_begun():
    assert complete_until(visits(hours(range(9))), LATER) == datetime(2015, 6, 1, 8, tzinfo=UTC)


def test_a_stray_event_completes_no_hour_and_neither_does_one_after_the_publication():
    found = visits(hours(ALWAYS, ALWAYS)) | {(MONDAY + timedelta(days=300), 12): 1}
    assert complete_until(found, LATER) == datetime(2015, 6, 2, 23, tzinfo=UTC)
    assert complete_until(found, datetime(2015, 6, 2, 7, tzinfo=UTC)) == datetime(2015, 6, 2, 7, tzinfo=UTC)


def test_nothing_is_complete_where_nothing_is():
    assert complete_until({}, LATER) is None
