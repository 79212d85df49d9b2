import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from ml.intent.evaluation import intervals, measures, tally


def points_of(random: np.random.Generator, visitors: int, points: int = 4, noise: float = 1.0) -> pd.DataFrame:
    """Visitors with several decision points each, which buy or not together."""
    taste = random.normal(-2, 1.5, visitors)
    bought = random.random(visitors) < 1 / (1 + np.exp(-taste))
    seen = np.repeat(taste, points) + random.normal(0, noise, visitors * points)
    frame = {"visitor_id": np.repeat(random.integers(0, 2**40, visitors), points), "started_at": 0}
    return pd.DataFrame(frame | {"label": np.repeat(bought, points).astype(int), "model": 1 / (1 + np.exp(-seen))})


def tally_of(points: pd.DataFrame, model: str = "model") -> tally.Tally:
    return tally.count(points, {"all": np.ones(len(points), bool)}, {model: None})["all", model]


def values(of: tally.Tally, name: str) -> np.ndarray:
    return measures.MEASURES[name](measures.Resampled(of, intervals.weights()))


def width(points: pd.DataFrame, name: str) -> float:
    return intervals.interval(values(tally_of(points), name)).width


def test_the_interval_of_an_area_is_as_wide_as_the_areas_of_new_visitors_differ():
    """The spread over 300 samples of visitors, by another library, against the interval that one sample gives."""
    random = np.random.default_rng(3)
    samples = [points_of(random, 2_000) for _ in range(300)]
    areas = [roc_auc_score(each["label"], each["model"]) for each in samples]
    widths = [width(each, "roc_auc") for each in samples[:20]]
    assert np.mean(widths) == pytest.approx(2 * 1.96 * np.std(areas), rel=0.15)


def test_points_of_one_visitor_are_no_independent_evidence():
    random = np.random.default_rng(4)
    points = points_of(random, 1_000, points=10, noise=0.01)
    apart = points.assign(visitor_id=np.arange(len(points)))
    together, alone = (width(each, "roc_auc") for each in (points, apart))
    assert together > 2 * alone


def test_a_paired_interval_of_two_alike_models_is_much_narrower_than_either():
    points = points_of(np.random.default_rng(5), 2_000)
    points["other"] = points["model"] * 0.999
    one, other = (values(tally_of(points, model), "log_loss") for model in ("model", "other"))
    assert intervals.interval(one - other).width < intervals.interval(one).width / 50


def test_a_figure_without_value_in_most_resamples_has_no_interval():
    found = intervals.interval(np.array([0.5, *[np.nan] * 10, *[0.4] * 90]))
    assert found.point == 0.5
    assert np.isnan(found.low) and np.isnan(found.high)


def test_sums_of_any_split_by_visitor_equal_those_of_all_points():
    points = points_of(np.random.default_rng(7), 500)
    parts = [points[points["visitor_id"] % 3 == rest] for rest in range(3)]
    whole, one, two, three = map(tally_of, [points, *parts])
    summed = one + two + three
    assert np.array_equal(summed.codes, whole.codes) and np.array_equal(summed.counts, whole.counts)
    assert summed.sums == pytest.approx(whole.sums)
    assert summed.purchases == whole.purchases == points.loc[points["label"] == 1, "visitor_id"].nunique()
