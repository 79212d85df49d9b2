"""Every figure against a library that shares no code with it."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn
from sklearn.linear_model import LogisticRegression

from ml.intent.evaluation import measures, tally
from ml.intent.evaluation.intervals import interval, weights


def drawn(count: int, seed: int = 1) -> pd.DataFrame:
    """Decision points of a model that is too sure of itself, and a fourth of them scored alike."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(-3, 1.5, count)
    label = (random.random(count) < 1 / (1 + np.exp(-0.7 * log_odds))).astype(int)
    score = 1 / (1 + np.exp(-np.where(np.arange(count) % 4 == 0, -3.0, log_odds)))
    visitors = random.integers(0, count // 2, count)
    return pd.DataFrame({"visitor_id": visitors, "started_at": 0, "label": label, "model": score})


@pytest.fixture(scope="module")
def points():
    return drawn(20_000)


def resampled(points: pd.DataFrame, threshold: float | None = None, weights=None) -> measures.Resampled:
    everything = {"all": np.ones(len(points), bool)}
    found = tally.count(points, everything, {"model": threshold})["all", "model"]
    return measures.Resampled(found, np.ones((1, tally.GROUPS)) if weights is None else weights)


def test_the_area_under_the_roc_curve_is_scikit_learns(points):
    theirs = sklearn.roc_auc_score(points["label"], points["model"])
    assert measures.roc_auc(resampled(points))[0] == pytest.approx(
        theirs, abs=3e-4
    )  # neighbours of the ties share their bin


def test_the_average_precision_is_scikit_learns(points):
    theirs = sklearn.average_precision_score(points["label"], points["model"])
    assert measures.pr_auc(resampled(points))[0] == pytest.approx(theirs, rel=2e-3)  # of bins


def test_few_different_scores_have_exactly_scikit_learns_areas():
    points = drawn(2_000)
    points["model"] = points["model"].round(1)
    of = resampled(points)
    assert measures.roc_auc(of)[0] == pytest.approx(sklearn.roc_auc_score(points["label"], points["model"]), abs=1e-12)
    theirs = sklearn.average_precision_score(points["label"], points["model"])
    assert measures.pr_auc(of)[0] == pytest.approx(theirs, abs=1e-12)


def test_log_loss_and_brier_are_scikit_learns_and_of_no_bin(points):
    of = resampled(points)
    assert measures.log_loss(of)[0] == pytest.approx(sklearn.log_loss(points["label"], points["model"]), abs=1e-12)
    theirs = sklearn.brier_score_loss(points["label"], points["model"])
    assert measures.brier(of)[0] == pytest.approx(theirs, abs=1e-12)


def test_figures_at_the_threshold_are_scikit_learns(points):
    of, flagged = resampled(points, 0.2), points["model"] >= 0.2
    assert measures.accuracy(of)[0] == pytest.approx(sklearn.accuracy_score(points["label"], flagged), abs=1e-12)
    assert measures.precision(of)[0] == pytest.approx(sklearn.precision_score(points["label"], flagged), abs=1e-12)
    assert measures.recall(of)[0] == pytest.approx(sklearn.recall_score(points["label"], flagged), abs=1e-12)


def test_the_calibration_slope_is_that_of_a_regression_on_the_log_odds(points):
    log_odds = np.log(points["model"] / (1 - points["model"])).to_numpy()[:, None]
    theirs = LogisticRegression(C=np.inf).fit(log_odds, points["label"]).coef_[0, 0]
    assert measures.calibration_slope(resampled(points))[0] == pytest.approx(theirs, abs=2e-3)


@pytest.mark.parametrize("seed", range(8))
def test_the_calibration_slope_of_few_purchases_is_that_of_a_regression_too(seed):
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-6, 1.2, 3_700)
    few = drawn(3_700).assign(
        model=1 / (1 + np.exp(-log_odds)),
        label=(rng.random(3_700) < 1 / (1 + np.exp(-1.2 * log_odds - 1.8))).astype(int),
    )
    theirs = LogisticRegression(C=np.inf, solver="newton-cholesky").fit(log_odds[:, None], few["label"]).coef_[0, 0]
    assert measures.calibration_slope(resampled(few))[0] == pytest.approx(theirs, abs=5e-3)


def test_a_wrong_certainty_costs_much_and_not_infinitely_much():
    points = pd.DataFrame({"visitor_id": [1, 2], "started_at": 0, "label": [1, 0], "model": [0.0, 0.5]})
    expected = -(np.log(tally.SMALLEST) + np.log(0.5)) / 2
    assert measures.log_loss(resampled(points))[0] == pytest.approx(expected)


def test_a_lift_is_the_rate_of_the_highest_scores_over_the_base_rate():
    score = np.linspace(0.9, 0.1, 100)
    label = np.zeros(100, int)
    label[[0, 1, 2, 3, 50]] = 1
    points = pd.DataFrame({"visitor_id": range(100), "started_at": 0, "label": label, "model": score})
    of = resampled(points)
    assert measures.lift(of, 0.10)[0] == pytest.approx((4 / 10) / (5 / 100))
    assert measures.lift(of, 0.01)[0] == pytest.approx((1 / 1) / (5 / 100))


def test_twice_the_purchases_promised_are_observed():
    points = pd.DataFrame({"visitor_id": range(10), "started_at": 0, "label": [1, 1] + [0] * 8, "model": 0.1})
    assert measures.observed_to_expected(resampled(points))[0] == pytest.approx(2.0)
    assert measures.calibration_error(resampled(points))[0] == pytest.approx(0.1, abs=1e-3)


def test_the_interval_of_the_calibration_error_of_a_true_model_lies_around_it_and_not_above():
    points = drawn(20_000)
    points["label"] = (np.random.default_rng(5).random(len(points)) < points["model"]).astype(int)
    found = interval(measures.calibration_error(resampled(points, weights=weights())))
    assert 0 <= found.low < found.point < found.high


def test_one_score_for_all_has_no_calibration_slope():
    points = pd.DataFrame({"visitor_id": range(10), "started_at": 0, "label": [1, 1] + [0] * 8, "model": 0.1})
    assert np.isnan(measures.calibration_slope(resampled(points))[0])


def test_a_resample_that_draws_a_visitor_twice_counts_all_its_points_twice(points):
    doubled = points[tally.group_of(points["visitor_id"].to_numpy()) == 7]
    weights = np.ones((2, tally.GROUPS))
    weights[1, 7] = 2
    of = resampled(points, weights=weights)
    assert of.total.tolist() == [len(points), len(points) + len(doubled)]
    assert of.num_positives[1] == points["label"].sum() + doubled["label"].sum()


@pytest.mark.parametrize(("probability", "label"), [(np.nan, 0), (1.5, 0), (-0.1, 1), (0.5, 2)])
def test_what_is_no_probability_or_no_label_is_refused(probability, label):
    points = pd.DataFrame({"visitor_id": [1], "started_at": 0, "label": [label], "model": [probability]})
    with pytest.raises(ValueError):
        resampled(points)
