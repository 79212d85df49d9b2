"""Visits in arrays."""

from ml.recommend import visits
from silver import session_events

ROWS = """
    visitor_id | started_at       | position | occurred_at      | item_id
    7          | 2015-06-02 10:00 | 1        | 2015-06-02 10:00 | 4
    5          | 2015-06-01 10:00 | 2        | 2015-06-01 10:05 | 2
    5          | 2015-06-01 10:00 | 1        | 2015-06-01 10:00 | 1
    5          | 2015-06-03 10:00 | 1        | 2015-06-03 10:00 | 3
"""


def of(given, text: str) -> visits.Visits:
    return visits.of(given(session_events.table, text).select(*visits.COLUMNS).toArrow())


def test_events_are_put_in_the_order_of_their_visit(given):
    assert list(of(given, ROWS)) == [[1, 2], [3], [4]]


def test_a_visitors_last_visit_is_found(given):
    last = of(given, ROWS).last()
    assert [last.last_of(visitor) for visitor in (5, 7, 6, 8)] == [[3], [4], [], []]


def test_a_visit_ends_with_its_last_event(given):
    found = of(given, ROWS)
    chosen = found.where(found.ended_at == 1_433_153_100_000_000)  # 2015-06-01 10:05 UTC
    assert list(chosen) == [[1, 2]]


def test_a_lake_without_visits_has_none(given):
    found = of(given, "visitor_id")
    assert (len(found.last()), list(found), found.last_of(5)) == (0, [], [])
