"""bronze.sample.steps — what may be done next in a visit, and by which chances.

A visit that only browses is a number of views. Any other goes from state to state until it ends: its intent proposes
what is done next, and to which item. What it proposes to take, into the cart or for money, it takes only if the item
tempts; else the item is looked at instead, or the visit ends there.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bronze.sample.goals import Intent


class Event(IntEnum):
    """What is done; the position in `EVENT_NAMES`."""

    VIEW = 0
    CART = 1
    PURCHASE = 2


EVENT_NAMES = ("view", "addtocart", "transaction")


class State(IntEnum):
    """How far a visit has come; what is done on the way to each is in `EVENTS`."""

    END = 0
    LOOK = 1  # before any cart or purchase
    CART = 2
    LOOK_AGAIN = 3  # after a cart
    GATHER = 4  # one more item for a large order
    PURCHASE = 5
    LOOK_AFTER = 6  # after a purchase


EVENTS = np.zeros((len(Intent), len(State)), dtype=np.int64)
EVENTS[:, [State.CART, State.GATHER]] = Event.CART
EVENTS[Intent.BUY_DIRECTLY, State.GATHER] = Event.VIEW
EVENTS[:, State.PURCHASE] = Event.PURCHASE

# Orders: 15 % hold several items, 1.27 on average; the further ones are gathered one by one just before.
LARGE_ORDER_SHARE = 0.15
GATHER_MORE = 0.44

# Chances of what is proposed, by intent and state; the row of END is for the first step.
PROPOSALS: dict[Intent, dict[State, dict[State, float]]] = {
    Intent.BROWSE: {
        State.END: {State.LOOK: 1},
        State.LOOK: {State.LOOK: 1},
    },
    Intent.CART: {
        State.END: {State.LOOK: 0.785, State.CART: 0.215},
        State.LOOK: {State.END: 0.04, State.LOOK: 0.12, State.CART: 0.84},
        State.CART: {State.END: 0.30, State.CART: 0.40, State.LOOK_AGAIN: 0.30},
        State.LOOK_AGAIN: {State.END: 0.30, State.CART: 0.22, State.LOOK_AGAIN: 0.48},
    },
    Intent.BUY: {
        State.END: {State.LOOK: 0.755, State.CART: 0.22, State.PURCHASE: 0.025},
        State.LOOK: {State.LOOK: 0.70, State.CART: 0.30},
        State.CART: {State.CART: 0.22, State.LOOK_AGAIN: 0.22, State.PURCHASE: 0.56},
        State.LOOK_AGAIN: {State.END: 0.03, State.CART: 0.20, State.LOOK_AGAIN: 0.48, State.PURCHASE: 0.29},
        State.PURCHASE: {State.END: 0.57, State.CART: 0.06, State.PURCHASE: 0.02, State.LOOK_AFTER: 0.35},
        State.LOOK_AFTER: {State.END: 0.33, State.CART: 0.07, State.PURCHASE: 0.06, State.LOOK_AFTER: 0.54},
    },
    Intent.BUY_DIRECTLY: {
        State.END: {State.LOOK: 0.68, State.PURCHASE: 0.32},
        State.LOOK: {State.END: 0.02, State.LOOK: 0.68, State.PURCHASE: 0.30},
        State.PURCHASE: {State.END: 0.58, State.PURCHASE: 0.06, State.LOOK_AFTER: 0.36},
        State.LOOK_AFTER: {State.END: 0.34, State.PURCHASE: 0.11, State.LOOK_AFTER: 0.55},
    },
}
GATHERING = {State.GATHER: GATHER_MORE, State.PURCHASE: 1 - GATHER_MORE}
DISAPPOINTED_SHARE = 0.5  # of those who were not tempted: they leave
INSTEAD = np.full(len(State), State.LOOK_AFTER)  # by the state before: where one is who was not tempted and stays
INSTEAD[[State.END, State.LOOK]] = State.LOOK
INSTEAD[[State.CART, State.LOOK_AGAIN, State.GATHER]] = State.LOOK_AGAIN

# Where the item of a step comes from, by what is proposed: the last one, one before that. The rest are new ones.
# Official: of two views in a row 0.27 show the same item and 0.12 an earlier one.
SOURCES = np.zeros((len(Intent), len(State), 2))
SOURCES[:, [State.LOOK, State.LOOK_AGAIN, State.LOOK_AFTER]] = 0.30, 0.15
SOURCES[Intent.BROWSE, State.LOOK] = 0.22, 0.18
SOURCES[:, State.CART] = 0.74, 0.10
SOURCES[:, State.PURCHASE] = 0.965, 0.02

# Views of a visit that only browses: a chance to stop at the first, then the shares of 2 .. 10 views, then a power law.
ONE_VIEW_SHARE = 0.842  # visitors who come once
ONE_VIEW_SHARE_RETURNING = 0.71
ONE_VIEW_SHARE_REGULAR = 0.61  # five visits and more
LENGTH_SHARES = (0.575, 0.187, 0.0917, 0.0523, 0.0309, 0.0179, 0.0143, 0.0065, 0.0075)
LONG_VISIT = 11
LONG_VISIT_POWER = 2.1
LONGEST_VISIT = 400


def chances() -> NDArray[np.float64]:
    """Tabulate what is proposed: intent × state × next state; a state that an intent never sees has no chances."""
    table = np.zeros((len(Intent), len(State), len(State)))
    for intent, rows in PROPOSALS.items():
        for state, row in (rows | {State.GATHER: GATHERING}).items():
            for onward, chance in row.items():
                table[intent, state, onward] = chance
    return table


def lengths(rng: np.random.Generator, visit_count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Draw how many views a visit holds that only browses, from the number of its visitor's visits."""
    groups = (visit_count == 1, visit_count < 5)
    one = np.select(groups, (ONE_VIEW_SHARE, ONE_VIEW_SHARE_RETURNING), ONE_VIEW_SHARE_REGULAR)
    size = len(visit_count)
    length = np.searchsorted(np.cumsum(LENGTH_SHARES), rng.random(size), side="right") + 2
    long = LONG_VISIT * (1 - rng.random(size)) ** (-1 / LONG_VISIT_POWER)
    length = np.where(length < LONG_VISIT, length, np.minimum(long, LONGEST_VISIT)).astype(np.int64)
    return np.where(rng.random(size) < one, 1, length)
