"""bronze.sample.visits — who comes how often, when, and how ready to buy.

A visit is a run of events with no pause over 30 minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bronze.sample.clock import HOURS, Clock

# Visits per visitor: the shares of 1, 2, 3 and 4; the others follow a power law, with a mean of about 9.
VISIT_SHARES = (0.866, 0.091, 0.023, 0.009)
MANY_VISITS = len(VISIT_SHARES) + 1
MANY_VISITS_POWER = 2.1
MOST_VISITS = 600

# Quantiles of the pause between two visits, in hours of average traffic (official: 5.4, 42, 238, 841 h at p25 .. p90).
PAUSE_LEVELS = (0.0, 0.10, 0.25, 0.50, 0.75, 0.90, 1.0)
PAUSE_HOURS = (0.6, 1.8, 6.0, 46.0, 272.0, 900.0, 2_700.0)
LONGEST_STAY = 0.97  # share of the activity time between a visitor's first and last visit

TASTE_SPREAD = 0.8  # sigma of the logarithm of a visitor's readiness to buy
REGULAR_VISITS = 4  # from here on, readiness grows with the number of visits
REGULAR_POWER = 1.45


@dataclass(frozen=True)
class Visits:
    """Visits of some visitors, ordered by visitor and time.

    Attributes:
        visitor: Position of the visitor, from 0.
        visit_count: Number of visits of that visitor.
        started_at: Epoch milliseconds.
        readiness: How ready the visitor is to buy at that hour; 1 for the average visit.
    """

    visitor: NDArray[np.int64]
    visit_count: NDArray[np.int64]
    started_at: NDArray[np.int64]
    readiness: NDArray[np.float64]


def visit(rng: np.random.Generator, clock: Clock, visitor_count: int) -> Visits:
    """Draw all the visits of `visitor_count` visitors."""
    counts = _count(rng, visitor_count)
    visitor = np.repeat(np.arange(visitor_count), counts)
    started_at = clock.moments(_arrivals(rng, visitor, counts))
    readiness = _readiness(rng, counts)[visitor] * clock.interest_at(started_at)
    return Visits(visitor, counts[visitor], started_at, readiness)


def _count(rng: np.random.Generator, visitor_count: int) -> NDArray[np.int64]:
    few = np.searchsorted(np.cumsum(VISIT_SHARES), rng.random(visitor_count), side="right") + 1
    many = MANY_VISITS * (1 - rng.random(visitor_count)) ** (-1 / MANY_VISITS_POWER)
    return np.where(few < MANY_VISITS, few, np.minimum(many, MOST_VISITS)).astype(np.int64)


def _arrivals(rng: np.random.Generator, visitor: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Draw when the visits start, in activity time, ascending within each visitor.

    A stay that runs over the end of the period goes on from its beginning, which keeps the traffic even.
    """
    pauses = np.interp(rng.random(len(visitor)), PAUSE_LEVELS, np.log(PAUSE_HOURS))
    pauses = np.exp(pauses) / HOURS
    first = np.cumsum(counts) - counts  # position of each visitor's first visit
    pauses[first] = 0
    stays = np.add.reduceat(pauses, first)
    pauses *= np.minimum(1, LONGEST_STAY / np.maximum(stays, LONGEST_STAY))[visitor]
    elapsed = np.cumsum(pauses)
    arrivals = (rng.random(len(counts))[visitor] + elapsed - elapsed[first][visitor]) % 1.0
    return np.take(arrivals, np.lexsort((arrivals, visitor)))


def _readiness(rng: np.random.Generator, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Draw how ready each visitor is to buy; 1 for the average visit."""
    taste = rng.lognormal(-(TASTE_SPREAD**2) / 2, TASTE_SPREAD, len(counts))
    return taste * np.maximum(1, counts / REGULAR_VISITS) ** REGULAR_POWER
