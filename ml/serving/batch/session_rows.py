"""batch.session_rows — what cells of a file of visits may say, and what follows where they say nothing.

What a file does not tell follows as it does on the page that asks for four numbers (`ml.serving.form`): from the four
where it must, else it is what is typical. A cell that is empty in a column that is there is a missing value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from ml.serving.form import KNOWN
from ml.serving.scorer import Scorer

Floats = npt.NDArray[np.float64]
LABEL = "label"


@dataclass(frozen=True)
class Domain:
    """What a number may be."""

    low: float = 0.0
    high: float = inf
    is_whole: bool = True
    is_open: bool = False

    def refused(self, values: Floats) -> npt.NDArray[np.bool_]:
        """Say which values it may not be; a missing one may."""
        with np.errstate(invalid="ignore"):
            too_low = values <= self.low if self.is_open else values < self.low
            is_part = self.is_whole & (values != np.floor(values))
            return np.asarray((too_low | (values > self.high) | is_part) & ~np.isnan(values))

    def __str__(self) -> str:
        """Return it in words."""
        kind = "a whole number" if self.is_whole else "a number"
        if self.high < inf:
            return f"{kind} from {self.low:g} to {self.high:g}"
        return f"{kind} above {self.low:g}" if self.is_open else f"{kind} of {self.low:g} or more"


TRUTH, AMOUNT, RATE = Domain(high=1), Domain(is_whole=False), Domain(is_whole=False, is_open=True)
DOMAINS = {
    "decision_point": Domain(low=1),
    "distinct_products": Domain(low=1),
    "num_same_item": Domain(low=1),
    "num_same_category": Domain(low=1),
    "session_hour": Domain(high=23),
    "session_weekday": Domain(low=1, high=7),
    "is_item_in_cart": TRUTH,
    "is_available": TRUTH,
    LABEL: TRUTH,
    "seconds_so_far": AMOUNT,
    "seconds_since_last": AMOUNT,
    "hours_since_visit": AMOUNT,
    "price": AMOUNT,
    "item_cart_rate": RATE,
    "item_purchase_rate": RATE,
    "category_cart_rate": RATE,
    "category_purchase_rate": RATE,
}


def domain_of(name: str) -> Domain:
    """Return what a column's numbers may be; counts, unless it is said otherwise."""
    return DOMAINS.get(name, Domain())


def broken_rules(given: Mapping[str, Floats], scorer: Scorer) -> dict[str, npt.NDArray[np.bool_]]:
    """Return, by a sentence each, which rows cannot be visits.

    Args:
        given: the numbers of the file's columns, NaN where a cell is empty; the four of the brief among them.
        scorer: knows which columns need a value.
    """
    needed = {*KNOWN, *[each.name for each in scorer.inputs if each.is_required]}
    found = {f"{name} is empty": np.isnan(values) for name, values in given.items() if name in needed}
    found |= {f"{name} must be {domain_of(name)}": domain_of(name).refused(values) for name, values in given.items()}
    views, adds, products = (given[name] for name in ("num_views", "num_adds", "distinct_products"))
    found["a visit has a view or an addition to the cart"] = views + adds == 0
    found["distinct_products is more than views and additions together"] = products > np.maximum(views + adds, 1)
    if "decision_point" in given:
        found["decision_point is not the sum of views and additions"] = given["decision_point"] != views + adds
    return {sentence: is_broken for sentence, is_broken in found.items() if is_broken.any()}


def complete(given: Mapping[str, Floats], scorer: Scorer) -> dict[str, Floats]:
    """Return every input of the model: what the file tells, else what follows, else what is typical.

    The rule is that of `ml.serving.form.describe`, for many rows.
    """
    views, adds, products = (given[name] for name in ("num_views", "num_adds", "distinct_products"))
    events = views + adds
    pause = next((each.typical for each in scorer.inputs if each.name == "seconds_since_last"), None) or 60.0
    follows: dict[str, Floats] = {
        "decision_point": events,
        "seconds_so_far": pause * (events - 1),
        "seconds_since_last": np.where(events > 1, pause, np.nan),
        "events_since_add": np.where(adds > 0, 0.0, np.nan),
        "is_item_in_cart": (adds > 0).astype(float),
        "num_same_item": events - products + 1,
        "num_same_category": events,
    }
    rows = len(events)
    typical = {each.name: np.full(rows, np.nan if each.typical is None else each.typical) for each in scorer.inputs}
    return {each.name: given.get(each.name, follows.get(each.name, typical[each.name])) for each in scorer.inputs}
