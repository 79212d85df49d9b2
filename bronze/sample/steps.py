"""bronze.sample.steps — what is done in a visit: views, carts and purchases, in order.

A visit that only browses is a number of views. Any other walks from state to state until it ends, by chances that
depend on its intent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bronze.sample.visits import Intent, Visits


class Event(IntEnum):
    """What is done; the position in `EVENT_NAMES`."""

    VIEW = 0
    CART = 1
    PURCHASE = 2


EVENT_NAMES = ("view", "addtocart", "transaction")

# Views of a visit that only browses: a chance to stop at the first, then the shares of 2 .. 10 views, then a power law.
ONE_VIEW_SHARE = 0.842  # visitors who come once
ONE_VIEW_SHARE_RETURNING = 0.71
ONE_VIEW_SHARE_REGULAR = 0.61  # five visits and more
LENGTH_SHARES = (0.575, 0.187, 0.0917, 0.0523, 0.0309, 0.0179, 0.0143, 0.0065, 0.0075)
LONG_VISIT = 11
LONG_VISIT_POWER = 2.1
LONGEST_VISIT = 400

# Visits that mean more than browsing walk from state to state, by these chances.
# States: end; view before any cart or purchase; cart; view after a cart; purchase; view after a purchase.
END_STATE, LOOK, CART, LOOK_AGAIN, PURCHASE, LOOK_AFTER = range(6)
STATE_EVENTS = np.array([-1, Event.VIEW, Event.CART, Event.VIEW, Event.PURCHASE, Event.VIEW])
Chances = tuple[float, float, float, float, float, float]
FIRST_STATE: Mapping[Intent, Chances] = {
    Intent.CART: (0, 0.83, 0.17, 0, 0, 0),
    Intent.BUY: (0, 0.81, 0.17, 0, 0.02, 0),
    Intent.BUY_DIRECTLY: (0, 0.72, 0, 0, 0.28, 0),
}
NEXT_STATE: Mapping[Intent, Mapping[int, Chances]] = {
    Intent.CART: {
        LOOK: (0, 0.35, 0.65, 0, 0, 0),
        CART: (0.39, 0, 0.22, 0.39, 0, 0),
        LOOK_AGAIN: (0.35, 0, 0.14, 0.51, 0, 0),
    },
    Intent.BUY: {
        LOOK: (0, 0.70, 0.30, 0, 0, 0),
        CART: (0, 0, 0.17, 0.27, 0.56, 0),
        LOOK_AGAIN: (0, 0, 0.19, 0.46, 0.35, 0),
        PURCHASE: (0.57, 0, 0.05, 0, 0.02, 0.36),
        LOOK_AFTER: (0.33, 0, 0.06, 0, 0.05, 0.56),
    },
    Intent.BUY_DIRECTLY: {
        LOOK: (0, 0.68, 0, 0, 0.32, 0),
        PURCHASE: (0.59, 0, 0, 0, 0.05, 0.36),
        LOOK_AFTER: (0.35, 0, 0, 0, 0.09, 0.56),
    },
}

# Orders: 15 % hold several items, 1.27 on average, 31 at most; each further item goes to the cart just before.
LARGE_ORDER_SHARE = 0.15
MORE_ITEMS_STOP = 0.56  # chance that a large order ends, from its second item on
LARGEST_ORDER = 31


@dataclass(frozen=True)
class Steps:
    """Steps of some visits, ordered by visit and time.

    Attributes:
        visit: Position of the visit, from 0.
        event: One of `Event`.
        order: Number of the order, from 0; -1 for all but purchases.
        back: How many steps ago the item of the step was chosen; 0 where a large order takes in a new one.
    """

    visit: NDArray[np.int64]
    event: NDArray[np.int64]
    order: NDArray[np.int64]
    back: NDArray[np.int64]


def take_steps(rng: np.random.Generator, visits: Visits) -> Steps:
    """Draw what is done in each visit; an order of several items is several steps."""
    browsing = np.flatnonzero(visits.intent == Intent.BROWSE)
    visit = [np.repeat(browsing, _lengths(rng, visits.visit_count[browsing]))]
    state = [np.full(len(visit[0]), LOOK)]
    for intent in FIRST_STATE:
        walkers, states = _walk(rng, intent, np.flatnonzero(visits.intent == intent))
        visit.append(walkers)
        state.append(states)
    by_visit = np.argsort(np.concatenate(visit), kind="stable")
    event = STATE_EVENTS[np.concatenate(state)[by_visit]]
    return _fill_orders(rng, np.concatenate(visit)[by_visit], event, visits.intent)


def _lengths(rng: np.random.Generator, visit_count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Draw how many views a visit holds that only browses."""
    groups = (visit_count == 1, visit_count < 5)
    one = np.select(groups, (ONE_VIEW_SHARE, ONE_VIEW_SHARE_RETURNING), ONE_VIEW_SHARE_REGULAR)
    size = len(visit_count)
    length = np.searchsorted(np.cumsum(LENGTH_SHARES), rng.random(size), side="right") + 2
    long = LONG_VISIT * (1 - rng.random(size)) ** (-1 / LONG_VISIT_POWER)
    length = np.where(length < LONG_VISIT, length, np.minimum(long, LONGEST_VISIT)).astype(np.int64)
    return np.where(rng.random(size) < one, 1, length)


def _walk(
    rng: np.random.Generator, intent: Intent, visits: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Walk each visit through its states until all have ended: (visit, state), the steps of a visit in order."""
    chances = np.zeros((6, 6))
    chances[END_STATE] = FIRST_STATE[intent]
    for state, row in NEXT_STATE[intent].items():
        chances[state] = row
    limits = chances.cumsum(axis=1)
    states = np.full(len(visits), END_STATE)
    walked: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = [(visits[:0], states[:0])]
    while len(visits):
        luck = rng.random(len(visits)) * limits[states, -1]
        states = (luck[:, None] >= limits[states]).sum(axis=1)
        visits, states = visits[states != END_STATE], states[states != END_STATE]
        walked.append((visits, states))
    return np.concatenate([step[0] for step in walked]), np.concatenate([step[1] for step in walked])


def _fill_orders(
    rng: np.random.Generator, visit: NDArray[np.int64], event: NDArray[np.int64], intent: NDArray[np.int64]
) -> Steps:
    """Give orders their size: n - 1 further items are chosen one by one, then all n are bought."""
    is_large = (event == Event.PURCHASE) & (rng.random(len(event)) < LARGE_ORDER_SHARE)
    size = np.where(is_large, 1 + rng.geometric(MORE_ITEMS_STOP, len(event)), 1).clip(max=LARGEST_ORDER)
    rows = 2 * size - 1
    place = np.arange(rows.sum()) - np.repeat(np.cumsum(rows) - rows, rows)
    visit, size = np.repeat(visit, rows), np.repeat(size, rows)
    order = np.repeat(np.cumsum(event == Event.PURCHASE) - 1, rows)
    event = np.repeat(event, rows)
    is_choice = place < size - 1
    choice = np.where(intent[visit] == Intent.BUY_DIRECTLY, Event.VIEW, Event.CART)
    event = np.where(is_choice, choice, event)
    return Steps(visit, event, np.where(event == Event.PURCHASE, order, -1), np.where(is_choice, 0, size))
