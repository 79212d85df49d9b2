from datetime import UTC, datetime

import numpy as np
import pytest
from pyspark.sql import functions as F

from lakehouse import settings
from lakehouse.errors import Exit, LakehouseError
from ml import estimator, features
from ml.evaluate import add_score

BORDERS = features.Split(*[datetime(2015, 6, day, tzinfo=UTC) for day in (10, 11, 20, 21)])
SCHEMA = "part STRING, num_views INT, num_adds INT, distinct_products INT, session_hour INT, purchase_intent INT, num_visits DOUBLE"


def test_counting_alike_visits_changes_no_coefficient(visits):
    one_by_one = visits.withColumn("num_visits", F.lit(1.0))
    alike = visits.groupBy(*features.FEATURES, features.TARGET).agg(
        F.count(F.lit(1)).cast("double").alias("num_visits")
    )
    each, counted = (estimator.stages(estimator.fit(frame, settings.load().model))[1] for frame in (one_by_one, alike))
    assert counted.coefficients.toArray() == pytest.approx(each.coefficients.toArray(), abs=1e-5)
    assert counted.intercept == pytest.approx(each.intercept, abs=1e-5)


def test_no_other_threshold_has_a_better_f1_on_the_validation(rows):
    model = estimator.fit(rows.where("part = 'fit'"), settings.load().model)
    validation = rows.where("part = 'validation'")
    threshold = estimator.best_threshold(model, validation)
    scored = add_score(model, validation).select("score", features.TARGET, features.WEIGHT).toPandas()

    def f1(at: float) -> float:
        guess, bought = scored["score"] >= at, scored[features.TARGET] == 1
        weight = scored[features.WEIGHT]
        return 2 * weight[guess & bought].sum() / (weight[guess].sum() + weight[bought].sum())

    assert f1(threshold) == pytest.approx(max(f1(at) for at in scored["score"].unique()), abs=0.005)  # 1,000 bins


def test_the_final_model_learns_from_the_whole_training_time(rows):
    model, threshold = estimator.fit_with_threshold(rows, settings.load().model)
    whole = estimator.fit(rows.where("part != 'test'"), settings.load().model)
    assert np.array_equal(estimator.stages(model)[1].coefficients, estimator.stages(whole)[1].coefficients)
    assert estimator.stages(model)[1].getThreshold() == threshold


@pytest.mark.parametrize(
    ("part", "others", "purchases"),
    [("test", 100, 4), ("test", 4, 100), ("test", 100, 0), ("validation", 100, 0), ("fit", 100, 0), ("fit", 0, 100)],
)
def test_a_part_with_too_few_of_one_kind_is_refused_by_name(spark, part, others, purchases):
    counts = {name: (100, 10) for name in ("fit", "validation", "test")} | {part: (others, purchases)}
    pairs = [(name, target, count) for name, both in counts.items() for target, count in enumerate(both) if count]
    rows = spark.createDataFrame([(name, 1, 0, 1, 0, target, float(count)) for name, target, count in pairs], SCHEMA)
    with pytest.raises(
        LakehouseError, match=f"{purchases} visits with a purchase and {others} without for the {part} "
    ) as e:
        estimator.require_purchases(rows, BORDERS)
    assert e.value.code == Exit.REFUSED


def test_five_purchases_in_the_whole_training_time_are_enough(spark):
    counts = {"fit": (100, 3), "embargo": (10, 1), "validation": (10, 1), "test": (10, 5)}
    pairs = [(name, target, count) for name, both in counts.items() for target, count in enumerate(both)]
    rows = spark.createDataFrame([(name, 1, 0, 1, 0, target, float(count)) for name, target, count in pairs], SCHEMA)
    estimator.require_purchases(rows, BORDERS)
