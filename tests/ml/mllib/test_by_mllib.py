import math

import numpy as np
import pytest
from pyspark.sql import functions as F
from sklearn.metrics import roc_auc_score

from ml.intent import training_run
from ml.intent.evaluation import by_mllib
from ml.intent.evaluation.counting import count_scored
from ml.serving import expression
from ml.serving.scorer import champion


@pytest.fixture(scope="module")
def scored(spark):
    """Eight visits without and two with a purchase; one is scored high of each kind."""
    rows = [(0.9, 1.0, 1.0, 1), (0.1, 1.0, 1.0, 0), (0.6, 0.0, 1.0, 1), (0.1, 0.0, 7.0, 0)]
    return spark.createDataFrame(rows, "score DOUBLE, label DOUBLE, weight DOUBLE, num_adds INT").cache()


def test_figures_at_the_threshold_count_visits_and_not_rows(scored):
    found = by_mllib.at_threshold(scored, F.col("score") >= 0.5)
    assert found == pytest.approx({"accuracy": 0.8, "precision": 0.5, "recall": 0.5, "f1": 0.5})


def test_nobody_predicted_has_no_precision_and_divides_by_nothing(scored):
    assert by_mllib.at_threshold(scored, F.col("score") >= 1.0) == pytest.approx(
        {"accuracy": 0.8, "precision": 0.0, "recall": 0.0, "f1": 0.0}
    )


def test_losses_are_means_over_visits(scored):
    found = by_mllib.log_loss_and_brier(scored)
    assert found["base_rate"] == pytest.approx(0.2)
    assert found["log_loss"] == pytest.approx(-(8 * math.log(0.9) + math.log(0.1) + math.log(0.4)) / 10)
    assert found["brier"] == pytest.approx((0.01 + 0.81 + 0.36 + 7 * 0.01) / 10)


def test_a_wrong_certainty_costs_much_and_not_infinitely_much(scored):
    found = by_mllib.log_loss_and_brier(scored.withColumn("score", F.lit(1.0)))  # eight of ten visits did not buy
    assert found["log_loss"] == pytest.approx(-0.8 * math.log(by_mllib.SMALLEST), rel=0.01)


@pytest.fixture(scope="module")
def rows_of_the_test(trained, rows):
    """The decision points of the test, scored by the champion."""
    scorer = champion(trained.settings)
    scored = rows.where("part = 'test'").withColumn("score", expression.probability(scorer.document))
    return scored.withColumn("weight", F.lit(1.0)).cache()


def test_the_areas_of_rdds_evaluator_and_scikit_learn_agree(rows_of_the_test):
    few = rows_of_the_test.withColumn("score", F.round("score", 2))  # of more than 1,000 scores the RDDs take bins
    rows = few.select("score", "label").toPandas()
    found = by_mllib.areas(few)
    theirs = roc_auc_score(rows["label"], rows["score"])
    assert found["roc_auc"] == pytest.approx(theirs, abs=1e-9)
    assert found["roc_auc_rdd"] == pytest.approx(theirs, abs=1e-9)
    assert found["pr_auc_rdd"] == pytest.approx(found["pr_auc"], abs=1e-9)


def test_the_sums_of_an_rdd_are_those_of_one_frame(spark, trained, points):
    served = champion(trained.settings).document
    scored_points = training_run.score_test(points, served)
    by_rdd = training_run.tally_test(spark.sparkContext, scored_points, served)
    whole = count_scored(scored_points, served)
    assert by_rdd.keys() == whole.keys()
    for key, tally in whole.items():
        assert np.array_equal(by_rdd[key].codes, tally.codes), key
        assert np.array_equal(by_rdd[key].counts, tally.counts), key
        assert by_rdd[key].sums == pytest.approx(tally.sums, abs=1e-9), key
        assert by_rdd[key].purchases == tally.purchases, key


def test_the_model_sees_more_than_chance_and_no_purchase(rows_of_the_test):
    found, rows = by_mllib.evaluate(rows_of_the_test, None), rows_of_the_test.select("label", "score").toPandas()
    assert found["roc_auc"] == pytest.approx(roc_auc_score(rows["label"], rows["score"]), abs=1e-9)
    assert 0.7 < found["roc_auc"] < 0.97
    assert found["pr_auc"] > 4 * found["base_rate"]
