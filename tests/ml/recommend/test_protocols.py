"""Which next items each protocol asks for, and how answers are counted."""

import numpy as np
import pytest

from ml.recommend.protocols import Case, cases, cut, mean, of_known, reciprocal_ranks, score

VISIT = [1, 1, 2, 1, 3]


@pytest.mark.parametrize(
    ("protocol", "expected"),
    [
        ("A", [((1,), 1), ((1, 1), 2), ((1, 1, 2), 1), ((1, 1, 2, 1), 3)]),
        ("B", [((1,), 2), ((1, 2), 1), ((1, 2, 1), 3)]),
        ("C", [((1,), 2), ((1, 2, 1), 3)]),
    ],
)
def test_a_protocol_asks_for_its_next_items(protocol, expected):
    assert [(case.items, case.target) for case in cases([VISIT], protocol)] == expected


def test_events_of_items_that_the_training_does_not_hold_are_removed_before_a_visit_is_cut_into_cases():
    assert list(of_known([[1, 9, 2], [9]], known={1, 2})) == [[1, 2], []]


@pytest.mark.parametrize(("protocol", "expected"), [("A", [1, 2, 3, 4]), ("B", [1, 3, 4]), ("C", [3, 4])])
def test_a_protocol_hides_what_it_does_not_show(protocol, expected):
    assert cut([1, 2, 3, 4], [1, 2], protocol) == expected


def test_a_ranking_is_cut_to_twenty_after_what_is_hidden_is_out():
    assert cut(range(100), [0], "C") == list(range(1, 21))


def test_a_list_without_the_target_and_an_empty_one_count_as_misses():
    asked = [Case(0, (1,), 5), Case(0, (1,), 5), Case(1, (1,), 5)]
    found = score(asked, reciprocal_ranks(asked, [[4, 5], [4], []]))
    assert (found.hr.value, found.mrr.value, found.num) == (pytest.approx(1 / 3), pytest.approx(1 / 6), 3)


def test_the_interval_counts_visits_and_not_the_predictions_of_one_visit():
    values = np.array([1.0] * 10 + [0.0] * 10)
    alike = [Case(visit, (1,), 5) for visit in [0] * 10 + [1] * 10]
    apart = [Case(visit, (1,), 5) for visit in range(20)]
    assert mean(alike, values).margin == pytest.approx(mean(apart, values).margin * np.sqrt(10))
