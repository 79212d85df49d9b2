"""ml.intent.design — the terms of the model: what it makes of the columns of gold.intent_examples.

A term is data, read by `ml.serving.formula`; its `group` is the line of an explanation that it counts to.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

Term: TypeAlias = Mapping[str, Any]
RATES = ("item_cart_rate", "item_purchase_rate", "category_cart_rate", "category_purchase_rate")


def number(name: str) -> Term:
    """The value itself."""
    return _term(name, {"input": name, "kind": "number"})


def log(name: str, plus: float = 1.0) -> Term:
    """The logarithm of a value that may be 0."""
    return _term(f"log {name}", {"input": name, "kind": "log", "plus": plus})


def at_least(name: str, *values: float) -> list[Term]:
    """Steps at these values: bins whose effects add up."""
    return [_term(f"{name} >= {value:g}", {"input": name, "kind": "at_least", "value": value}) for value in values]


def missing(name: str) -> Term:
    """Whether there is no value."""
    return _term(f"no {name}", {"input": name, "kind": "missing"})


def cyclic(name: str, period: int, waves: int) -> list[Term]:
    """A value that comes round again, as sines and cosines."""
    return [
        _term(f"{kind} {wave} {name}", {"input": name, "kind": kind, "period": period / wave})
        for wave in range(1, waves + 1)
        for kind in ("sin", "cos")
    ]


def interaction(*terms: Term) -> Term:
    """The product of terms, a line of its own in an explanation."""
    factors = [factor for each in terms for factor in each["factors"]]
    group = " × ".join(dict.fromkeys(factor["input"] for factor in factors))
    return {"name": " × ".join(each["name"] for each in terms), "group": group, "factors": factors}


def terms() -> list[Term]:
    """Return all terms of the model.

    The first event says less of a visit than the tenth: what a cart or the visitor's past weighs depends on how many
    there are, or the answers after one event are too cautious and those after ten too bold.
    """
    has_cart, bought_before = at_least("num_adds", 1)[0], at_least("num_earlier_purchases", 1)[0]
    return [
        log("decision_point"),
        *at_least("decision_point", 2, 3, 5, 10),
        log("num_views"),
        has_cart,
        log("num_adds"),
        log("distinct_products"),
        log("seconds_so_far"),
        log("seconds_since_last"),
        *at_least("events_since_add", 1, 3),
        log("num_same_item"),
        log("num_same_category"),
        number("is_item_in_cart"),
        number("is_available"),
        missing("is_available"),
        log("price"),
        interaction(log("price"), log("price")),
        missing("price"),
        *at_least("num_unavailable", 1),
        log("num_earlier_visits"),
        log("num_earlier_adds"),
        bought_before,
        log("num_earlier_purchases"),
        missing("hours_since_visit"),
        log("hours_since_visit"),
        log("item_views"),
        *[log(name, plus=0.0) for name in RATES],
        *cyclic("session_hour", 24, waves=2),
        *at_least("session_weekday", 6),
        interaction(has_cart, at_least("decision_point", 2)[0]),
        interaction(has_cart, log("decision_point")),
        interaction(has_cart, log("events_since_add")),
        interaction(has_cart, log("seconds_since_last")),
        interaction(has_cart, bought_before),
        interaction(has_cart, log("item_purchase_rate", plus=0.0)),
        interaction(log("decision_point"), log("distinct_products")),
        interaction(log("decision_point"), log("num_earlier_visits")),
        interaction(log("decision_point"), bought_before),
    ]


def _term(name: str, factor: dict[str, Any]) -> Term:
    return {"name": name, "group": factor["input"], "factors": [factor]}
