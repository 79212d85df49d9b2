"""Does a visit of the synthetic shop still buy? Asked of who knows its hidden state, and of who saw its events only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bronze.sample import visits as habits
from bronze.sample.catalogue import Catalogue
from bronze.sample.chance import Stream, stream
from bronze.sample.clock import Clock, wind_up
from bronze.sample.files import VISITORS
from bronze.sample.goals import Goals, intent_shares, set_out
from bronze.sample.journeys import Steps, walk
from bronze.sample.offers import snapshot_at
from bronze.sample.shop import open_shop
from bronze.sample.steps import Event, State
from bronze.sample.visits import Visits, visit

from .forward_filter import WALKING, Weights, weigh
from .outlook import Outlook

COUNT_EDGES = np.array([1, 2, 5, 8, 13, 22, 40, 80, 200, habits.MOST_VISITS + 1])  # of visits per visitor
TASTES = 5


@dataclass(frozen=True)
class Play:
    """What is hidden and what is done in a shop; a row of `steps` is an event."""

    catalogue: Catalogue
    clock: Clock
    visits: Visits
    goals: Goals
    steps: Steps


@dataclass(frozen=True)
class Guesses:
    """One entry per decision point: an event of a visit that has not bought yet.

    Attributes:
        place: Number of the event within its visit, from 1.
        has_cart: Whether the visit holds a cart so far.
        buys: Whether a purchase follows in the same visit.
        by_state: Chance of that, for who knows the hidden state.
        by_events: Chance of that, for who knows the events up to here, of the visitor's earlier visits too.
        row: Position among the steps.
    """

    place: NDArray[np.int64]
    has_cart: NDArray[np.bool_]
    buys: NDArray[np.bool_]
    by_state: NDArray[np.float64]
    by_events: NDArray[np.float64]
    row: NDArray[np.int64]


def play(scale: float, seed: int) -> Play:
    """Let the visitors of a shop do as those of its files do, and keep the hidden states."""
    return act(stream(seed, Stream.EVENTS), open_shop(scale, seed).catalogue, wind_up(), round(VISITORS * scale))


def act(rng: np.random.Generator, catalogue: Catalogue, clock: Clock, visitor_count: int) -> Play:
    """Let some visitors come to a shop."""
    visits = visit(rng, clock, visitor_count)
    goals = set_out(rng, catalogue, visits)
    return Play(catalogue, clock, visits, goals, walk(rng, catalogue, visits, goals))


def guess(shop: Play) -> Guesses:
    """Ask both at every decision point."""
    steps, snapshot = shop.steps, snapshot_at(shop.visits.started_at)
    outlook = Outlook(shop.catalogue)
    weights = weigh(shop.catalogue, outlook, steps, snapshot)
    prior = _prior(shop, weights)[steps.visit]
    chances = np.concatenate([weights.browse, weights.walk.sum(axis=2)], axis=1)
    by_events = (prior[:, 3:] * weights.buys.sum(axis=2)).sum(axis=1) / np.maximum(
        (prior * chances).sum(axis=1), 1e-300
    )

    row = np.arange(len(steps.visit))
    start = np.maximum.accumulate(np.where(np.diff(steps.visit, prepend=-1) != 0, row, 0))
    last_cart = np.maximum.accumulate(np.where(steps.event == Event.CART, row, -1))
    has_cart = last_cart >= start
    last_purchase = np.maximum.accumulate(np.where(steps.event == Event.PURCHASE, row, -1))
    is_open = last_purchase < start
    has_purchase = np.bincount(steps.visit, steps.event == Event.PURCHASE) > 0
    by_state, intent = np.zeros(len(row)), shop.goals.intent[steps.visit]
    thought = np.where((steps.state == State.LOOK) | ~has_cart, steps.item, steps.item[np.maximum(last_cart, 0)])
    for walking in WALKING:
        who = np.flatnonzero(intent == walking)
        by_state[who] = outlook.chance(walking, steps.state[who], thought[who], snapshot[steps.visit[who]])
    columns = (row - start + 1, has_cart, has_purchase[steps.visit], by_state, by_events, row)
    return Guesses(*(column[is_open] for column in columns))


def _prior(shop: Play, weights: Weights) -> NDArray[np.float64]:
    """Weigh the hypotheses before the first event of each visit, from the visitor's earlier visits: visit × (3 + 3)."""
    visits, goal = shop.visits, shop.steps.item[np.flatnonzero(np.diff(shop.steps.visit, prepend=-1))]
    first = np.flatnonzero(np.diff(visits.visitor, prepend=-1))
    number = np.arange(len(visits.visitor)) - first[visits.visitor] + 1
    pull = shop.catalogue.temptation.pull[shop.catalogue.category[goal]]
    moment = shop.clock.interest_at(visits.started_at) * pull

    readiness, group, has_come = _visitors(number)
    shares = intent_shares((moment[:, None] * readiness).ravel()).reshape(len(number), len(readiness), 4)
    hypotheses = [shares[:, :, 0] * (group == number) for number in range(3)] + list(
        np.moveaxis(shares[:, :, 1:], 2, 0)
    )
    likelihood = sum(shares * ended[:, None] for shares, ended in zip(hypotheses, weights.ended.T, strict=True))
    told = np.log(np.maximum(likelihood, 1e-300))
    before = np.cumsum(told, axis=0) - told
    belief = np.log(has_come) + before - before[first][visits.visitor]
    belief = np.exp(belief - belief.max(axis=1, keepdims=True))
    return np.column_stack([(belief * shares).sum(axis=1) for shares in hypotheses])


def _visitors(number: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Tabulate kinds of visitors: readiness, group by number of visits, and their shares among those who came so often."""
    counts = np.arange(1, habits.MOST_VISITS + 1)
    few = np.array(habits.VISIT_SHARES)
    many = (counts[len(few) :] / habits.MANY_VISITS) ** -habits.MANY_VISITS_POWER
    at_least = np.concatenate([1 - np.cumsum(np.append(0, few))[:-1], (1 - few.sum()) * many, [0.0]])
    low = np.maximum(COUNT_EDGES[:-1], number[:, None])
    share = np.maximum(at_least[low - 1] - at_least[COUNT_EDGES[1:] - 1], 0) / at_least[number - 1][:, None]
    share = np.maximum(np.where(low < COUNT_EDGES[1:], share, 0), 1e-300)

    middle = np.sqrt(COUNT_EDGES[:-1] * (COUNT_EDGES[1:] - 1.0))
    sigma = habits.TASTE_SPREAD
    points, mass = np.polynomial.hermite_e.hermegauss(TASTES)
    taste = np.exp(sigma * points - sigma**2 / 2)
    readiness = np.maximum(1, middle / habits.REGULAR_VISITS) ** habits.REGULAR_POWER
    group = np.select([middle < 2, middle < 5], [0, 1], 2)
    return (
        np.outer(readiness, taste).ravel(),
        np.repeat(group, TASTES),
        (share[:, :, None] * mass / mass.sum()).reshape(len(number), -1),
    )
