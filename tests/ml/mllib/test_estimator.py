from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from pyspark.sql import functions as F

from lakehouse import settings
from lakehouse.errors import Exit, LakehouseError
from ml.intent import estimator
from ml.intent.design import terms
from ml.intent.slices import PARTS, Slices

JUNE = datetime(2015, 6, 1, tzinfo=UTC)
SLICES = Slices({part: (JUNE + timedelta(place), JUNE + timedelta(place + 1)) for place, part in enumerate(PARTS)})


@pytest.fixture(scope="module")
def fitted(examples):
    return estimator.fit(examples, terms(), settings.load().model)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("others", "purchases"), [(100, 4), (4, 100), (100, 0)])
def test_a_part_with_too_few_of_one_kind_is_refused_by_name(part, others, purchases):
    counts = {(each, 1, label): 100 for each in PARTS for label in (0, 1)}
    counts |= {(part, 1, 0): others, (part, 1, 1): purchases}
    told = f"{purchases} decision points before a purchase and {others} others for the {part} "
    with pytest.raises(LakehouseError, match=told) as error:
        estimator.require_purchases(counts, SLICES)
    assert error.value.code == Exit.REFUSED


def test_five_of_each_kind_in_each_part_are_enough():
    estimator.require_purchases({(part, 1, label): 5 for part in PARTS for label in (0, 1)}, SLICES)


def test_a_sample_keeps_every_purchase_and_stands_for_all_points(points):
    rows, counts = points.where("part = 'fit'"), estimator.count(points)
    sampled = estimator.sample(rows, counts, most=200)
    kept = estimator.count(sampled)
    assert {key: n for key, n in kept.items() if key[2]} == {
        key: n for key, n in counts.items() if key[2] and key[0] == "fit"
    }
    assert all(n < 300 for (_, point, label), n in kept.items() if (point, label) == (1, 0))
    weights = sampled.groupBy("decision_point").agg(F.sum(estimator.WEIGHT).alias("sum")).collect()
    totals = {point: sum(counts.get(("fit", point, label), 0) for label in (0, 1)) for point in (1, 2, 3)}
    found = {row.decision_point: row["sum"] for row in weights}
    for point in (2, 3):
        assert found[1] / found[point] == pytest.approx((totals[1] / totals[point]) ** 0.5, rel=0.2)


def test_the_net_is_the_one_with_the_least_loss_on_the_selection_slice(fitted):
    assert estimator.NETS[int(np.argmin(fitted.losses))] == fitted.net


def test_the_calibration_lies_between_its_slice_and_the_model_by_how_much_the_slice_holds(fitted, examples):
    rows = estimator.with_terms(examples.where("part = 'calibration'").drop("values"), terms())
    scored = fitted.pipeline.transform(rows)
    columns = (estimator.positive("calibrated"), estimator.positive("probability"), F.col("label"))
    sums = scored.agg(*[F.sum(each * F.col(estimator.WEIGHT)) for each in columns]).collect()[0]
    promised, by_model, observed = sums
    share = estimator.BELIEVED / observed

    assert promised == pytest.approx((observed + share * by_model) / (1 + share), rel=1e-3)
    assert min(observed, by_model) < promised < max(observed, by_model)
