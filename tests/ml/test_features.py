from datetime import UTC, datetime, timedelta

import pytest

from gold import session_features
from lakehouse import settings
from ml import features

FIRST, LAST = datetime(2015, 5, 1, tzinfo=UTC), datetime(2015, 9, 1, tzinfo=UTC)


@pytest.fixture
def borders() -> features.Split:
    return features.split(FIRST, LAST, settings.load().model)


def test_the_test_is_the_last_fifth_of_the_time(borders):
    assert LAST - borders.test_start == (LAST - FIRST) / 5


def test_a_day_lies_between_what_is_learned_and_what_is_judged(borders):
    assert borders.test_start - borders.train_end == timedelta(days=1)
    assert borders.validation_start - borders.fit_end == timedelta(days=1)


def test_the_validation_is_the_last_tenth_of_the_training_time(borders):
    assert borders.train_end - borders.validation_start == (borders.train_end - FIRST) / 10


def test_each_visit_is_in_the_part_of_its_start_and_a_visit_in_the_gap_in_none(given):
    visits = given(
        session_features.table,
        """
        started_at          | num_views | num_adds | distinct_products | session_hour | purchase_intent
        --------------------+-----------+----------+-------------------+--------------+----------------
        2015-06-10 11:59:59 | 1         | 0        | 1                 | 0            | 0
        2015-06-10 12:00:00 | 2         | 0        | 1                 | 0            | 0
        2015-06-11 11:59:59 | 3         | 0        | 1                 | 0            | 0
        2015-06-11 12:00:00 | 4         | 0        | 1                 | 0            | 0
        2015-06-20 11:59:59 | 5         | 0        | 1                 | 0            | 0
        2015-06-20 12:00:00 | 6         | 0        | 1                 | 0            | 0
        2015-06-21 11:59:59 | 7         | 0        | 1                 | 0            | 0
        2015-06-21 12:00:00 | 8         | 0        | 1                 | 0            | 0
    """,
    )
    noon = [datetime(2015, 6, day, 12, tzinfo=UTC) for day in (10, 11, 20, 21)]
    rows = features.count_alike(visits, features.Split(*noon)).collect()
    assert {row["num_views"]: row["part"] for row in rows} == {
        1: "fit", 2: "embargo", 3: "embargo", 4: "validation", 5: "validation", 8: "test",
    }  # fmt: skip


def test_visits_that_look_alike_are_counted_once_with_their_number(given):
    visits = given(
        session_features.table,
        """
        started_at       | num_views | num_adds | distinct_products | session_hour | purchase_intent
        -----------------+-----------+----------+-------------------+--------------+----------------
        2015-05-02 10:00 | 2         | 1        | 2                 | 10           | 0
        2015-05-03 10:30 | 2         | 1        | 2                 | 10           | 0
        2015-05-04 10:00 | 2         | 1        | 2                 | 10           | 1
    """,
    )
    rows = features.count_alike(visits, features.split(FIRST, LAST, settings.load().model)).collect()
    assert sorted((row["purchase_intent"], row["num_visits"]) for row in rows) == [(0, 2.0), (1, 1.0)]


def test_a_visit_that_opens_with_its_purchase_takes_no_part(given):
    visits = given(
        session_features.table,
        """
        session_id | num_events_before | purchase_intent
        -----------+-------------------+----------------
        opens      | 0                 | 1
        looks      | 1                 | 1
    """,
    )
    assert [row["session_id"] for row in features.eligible(visits).collect()] == ["looks"]


def test_a_stray_visit_moves_no_border(given):
    june = [f"2015-06-{day:02} {hour:02}:30" for day in range(1, 8) for hour in range(24)] * 5
    strays = ["2001-01-01 12:00", "2015-06-28 12:00"]
    visits = given(session_features.table, "\n".join(["started_at", *june, *strays]))
    assert features.time_range(visits) == (
        datetime(2015, 6, 1, 0, 30, tzinfo=UTC),
        datetime(2015, 6, 7, 23, 30, tzinfo=UTC),
    )


def test_no_visits_have_no_time_range(none):
    assert features.time_range(none(session_features.table)) is None
