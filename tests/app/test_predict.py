import json
import math

import pytest

from app.pages.predict import page as predict
from ml.intent.design import number
from ml.serving.scorer import Scorer

METRICS = {"base_rate": 0.01, "roc_auc": 0.9, "pr_auc": 0.2, "precision": 0.25, "recall": 0.5}


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

    assert dict(zip(predict.NAMES, problems, strict=True)) == dict.fromkeys(predict.NAMES) | {field: problem}


def test_the_defaults_of_the_form_describe_a_visit():
    assert predict.validate(tuple(field.default for field in predict.FIELDS))[1] == [None] * 4


def test_the_answer_states_the_probability_beside_the_base_rate(model):
    cards, problems = predict.answer(model, (2, 1, 2, 12))
    chance = 1 / (1 + math.exp(-(0.5 * (-4.0 - 1.0 + 2.0 + 0.5 + 5.0) - 1.0)))

    assert problems == [None] * 4
    assert round(chance, 3) == 0.562
    assert "The chance of a purchase later in this visit: 56.2%" in text(cards)
    assert "The base rate is 1 visit in 100; this one is 56.2 times as likely to buy" in text(cards)
    assert "below the threshold: not flagged" in text(cards)


def test_a_number_that_the_training_did_not_hold_is_told(model):
    cards, _ = predict.answer(model, (12, 1, 2, 12))

    assert "The training held only Views from 0 to 9" in text(cards)


def test_the_contributions_sum_to_the_score(model):
    words = text(predict.reasons(model, {"num_views": 2, "num_adds": 1, "distinct_products": 2, "session_hour": 12}))

    assert "The average visit −0.2500" in words
    assert "Items put into the cart: 1 +0.5000 × 1.649" in words
    assert "Sum: the score +0.2500 odds 1.284" in words


def test_without_a_model_the_page_names_the_command():
    cards, _ = predict.answer(None, (2, 1, 2, 12))

    assert "lakehouse ml train" in text(cards)
