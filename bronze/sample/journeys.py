"""bronze.sample.journeys — the steps of each visit, one after another: what is done, to which item."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bronze.sample.catalogue import Catalogue
from bronze.sample.goals import Goals, Intent
from bronze.sample.offers import snapshot_at
from bronze.sample.steps import (
    DISAPPOINTED_SHARE,
    EVENTS,
    INSTEAD,
    LARGE_ORDER_SHARE,
    LONGEST_VISIT,
    SOURCES,
    State,
    chances,
    lengths,
)
from bronze.sample.visits import Visits

NOTHING = -1


@dataclass(frozen=True)
class Steps:
    """Steps of some visits, ordered by visit and time.

    Attributes:
        visit: Position of the visit, from 0.
        state: One of `State`, hidden from the files.
        event: One of `Event`.
        item: Position of the item in the catalogue.
        order: Number of the order, from 0; -1 for all but purchases.
    """

    visit: NDArray[np.int64]
    state: NDArray[np.int64]
    event: NDArray[np.int64]
    item: NDArray[np.int64]
    order: NDArray[np.int64]


@dataclass(frozen=True)
class Walkers:
    """Visits that are under way.

    Attributes:
        visit: Position of the visit.
        intent: One of `Intent`.
        snapshot: Number of the snapshot in force.
        length: Number of steps after which the visit ends, if not before.
        state: One of `State`; END before the first step.
        seen: Item of each step so far, a column each; before the first, the goal.
        cart: Item last put in the cart, or the one that a large order began with; `NOTHING` without.
    """

    visit: NDArray[np.int64]
    intent: NDArray[np.int64]
    snapshot: NDArray[np.int64]
    length: NDArray[np.int64]
    state: NDArray[np.int64]
    seen: NDArray[np.int64]
    cart: NDArray[np.int64]


def walk(rng: np.random.Generator, catalogue: Catalogue, visits: Visits, goals: Goals) -> Steps:
    """Draw the steps of each visit, all visits at once, until all have ended."""
    size = len(goals.intent)
    length = np.where(goals.intent == Intent.BROWSE, lengths(rng, visits.visit_count), LONGEST_VISIT)
    walkers = Walkers(
        visit=np.arange(size),
        intent=goals.intent,
        snapshot=snapshot_at(visits.started_at),
        length=length,
        state=np.full(size, State.END),
        seen=goals.item[:, None],
        cart=np.full(size, NOTHING),
    )
    limits = chances().cumsum(axis=2)
    rows: list[tuple[NDArray[np.int64], ...]] = []
    while len(walkers.visit):
        walkers = _step(rng, catalogue, walkers, limits, len(rows))
        rows.append((walkers.visit, walkers.intent, walkers.state, walkers.seen[:, -1]))
    return _fill_orders(*map(np.concatenate, zip(*rows, strict=True)))


def _step(
    rng: np.random.Generator, catalogue: Catalogue, walkers: Walkers, limits: NDArray[np.float64], number: int
) -> Walkers:
    """Take one step in each visit that does not end, the first being number 0."""
    limit = limits[walkers.intent, walkers.state]
    proposed = (rng.random(len(limit))[:, None] * limit[:, -1:] >= limit).sum(axis=1)
    goes_on = np.flatnonzero((proposed != State.END) & (walkers.length > number))
    walkers, state = _keep(walkers, goes_on), proposed[goes_on]
    item = _choose(rng, catalogue, walkers, state) if number else walkers.seen[:, -1].copy()
    state = _decide(rng, catalogue, walkers, state, item, may_leave=number > 0)

    pays = np.flatnonzero((state == State.PURCHASE) & (walkers.state != State.GATHER))
    opens = pays[rng.random(len(pays)) < LARGE_ORDER_SHARE]
    cart = np.where(state == State.CART, item, walkers.cart)
    cart[opens], state[opens] = item[opens], State.GATHER
    gathers = np.flatnonzero(state == State.GATHER)
    item[gathers] = catalogue.move_on(rng, item[gathers], within_category=True)
    seen = np.column_stack([walkers.seen, item]) if number else item[:, None]
    return _keep(replace(walkers, state=state, seen=seen, cart=cart), np.flatnonzero(state != State.END))


def _keep(walkers: Walkers, rows: NDArray[np.int64]) -> Walkers:
    return Walkers(*(column[rows] for column in vars(walkers).values()))


def _choose(
    rng: np.random.Generator, catalogue: Catalogue, walkers: Walkers, state: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Choose the item for what is proposed: the last one, one before that, or a new one.

    Who buys thinks of the cart first; who gathers goes on from the item gathered last.
    """
    size, steps = walkers.seen.shape
    item = walkers.seen[:, -1].copy()
    buys = (state == State.PURCHASE) & (walkers.cart != NOTHING)
    item[buys] = walkers.cart[buys]
    from_last, from_earlier = SOURCES[walkers.intent, state].T
    luck = rng.random(size)
    is_settled = (luck < from_last) | (state == State.GATHER) | (buys & (walkers.state == State.GATHER))
    goes_back = np.flatnonzero(~is_settled & (luck < from_last + from_earlier) & (steps > 1))
    earlier = (rng.random(len(goes_back)) * (steps - 1)).astype(np.int64)
    is_settled[goes_back] = True
    item[goes_back] = walkers.seen[goes_back, earlier]
    moves = np.flatnonzero(~is_settled)
    item[moves] = catalogue.move_on(rng, walkers.seen[moves, -1])
    return item


def _decide(
    rng: np.random.Generator,
    catalogue: Catalogue,
    walkers: Walkers,
    state: NDArray[np.int64],
    item: NDArray[np.int64],
    may_leave: bool,
) -> NDArray[np.int64]:
    """Let those who are to take an item look at it instead, or end their visit, if it does not tempt them."""
    takes = ((state == State.CART) | (state == State.PURCHASE)) & (walkers.state != State.GATHER)
    eager = np.flatnonzero(takes)
    shy = eager[rng.random(len(eager)) >= catalogue.temptation.chance(item[eager], walkers.snapshot[eager])]
    leaves = rng.random(len(shy)) < (DISAPPOINTED_SHARE if may_leave else 0)
    decided = state.copy()
    decided[shy] = np.where(leaves, State.END, INSTEAD[walkers.state[shy]])
    return decided


def _fill_orders(
    visit: NDArray[np.int64], intent: NDArray[np.int64], state: NDArray[np.int64], item: NDArray[np.int64]
) -> Steps:
    """Order the steps by visit, and let a purchase be one row for each item: that of its step, then the gathered."""
    by_visit = np.argsort(visit, kind="stable")
    visit, intent, state, item = visit[by_visit], intent[by_visit], state[by_visit], item[by_visit]
    row = np.arange(len(visit))
    last_other = np.maximum.accumulate(np.where(state == State.GATHER, -1, row))
    gathered = row - 1 - np.append(-1, last_other)[:-1]
    size = np.where(state == State.PURCHASE, 1 + gathered, 1)
    place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    row = np.repeat(row, size)
    item = item[np.where(place > 0, row - size[row] + place, row)]
    order = np.cumsum(state == State.PURCHASE) - 1
    return Steps(
        visit=visit[row],
        state=state[row],
        event=EVENTS[intent, state][row],
        item=item,
        order=np.where(state == State.PURCHASE, order, -1)[row],
    )
