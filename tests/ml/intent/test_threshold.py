import numpy as np
import pytest

from ml.intent import threshold


def choose(scores, labels, purchases=30):
    found = np.array(labels, dtype=float)
    return threshold.choose(np.array(scores), found, np.ones_like(found), purchases)


def test_the_threshold_lies_between_the_last_flagged_score_and_the_next():
    assert choose([0.9, 0.7, 0.3, 0.1], [1, 1, 0, 0]).value == pytest.approx(0.5)


def test_no_other_threshold_has_a_better_f1():
    random = np.random.default_rng(7)
    scores = np.round(random.random(400), 2)
    labels = (random.random(400) < scores**2).astype(float)

    def f1(at):
        flagged = scores >= at
        return 2 * labels[flagged].sum() / (flagged.sum() + labels.sum())

    assert f1(choose(scores, labels).value) == pytest.approx(max(f1(at) for at in np.unique(scores)))


def test_equal_scores_are_flagged_together():
    assert choose([0.5, 0.5, 0.1], [1, 0, 0]).value == pytest.approx(0.3)


def test_where_all_are_flagged_the_threshold_lies_below_the_lowest_score():
    assert choose([0.4, 0.2], [1, 1]).value == pytest.approx(0.1)


def test_a_row_that_stands_for_many_weighs_as_many():
    many = threshold.choose(np.array([0.9, 0.5, 0.1]), np.array([1.0, 1.0, 0.0]), np.array([1.0, 50.0, 1.0]), 30)
    assert many.value == pytest.approx(0.7)


def test_fewer_than_thirty_purchases_choose_none_and_that_is_told():
    found = choose([0.9, 0.1], [1, 0], purchases=29)
    assert found.value is None
    assert found.sentence == "no threshold: its slice holds 29 purchases, and 30 are needed"
