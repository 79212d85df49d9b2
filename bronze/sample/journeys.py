"""bronze.sample.journeys — the events of a visit: what is done, to which item, after how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bronze.sample.catalogue import Catalogue
from bronze.sample.clock import END
from bronze.sample.steps import Event, Steps, take_steps
from bronze.sample.visits import Intent, Visits

# Where an item comes from, by event and by what came before in the visit: (the last one, one before that).
# The rest are new items. Official: of two views in a row 0.27 show the same item and 0.12 an earlier one.
AT_START = (0.36, 0.07)  # against the visitor's earlier visits
SOURCE = {Event.VIEW: (0.235, 0.245), Event.CART: (0.74, 0.10), Event.PURCHASE: (0.965, 0.02)}
FOLLOW_CATEGORY = 0.705  # moves to a new item that stay in the category
FOLLOW_CATEGORY_AT_START = 0.3

# Quantiles of the pause inside a visit, in seconds. The items of one order are booked within milliseconds.
PAUSE_LEVELS = (0.0, 0.05, 0.25, 0.50, 0.75, 0.90, 0.95, 1.0)
PAUSE_SECONDS = (0.5, 5, 25, 64, 174, 494, 862, 1_800)
ORDER_PAUSE = 40  # ms
SHORTEST_BREAK = 1_860_000  # ms between two visits that would run into each other, at least
USUAL_BREAK = 5_400_000  # ms on top of it, on average


@dataclass(frozen=True)
class Events:
    """Events of some visitors, ordered by visitor and time.

    Attributes:
        visitor: Position of the visitor, from 0.
        event: One of `Event`.
        item: Position of the item in the catalogue.
        order: Number of the order, from 0; -1 for all but purchases.
        occurred_at: Epoch milliseconds.
    """

    visitor: NDArray[np.int64]
    event: NDArray[np.int64]
    item: NDArray[np.int64]
    order: NDArray[np.int64]
    occurred_at: NDArray[np.int64]


def travel(rng: np.random.Generator, catalogue: Catalogue, visits: Visits) -> Events:
    """Draw all the events of `visits`; those after the end of the period are lost."""
    steps = take_steps(rng, visits)
    visitor = visits.visitor[steps.visit]
    item = _items(rng, catalogue, steps, visitor, visits.intent[steps.visit] != Intent.BROWSE)
    occurred_at = _moments(rng, visits, steps)
    columns = (visitor, steps.event, item, steps.order, occurred_at)
    in_time = occurred_at < END
    return Events(*(column[in_time] for column in columns))


def _items(
    rng: np.random.Generator,
    catalogue: Catalogue,
    steps: Steps,
    visitor: NDArray[np.int64],
    is_shopping: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Choose the item of each event: one seen before, a new one of the same category, or any."""
    row = np.arange(len(visitor))
    is_first = np.diff(steps.visit, prepend=-1) != 0
    origin = _origins(rng, steps, visitor, is_first)
    is_new = origin == row
    may_follow = np.diff(visitor, prepend=-1) == 0
    follows = rng.random(len(row)) < np.where(is_first, FOLLOW_CATEGORY_AT_START, FOLLOW_CATEGORY)
    is_following = is_new & may_follow & (follows | (steps.back == 0))
    leader = _trace(np.where(is_following, row - 1, origin))
    luck = rng.random(len(row))
    item = catalogue.pick(luck, is_shopping)
    near = catalogue.pick_alike(item[leader], luck, is_shopping)
    return np.where(is_following, near, item)[_trace(origin)]


def _origins(
    rng: np.random.Generator, steps: Steps, visitor: NDArray[np.int64], is_first: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Point each event at the row whose item it takes up: an earlier row of the visitor, or itself for a new item."""
    row = np.arange(len(visitor))
    visit_start = np.maximum.accumulate(np.where(is_first, row, 0))
    visitor_start = np.maximum.accumulate(np.where(np.diff(visitor, prepend=-1) != 0, row, 0))

    last_cart = np.maximum.accumulate(np.where(steps.event == Event.CART, row, -1))
    buys_one = (steps.event == Event.PURCHASE) & (steps.back == 1)
    last = np.where(buys_one & (last_cart >= visit_start), last_cart, row - np.maximum(steps.back, 1))

    earliest = np.where(is_first, visitor_start, visit_start)
    earlier = earliest + (rng.random(len(row)) * np.maximum(row - 1 - earliest, 0)).astype(np.int64)

    sources = np.array([SOURCE[event] for event in Event])[steps.event]
    last_share, earlier_share = np.where(is_first[:, None], AT_START, sources).T
    luck = rng.random(len(row))
    is_open = steps.back > 0  # the further items of a large order are new ones
    takes_last = is_open & (luck < last_share) & (last >= visitor_start)
    takes_earlier = is_open & (luck >= last_share) & (luck < last_share + earlier_share) & (earlier < row - 1)
    return np.select([takes_last, takes_earlier], [last, earlier], default=row)


def _trace(origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Follow pointers to earlier rows down to the rows that point at themselves."""
    while not np.array_equal(onward := origin[origin], origin):
        origin = onward
    return origin


def _moments(rng: np.random.Generator, visits: Visits, steps: Steps) -> NDArray[np.int64]:
    """Draw when each event occurs; a visit waits until the one before it is over by half an hour and more."""
    is_first = np.diff(steps.visit, prepend=-1) != 0
    same_order = (steps.order >= 0) & (np.diff(steps.order, prepend=-1) == 0)
    pause = _pauses(rng, len(steps.visit))
    pause = np.where(same_order, rng.integers(1, ORDER_PAUSE, len(pause)), pause)
    pause[is_first] = 0
    start = np.flatnonzero(is_first)
    elapsed = np.cumsum(pause) - np.cumsum(pause)[start][steps.visit]
    busy = np.add.reduceat(pause, start) + SHORTEST_BREAK
    busy += rng.exponential(USUAL_BREAK, len(busy)).astype(np.int64)
    earliest = np.cumsum(busy) - busy
    far = 1 << 46  # ms: further than any visitor's visits reach
    slack = np.maximum.accumulate(visits.started_at - earliest + visits.visitor * far)
    started_at: NDArray[np.int64] = slack + earliest - visits.visitor * far
    return started_at.take(steps.visit) + elapsed


def _pauses(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    seconds = np.exp(np.interp(rng.random(count), PAUSE_LEVELS, np.log(PAUSE_SECONDS)))
    return (1_000 * seconds).astype(np.int64)
