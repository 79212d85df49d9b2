"""ml.serving.form — a decision point from the few numbers that a person knows of a visit."""

from collections.abc import Collection
from typing import Any

from ml.serving.scorer import Row, Scorer

KNOWN = ("num_views", "num_adds", "distinct_products", "session_hour")


def describe(
    scorer: Scorer, num_views: int, num_adds: int, distinct_products: int, session_hour: int, **known: float | None
) -> dict[str, float | None]:
    """Return the row that the model reads: what is given, what follows from it, and for the rest what is typical.

    Args:
        scorer: whose inputs are wanted, and which knows what is typical.
        num_views: views so far.
        num_adds: items put into the cart so far.
        distinct_products: different items so far, from 1 to views and additions together.
        session_hour: UTC hour in which the visit started, 0-23.
        known: further columns of gold.intent_examples.
    """
    events = num_views + num_adds
    pause = next((each.typical for each in scorer.inputs if each.name == "seconds_since_last"), None) or 60.0
    follows: dict[str, float | None] = {
        "decision_point": events,
        "num_views": num_views,
        "num_adds": num_adds,
        "distinct_products": distinct_products,
        "session_hour": session_hour,
        "seconds_so_far": pause * (events - 1),
        "seconds_since_last": pause if events > 1 else None,
        "events_since_add": 0 if num_adds else None,
        "is_item_in_cart": num_adds > 0,
        "num_same_item": events - distinct_products + 1,
        "num_same_category": events,
    }
    return {each.name: known.get(each.name, follows.get(each.name, each.typical)) for each in scorer.inputs}


def assumed(scorer: Scorer, given: Collection[str]) -> list[str]:
    """Return the inputs of a model that nobody told: they follow from the four, or are what is typical.

    Every door that takes rows of features takes them, and tells them.
    """
    return [name for name in scorer.input_names if name not in given]


def complete(scorer: Scorer, row: Row) -> Row:
    """Return a row with every input: one that it names stays as it is, missing too, the others as `describe` has them.

    Args:
        scorer: the model.
        row: inputs by name; the four of `KNOWN` have a value.
    """
    told: dict[str, Any] = dict(row)
    return describe(scorer, **told) if assumed(scorer, row) else row
