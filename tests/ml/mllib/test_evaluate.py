import math
from itertools import pairwise

import pytest
from pyspark.sql import functions as F

from ml.intent import evaluate
from ml.serving import expression
from ml.serving.scorer import champion


@pytest.fixture(scope="module")
def scored(spark):
    """Eight visits without and two with a purchase; one is scored high of each kind."""
    rows = [(0.9, 1.0, 1.0, 1), (0.1, 1.0, 1.0, 0), (0.6, 0.0, 1.0, 1), (0.1, 0.0, 7.0, 0)]
    return spark.createDataFrame(rows, "score DOUBLE, label DOUBLE, weight DOUBLE, num_adds INT").cache()


@pytest.fixture(scope="module")
def evaluation(trained, points):
    scorer = champion(trained.settings)
    test = points.where("part = 'test'").withColumn("score", expression.probability(scorer.document))
    return evaluate.evaluate(test, scorer.threshold)


def test_figures_at_the_threshold_count_visits_and_not_rows(scored):
    found = evaluate.at_threshold(scored, F.col("score") >= 0.5)
    assert found == pytest.approx({"accuracy": 0.8, "precision": 0.5, "recall": 0.5, "f1": 0.5})


def test_nobody_predicted_has_no_precision_and_divides_by_nothing(scored):
    assert evaluate.at_threshold(scored, F.col("score") >= 1.0) == pytest.approx(
        {"accuracy": 0.8, "precision": 0.0, "recall": 0.0, "f1": 0.0}
    )


def test_losses_are_means_over_visits(scored):
    found = evaluate.log_loss_and_brier(scored)
    assert found["base_rate"] == pytest.approx(0.2)
    assert found["log_loss"] == pytest.approx(-(8 * math.log(0.9) + math.log(0.1) + math.log(0.4)) / 10)
    assert found["brier"] == pytest.approx((0.01 + 0.81 + 0.36 + 7 * 0.01) / 10)


def test_a_wrong_certainty_costs_much_and_not_infinitely_much(scored):
    found = evaluate.log_loss_and_brier(scored.withColumn("score", F.lit(1.0)))  # eight of ten visits did not buy
    assert found["log_loss"] == pytest.approx(-0.8 * math.log(evaluate.SMALLEST), rel=0.01)


def test_both_ways_to_the_auc_agree(evaluation):
    assert evaluation.metrics["roc_auc_rdd"] == pytest.approx(evaluation.metrics["roc_auc"], abs=1e-9)
    assert evaluation.metrics["pr_auc_rdd"] == pytest.approx(evaluation.metrics["pr_auc"], abs=1e-9)


def test_the_points_of_the_curves_enclose_the_areas(evaluation):
    def area(points):
        return sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairwise(points))

    assert area(evaluation.roc) == pytest.approx(evaluation.metrics["roc_auc"], abs=1e-6)
    assert area(evaluation.pr) == pytest.approx(evaluation.metrics["pr_auc"], abs=1e-6)


def test_the_model_sees_more_than_chance_and_no_purchase(evaluation):
    assert 0.75 < evaluation.metrics["roc_auc"] < 0.97
    assert evaluation.metrics["pr_auc"] > 5 * evaluation.metrics["base_rate"]
    assert evaluation.metrics["nobody_accuracy"] == 1 - evaluation.metrics["base_rate"]
