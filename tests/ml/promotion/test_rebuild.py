from datetime import UTC, datetime

import pytest

from ml.promotion.rebuild import compare

POINT = {"visitor_id": 7, "decision_point": 2, "started_at": datetime(2015, 8, 20, 23, 50, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        (0.1 + 0.2, 0.3, False),  # sums in another order
        (0.3, 0.3000001, True),
        (3, 4, True),
        (None, None, False),
        (float("nan"), None, False),
        (None, 0.0, True),
        (0.0, None, True),
        (True, False, True),
    ],
)
def test_a_value_differs_if_it_is_another_or_there_is_none(before, after, differs):
    found = compare([({**POINT, "price": before}, {**POINT, "price": after})], ["price"])
    assert found.different == ({"price": 1} if differs else {})


def test_a_point_that_the_events_so_far_do_not_give_is_missing():
    found = compare([({**POINT, "price": 1.0}, None)], ["price"])
    assert (found.num_points, found.num_wanted, found.different) == (0, 1, {})


def test_the_first_difference_is_told_as_an_example_that_names_no_visitor():
    pairs = [({**POINT, "num_views": 3}, {**POINT, "num_views": now}) for now in (3, 2, 1)]
    found = compare(pairs, ["num_views"])
    assert (found.num_points, found.different) == (3, {"num_views": 2})
    assert found.example == "after event 2 of a visit of 2015-08-20 23:50 UTC, num_views is 3 and was 2 then"
