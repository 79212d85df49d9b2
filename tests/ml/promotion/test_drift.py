from datetime import date

import pytest

from lakehouse import settings
from ml.promotion.drift import asks_for_training, psi, weeks

MONITOR = settings.load().monitor
FIRST, SECOND, THIRD = date(2015, 8, 3), date(2015, 8, 10), date(2015, 8, 17)


def spread(week, counts, feature="price", test=(100, 100)):
    """Points of a week by bin, beside those of the test; the first bin are points without a value."""
    return [
        {"week": week, "feature": feature, "bin": place - 1, "num_points": now, "num_test": then}
        for place, (now, then) in enumerate(zip(counts, (0, *test), strict=True))
    ]


def quality(week, part="later", positives=40, loss=0.05, promised=40.0):
    sums = {"num_labelled": 1000, "num_positives": positives, "sum_log_loss": 1000 * loss, "sum_probability": promised}
    return {"week": week, "part": part, "decision_point": 1, **sums}


def test_the_index_is_zero_where_shares_are_those_of_the_test_and_known_where_they_are_not():
    assert psi([10, 10], [300, 300]) == 0
    assert psi([75, 25], [50, 50]) == pytest.approx(0.25 * 1.0986122886681098)  # (.75-.5) ln 1.5 + (.25-.5) ln .5


def test_a_bin_that_has_become_empty_has_moved_by_no_infinite_amount():
    assert 0.5 < psi([100, 0], [50, 50]) < 10


@pytest.mark.parametrize(
    ("drift", "sums", "reason"),
    [
        (spread(FIRST, (0, 90, 10)), [], "price has moved"),
        (spread(FIRST, (20, 90, 90)), [], "price lacks values"),
        (spread(FIRST, (0, 50, 50)), [quality(FIRST, loss=0.06), quality(THIRD, "test")], "log loss 0.06"),
        (spread(FIRST, (0, 50, 50)), [quality(FIRST, promised=22.0)], "1.82 times the promised purchases"),
    ],
    ids=["spread", "missing", "log loss", "calibration"],
)
def test_a_week_has_drifted_for_one_reason(drift, sums, reason):
    found = weeks(drift, sums, MONITOR)
    assert any(each.startswith(reason) for each in found[0].reasons)


def test_a_week_like_the_test_has_not_drifted():
    sums = [quality(FIRST), quality(THIRD, "test")]
    assert weeks(spread(FIRST, (0, 55, 45)), sums, MONITOR)[0].reasons == ()


def test_a_week_that_is_not_over_lacks_weekdays_and_has_not_drifted():
    assert weeks(spread(FIRST, (0, 90, 10)) + spread(FIRST, (0, 95, 5), "session_weekday"), [], MONITOR)[
        0
    ].psi.keys() == {"price"}


def test_a_week_of_few_purchases_says_nothing_of_quality():
    sums = [quality(FIRST, positives=29, loss=0.5), quality(THIRD, "test")]
    assert weeks(spread(FIRST, (0, 50, 50)), sums, MONITOR)[0].log_loss is None


def test_predictions_of_the_training_say_nothing_of_quality():
    sums = [quality(FIRST, part="fit", loss=0.5), quality(THIRD, "test")]
    assert weeks(spread(FIRST, (0, 50, 50)), sums, MONITOR)[0].reasons == ()


@pytest.mark.parametrize(
    ("drifted", "is_asked"),
    [
        ((True, False, False, True), True),
        ((False, False, False, True), False),  # once is no reason
        ((True, True, True, False), False),  # it is over
        ((True, False, False, False, True), False),  # the first is too long ago
        ((), False),
    ],
)
def test_two_of_the_latest_four_weeks_ask_for_a_training_if_the_latest_is_one(drifted, is_asked):
    moved = [
        row
        for place, has_moved in enumerate(drifted)
        for row in spread(
            date(2015, 6, 1 + 7 * place) if place < 4 else date(2015, 6, 29), (0, 95, 5) if has_moved else (0, 5, 5)
        )
    ]
    assert asks_for_training(weeks(moved, [], MONITOR), MONITOR) is is_asked
