from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from pyspark.sql import functions as F

from gold import intent_examples
from lakehouse import settings
from lakehouse.errors import Exit, LakehouseError
from ml.intent import slices

COVERED = slices.Coverage(
    datetime(2015, 5, 1, tzinfo=UTC), datetime(2015, 9, 1, tzinfo=UTC), datetime(2015, 9, 1, 3, tzinfo=UTC)
)


@pytest.fixture
def split() -> slices.Slices:
    return slices.split(COVERED, settings.load().model)


def hours(days: range, each: int = 5) -> list[dict]:
    """Rows of gold.activity for whole days of June."""
    return [
        {"event_date": date(2015, 6, day), "event_hour": hour, "num_events": each} for day in days for hour in range(24)
    ]


def test_the_test_is_the_last_fifth_of_the_covered_time(split):
    start, end = split.bounds["test"]
    assert (end, end - start) == (COVERED.end, (COVERED.end - COVERED.start) / 5)


def test_the_parts_follow_each_other_with_a_day_between(split):
    assert tuple(split.bounds) == slices.PARTS
    bounds = list(split.bounds.values())
    assert bounds[0][0] == COVERED.start
    assert {later[0] - earlier[1] for earlier, later in pairwise(bounds)} == {timedelta(days=1)}


def test_each_choice_has_a_tenth_of_the_time_before_the_test(split):
    lengths = {end - start for name, (start, end) in split.bounds.items() if name not in ("fit", "test")}
    assert lengths == {(split.bounds["test"][0] - timedelta(days=1) - COVERED.start) / 10}


@pytest.mark.parametrize(("days", "is_split"), [(7, True), (6, False), (1, False)])
def test_days_that_leave_nothing_for_the_fit_are_refused(days, is_split):
    covered = replace(COVERED, start=COVERED.end - timedelta(days=days))
    model = settings.load().model
    if is_split:
        start, end = slices.split(covered, model).bounds["fit"]
        assert start < end
    else:
        with pytest.raises(LakehouseError, match=f"too few days of events to learn from, {days}:") as error:
            slices.split(covered, model)
        assert error.value.code == Exit.REFUSED


def test_a_visit_is_in_the_part_in_which_it_started(given):
    noon = [datetime(2015, 6, day, 12, tzinfo=UTC) for day in range(1, 12)]
    bounds = dict(zip(slices.PARTS, zip(noon[0::2], noon[1::2], strict=False), strict=False))
    visits = given(
        intent_examples.table,
        """
        started_at          | num_views
        2015-06-01 11:59:59 | 0
        2015-06-01 12:00:00 | 1
        2015-06-02 11:59:59 | 2
        2015-06-02 12:00:00 | 3
        2015-06-03 12:00:00 | 4
        2015-06-09 12:00:00 | 5
        2015-06-10 12:00:00 | 6
    """,
    )
    rows = visits.select("num_views", slices.Slices(bounds).part().alias("part")).collect()
    assert [row.part for row in sorted(rows)] == ["embargo", "fit", "fit", "embargo", "selection", "test", "later"]


def test_slices_are_read_from_a_document_as_they_were_written(split):
    assert slices.Slices.of(split.to_document()) == split


def test_the_covered_time_ends_with_the_newest_complete_day_and_a_stray_event_moves_no_bound():
    strays = [{"event_date": date(*day), "event_hour": 12, "num_events": 1} for day in [(2001, 1, 1), (2016, 1, 1)]]
    begun = hours(range(8, 9))[:3]
    found = slices.coverage([*hours(range(1, 8)), *begun, *strays], datetime(2020, 1, 1, tzinfo=UTC))
    assert found == slices.Coverage(*[datetime(2015, 6, *at, tzinfo=UTC) for at in [(1,), (8,), (8, 2)]])


def test_no_events_cover_no_time():
    assert slices.coverage([], datetime(2020, 1, 1, tzinfo=UTC)) is None


def test_a_visit_has_ended_when_the_data_are_complete_for_more_than_half_an_hour_after_it(given):
    rows = given(
        intent_examples.table,
        """
        ended_at                | num_views
        2015-06-01 11:29:59.999 | 1
        2015-06-01 11:30:00     | 2
    """,
    )
    ended = rows.where(slices.has_ended(datetime(2015, 6, 1, 12, tzinfo=UTC))).select(F.sum("num_views")).collect()
    assert ended[0][0] == 1
