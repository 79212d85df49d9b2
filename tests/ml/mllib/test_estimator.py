import numpy as np
import pytest
from pandas.testing import assert_frame_equal
from pyspark.sql import functions as F

from lakehouse import settings
from ml.intent import estimator, examples
from ml.intent.design import terms


@pytest.fixture(scope="module")
def fitted(spark, points):
    return estimator.fit(spark, points, terms(), settings.load().model)


def test_apache_spark_draws_the_examples_that_the_embedded_engine_drew(trained, covered, split, points):
    drawn = examples.points(trained.store.read(examples.TABLE), covered, split, settings.load().model)
    assert_frame_equal(drawn.to_pandas(), points, check_dtype=False, rtol=1e-12)


def test_the_net_is_the_one_with_the_least_loss_on_the_selection_slice(fitted):
    assert estimator.NETS[int(np.argmin(fitted.losses))] == fitted.net


def test_the_losses_are_those_of_the_probabilities():
    odds, label, weight = np.array([1.0, 2.0, -800.0]), np.array([1, 0, 0]), np.array([1.0, 3.0, 2.0])
    expected = (np.log(1 + np.exp(-1)) + 3 * np.log(1 + np.exp(2))) / 6
    assert estimator.log_loss(odds, label, weight) == pytest.approx(expected)


def test_the_terms_of_numpy_are_those_of_the_engine(rows, points):
    made = terms()
    theirs = estimator.with_terms(rows, made).select(*estimator.columns(made)).toPandas().to_numpy()
    assert estimator.values(points, made) == pytest.approx(theirs, abs=1e-12)


def test_the_calibration_lies_between_its_slice_and_the_model_by_how_much_the_slice_holds(fitted, rows):
    scored = fitted.pipeline.transform(estimator.with_terms(rows.where("part = 'calibration'"), terms()))
    columns = (estimator.positive("calibrated"), estimator.positive("probability"), F.col("label"))
    sums = scored.agg(*[F.sum(each * F.col(examples.WEIGHT)) for each in columns]).collect()[0]
    promised, by_model, observed = sums
    share = estimator.BELIEVED / observed

    assert promised == pytest.approx((observed + share * by_model) / (1 + share), rel=1e-3)
    assert min(observed, by_model) < promised < max(observed, by_model)
