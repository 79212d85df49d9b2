import json

import numpy as np
import pandas as pd
import pytest

from ml.intent.evaluation import baselines, curves, report
from ml.intent.evaluation.evaluation import evaluate
from ml.intent.evaluation.figures import Estimate, Evaluation, Figures, from_document
from ml.intent.evaluation.slices import slices
from ml.intent.evaluation.tally import count

MODELS = {"model": 0.2, "base_rate": None}


def scored(visits: int, purchases: int) -> pd.DataFrame:
    """One decision point after the first event, for all but the first 40 visits one after the second, too."""
    random = np.random.default_rng(1)
    first = pd.DataFrame({"visitor_id": range(visits), "started_at": 0, "decision_point": 1})
    first["label"] = (first["visitor_id"] < purchases).astype(int)
    points = pd.concat([first, first[first["visitor_id"] >= 40].assign(decision_point=2)], ignore_index=True)
    known = {"session_hour": points["visitor_id"] % 24, "num_earlier_visits": 0, "num_adds": points["label"]}
    score = np.clip(0.05 + 0.3 * points["label"] + random.normal(0, 0.02, len(points)), 0.001, 0.999)
    return points.assign(**known, is_seen=points["visitor_id"] % 2 == 0, model=score, base_rate=0.05)


def evaluated(points: pd.DataFrame) -> Evaluation:
    return evaluate(count(points, slices(points), MODELS))


def test_fewer_than_ten_purchases_give_counts_and_no_figure():
    evaluation = evaluated(scored(200, 48))  # after two events only 8 of them are left
    assert evaluation.of("k=1").estimates and not evaluation.of("k=2").estimates
    assert (evaluation.of("k=2").num_points, evaluation.of("k=2").num_purchases) == (160, 8)
    assert "after 2 events: 160 points, 8 before one of 8 purchases\n  too few purchases for any figure" in "\n".join(
        report.lines(evaluation)
    )


def test_fewer_than_thirty_purchases_are_told_to_bear_no_claim():
    lines = report.brief(evaluated(scored(200, 29)))
    assert lines[1] == "  too few purchases for a claim"
    assert "  too few purchases for a claim" not in report.brief(evaluated(scored(200, 30)))[:2]


def test_a_visit_that_is_looked_at_twice_is_one_purchase():
    found = evaluated(scored(200, 60)).of("all")
    assert (found.num_positives, found.num_purchases) == (80, 60)


def test_visitors_of_the_training_are_left_out_of_the_column_of_unseen_ones():
    evaluation = evaluated(scored(200, 60))
    assert evaluation.of("k=1 · unseen visitors").num_points == 100
    assert evaluation.of("k=1 · unseen visitors").num_purchases == 30


def test_every_point_lies_in_one_block_of_hours_one_kind_of_visitor_and_one_state_of_the_cart():
    points = scored(200, 60)
    found = slices(points)
    for names in (
        ("00–05 h UTC", "06–11 h UTC", "12–17 h UTC", "18–23 h UTC"),
        ("new visitors", "returning visitors"),
        ("no cart so far", "a cart so far"),
    ):
        assert (sum(found[name].astype(int) for name in names) == 1).all()


def test_an_evaluation_reads_back_as_it_was_written():
    evaluation = evaluated(scored(200, 60))
    assert from_document(json.loads(json.dumps(evaluation.to_document()))).of("k=1", "base_rate").differences == (
        evaluation.of("k=1", "base_rate").differences
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Estimate(0.87654, 0.8612, 0.8911), "0.88 [0.86, 0.89]"),
        (Estimate(0.87654, 0.8761, 0.8770), "0.8765 [0.8761, 0.8770]"),
        (Estimate(11.4691, 10.61, 12.33), "11.5 [10.6, 12.3]"),
        (Estimate(48.2, 31.0, 66.0), "48 [31, 66]"),
        (Estimate(-0.008, -0.0161, -0.0004), "-0.008 [-0.016, 0.000]"),
        (Estimate(0.5, 0.5, 0.5), "0.5 [0.5, 0.5]"),
        (Estimate(0.5, float("nan"), float("nan")), "0.5 [no interval]"),
    ],
)
def test_a_figure_has_as_many_digits_as_its_interval_bears(value, text):
    assert report.with_interval(value) == text


def test_what_a_model_is_compared_with_stands_in_a_table_with_the_difference_below_it():
    figures = Figures(9, 3, 30, {"base_rate": Estimate(0.3, 0.2, 0.4), "roc_auc": Estimate(0.8, 0.7, 0.9)})
    other = Figures(9, 3, 30, {"roc_auc": Estimate(0.5, 0.4, 0.6)}, {"roc_auc": Estimate(0.3, 0.2, 0.4)})
    evaluation = Evaluation({"k=1": {"model": figures, "cart_so_far": other}})
    assert report.block("k=1", evaluation) == [
        "after 1 event: 9 points, 3 before one of 30 purchases",
        "  base rate 0.3 [0.2, 0.4]",
        "                       ROC-AUC",
        "  this model           0.8 [0.7, 0.9]",
        "  a cart so far        0.5 [0.4, 0.6]",
        "  - the model less it  0.3 [0.2, 0.4]",
    ]
    assert report.markdown(evaluation)[-5:] == [
        "|  | ROC-AUC |",
        "|---|---|",
        "| this model | 0.8 [0.7, 0.9] |",
        "| a cart so far | 0.5 [0.4, 0.6] |",
        "| the model less it | 0.3 [0.2, 0.4] |",
    ]


def test_without_a_flagged_point_there_is_no_figure_at_the_threshold():
    points = scored(200, 60)
    found = evaluate(count(points, slices(points), {"model": None}))
    assert "  at the threshold: nothing is flagged" in report.block("all", found)
    assert not any("recall" in line for line in report.lines(found))


def test_the_three_curves_are_drawn_and_none_of_too_few_purchases():
    points = scored(200, 60)
    tallies = count(points, slices(points), MODELS)
    evaluation = evaluate(tallies)
    drawn = curves.pictures(tallies["all", "model"], evaluation.of("all"))
    assert set(drawn) == {"roc.png", "precision_recall.png", "calibration.png"}
    assert (
        curves.pictures(
            tallies["k=2", "model"], evaluate(count(scored(200, 41), slices(scored(200, 41)), MODELS)).of("k=2")
        )
        == {}
    )


def test_a_baseline_is_the_smoothed_rate_of_its_kind_of_points_in_the_training():
    kinds = [(1, False, 9, 1, 1000, 10), (1, True, 9, 1, 100, 30), (2, True, 10, 2, 100, 50)]
    counted = pd.DataFrame(kinds, columns=[*baselines.KEYS, "points", "positives"])
    fitted = baselines.from_document(json.loads(json.dumps(baselines.Baselines(counted).to_document())))
    columns = ["decision_point", "num_adds", "session_hour", "session_weekday"]
    scores = fitted.scores(pd.DataFrame([(1, 2, 3, 3), (1, 0, 9, 1), (2, 1, 3, 3)], columns=columns))
    first = 40 / 1100
    assert scores["base_rate"].tolist() == pytest.approx([first, first, 0.5], rel=0.01)
    cart = [(30 + 50 * first) / 150, (10 + 50 * first) / 1050, 0.5]
    assert scores["cart_so_far"].tolist() == pytest.approx(cart, rel=0.01)
    hour = [first, (40 + 50 * first) / 1150, 0.5]
    assert scores["hour_and_weekday"].tolist() == pytest.approx(hour, rel=0.01)
