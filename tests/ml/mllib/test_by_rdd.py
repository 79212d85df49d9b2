import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ml.intent import training_run
from ml.intent.evaluation import by_rdd
from ml.intent.evaluation.counting import count_scored
from ml.intent.evaluation.figures import MODEL
from ml.serving.scorer import champion


@pytest.fixture(scope="module")
def scored(trained, points):
    """The decision points of the test, scored by the champion."""
    return training_run.score_test(points, champion(trained.settings).document)


def test_the_areas_of_rdds_and_of_scikit_learn_agree(spark, scored):
    rounded = scored[MODEL].round(2).clip(0.005, 0.995)  # of more than 1,000 scores RDDs take bins
    few = scored.assign(**{MODEL: rounded})
    found = by_rdd.areas(spark.sparkContext, few)
    assert found["roc_auc_rdd"] == pytest.approx(roc_auc_score(few["label"], few[MODEL]), abs=1e-9)
    recall, precision = curve(few["label"].to_numpy(), few[MODEL].to_numpy())
    assert found["pr_auc_rdd"] == pytest.approx(np.trapezoid(precision, recall), abs=1e-9)  # lines join its points


def curve(label, score):
    """Return recall and precision from the highest score down, from no recall on."""
    order = np.argsort(-score)
    last = np.flatnonzero(np.diff(score[order], append=-1))
    found, flagged = np.cumsum(label[order])[last], last + 1
    return np.append(0, found / label.sum()), np.append((found / flagged)[0], found / flagged)


def test_the_sums_of_an_rdd_are_those_of_one_frame(spark, trained, scored):
    served = champion(trained.settings).document
    summed = training_run.tally_test(spark.sparkContext, scored, served)
    whole = count_scored(scored, served)
    assert summed.keys() == whole.keys()
    for key, tally in whole.items():
        assert np.array_equal(summed[key].codes, tally.codes), key
        assert np.array_equal(summed[key].counts, tally.counts), key
        assert summed[key].sums == pytest.approx(tally.sums, abs=1e-9), key
        assert summed[key].purchases == tally.purchases, key


def test_the_model_sees_more_than_chance_and_no_purchase(scored):
    assert 0.7 < roc_auc_score(scored["label"], scored[MODEL]) < 0.97
    assert average_precision_score(scored["label"], scored[MODEL]) > 4 * scored["label"].mean()
