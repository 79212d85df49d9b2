import json
import math
from dataclasses import replace

import pytest

from app.pages.predict import answer as cards_of
from app.pages.predict import four_numbers as predict
from ml.intent.design import number
from ml.intent.evaluation.figures import MAIN, Estimate, Evaluation, Figures
from ml.serving.form import describe
from ml.serving.scorer import Scorer

METRICS = {"base_rate": 0.01, "roc_auc": 0.9, "pr_auc": 0.2, "precision": 0.25, "recall": 0.5}
KNOWN = {name: Estimate(value, 0.9 * value, 1.1 * value) for name, value in METRICS.items()}

NAMES = [field.name for field in predict.FIELDS]


def evaluation_with(num_purchases: int, ratio: Estimate) -> dict:
    """A test that was alike after each number of events."""
    figures = Figures(5_000, 2 * num_purchases, num_purchases, KNOWN | {"observed_to_expected": ratio})
    return Evaluation({name: {"model": figures} for name in MAIN}).to_document()


@pytest.fixture
def model():
    weights = {"num_views": (-0.5, 2.0), "num_adds": (2.0, 0.5), "distinct_products": (0.25, 2.0), "price": (1.0, 5.0)}
    document = {
        "inputs": [{"name": name, "is_required": True, "low": 0.0, "high": 9.0, "typical": 5.0} for name in weights],
        "terms": [{**number(name), "coefficient": weight, "mean": mean} for name, (weight, mean) in weights.items()],
        "intercept": -4.0,
        "calibration": {"slope": 0.5, "intercept": -1.0},
        "threshold": 0.9,
        "metrics": METRICS,
        "evaluation": evaluation_with(200, Estimate(1.0, 0.8, 1.2)),
    }
    return Scorer(3, document, "")


def text(component):
    """All words of a component, in order."""
    if isinstance(component, str):
        return component
    if isinstance(component, list | tuple):
        return " ".join(text(each) for each in component)
    if table := getattr(component, "data-table", None):
        return " ".join(cell for row in json.loads(table)[1] for cell in row)
    children = getattr(component, "children", None)
    return "" if children is None else text(children)


@pytest.mark.parametrize(
    ("values", "field", "problem"),
    [
        ((0, 0, 1, 12), "num_views", "A visit has a view or an item in the cart"),
        ((2, 1, 4, 12), "distinct_products", "3 views and additions hold at most 3 different items"),
        ((1, 0, 0, 12), "distinct_products", "From 1 to 2,000"),
        ((1, 0, 1, 24), "session_hour", "From 0 to 23"),
        (("", 0, 1, 12), "num_views", "A whole number is needed"),
        ((1.5, 0, 1, 12), "num_views", "A whole number is needed"),
        ((None, 0, 1, 12), "num_views", "A whole number is needed"),
    ],
)
def test_numbers_that_describe_no_visit_are_told_at_their_field(values, field, problem):
    _, problems = predict.validate(values)

    assert dict(zip(NAMES, problems, strict=True)) == dict.fromkeys(NAMES) | {field: problem}


def test_the_defaults_of_the_form_describe_a_visit():
    assert predict.validate(tuple(field.default for field in predict.FIELDS))[1] == [None] * 4


def test_the_answer_states_the_probability_beside_the_base_rate(model):
    cards, problems = predict.answer(model, (2, 1, 2, 12))
    chance = 1 / (1 + math.exp(-(0.5 * (-4.0 - 1.0 + 2.0 + 0.5 + 5.0) - 1.0)))

    assert problems == [None] * 4
    assert round(chance, 3) == 0.562
    assert "The chance of a purchase later in this visit: 56.2%" in text(cards)
    assert "56.2 times the base rate of 1.00%" in text(cards)
    assert "below the threshold: not flagged" in text(cards)


@pytest.mark.parametrize(
    ("num_purchases", "ratio", "is_told"),
    [
        (30, Estimate(1.0, 0.7, 1.4), True),
        (29, Estimate(1.0, 0.7, 1.4), False),  # too few
        (300, Estimate(0.8, 0.6, 1.0), False),  # it may have promised too much
        (300, Estimate(1.3, 1.1, 1.6), False),
    ],
)
def test_a_frequency_is_told_only_where_the_calibration_bears_it(model, num_purchases, ratio, is_told):
    measured = replace(model, document={**model.document, "evaluation": evaluation_with(num_purchases, ratio)})
    cards, _ = predict.answer(measured, (2, 1, 2, 12))

    assert (" visits in 10" in text(cards)) == is_told


def test_the_models_figures_stand_with_their_intervals_and_what_was_undecided_beside_them(model):
    shown = text(cards_of.model_card(replace(model, warnings=("better than base rate: it is not sure",))))

    assert "ROC area 0.90 [0.81, 0.99]" in shown
    assert (
        "Let through undecided at its promotion, for lack of purchases: 1" in shown
        and "better than base rate: it is not sure" in shown
    )
    assert "undecided" not in text(cards_of.model_card(model))


def test_a_number_that_the_training_did_not_hold_is_told(model):
    cards, _ = predict.answer(model, (12, 1, 2, 12))

    assert "The training held only Views from 0 to 9" in text(cards)


def test_the_contributions_sum_to_the_score(model):
    row = {"num_views": 2, "num_adds": 1, "distinct_products": 2, "session_hour": 12}
    words = text(cards_of.reasons(model, describe(model, **row), row))

    assert "The average visit −0.2500" in words
    assert "Items put into the cart: 1 +0.5000 × 1.649" in words
    assert "Sum: the score +0.2500 odds 1.284 56.2%" in words


def test_without_a_model_the_page_names_the_command():
    cards, _ = predict.answer(None, (2, 1, 2, 12))

    assert "lakehouse ml train" in text(cards)
