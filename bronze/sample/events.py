"""bronze.sample.events — the events of some visitors: the steps of their visits, and when each occurs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bronze.sample.catalogue import Catalogue
from bronze.sample.clock import END
from bronze.sample.goals import set_out
from bronze.sample.journeys import Steps, walk
from bronze.sample.visits import Visits

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
    steps = walk(rng, catalogue, visits, set_out(rng, catalogue, visits))
    columns = (visits.visitor[steps.visit], steps.event, steps.item, steps.order, moments(rng, visits, steps))
    in_time = columns[-1] < END
    return Events(*(column[in_time] for column in columns))


def moments(rng: np.random.Generator, visits: Visits, steps: Steps) -> NDArray[np.int64]:
    """Draw when each step occurs, in epoch milliseconds; a visit waits half an hour and more for the one before it."""
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
