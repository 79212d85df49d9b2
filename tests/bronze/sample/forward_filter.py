"""The best guess from what is seen: does a visit of the synthetic shop still buy?

Who guesses knows how the shop works, its items and its hours, and of each visitor the earlier visits; not the visitor's
readiness, nor the visit's intent. A forward filter weighs the intents by how likely each makes the events so far.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bronze.sample import steps as habits
from bronze.sample.catalogue import CATEGORY_SHARE, COMPANION_SHARE, FAMILY_SHARE, Catalogue
from bronze.sample.goals import Intent
from bronze.sample.journeys import NOTHING, Steps
from bronze.sample.steps import (
    DISAPPOINTED_SHARE,
    EVENTS,
    GATHER_MORE,
    LARGE_ORDER_SHARE,
    SOURCES,
    Event,
    State,
    chances,
)

from .outlook import Outlook

PROPOSALS = chances()
WALKING = (Intent.CART, Intent.BUY, Intent.BUY_DIRECTLY)
ENDS = PROPOSALS[list(WALKING), :, State.END]  # intent × state
TAKES = PROPOSALS[list(WALKING)][:, :, [State.CART, State.PURCHASE]].sum(axis=2)
ONE_VIEW_SHARES = (habits.ONE_VIEW_SHARE, habits.ONE_VIEW_SHARE_RETURNING, habits.ONE_VIEW_SHARE_REGULAR)


@dataclass(frozen=True)
class Weights:
    """How likely each hypothesis makes the events of a visit up to each step, up to a factor of the step.

    Attributes:
        browse: Step × group of visitors by their number of visits (1, 2 .. 4, more).
        walk: Step × intent of `WALKING` × whether a large order is being gathered.
        buys: The same, times the chance of a purchase.
        ended: As `browse` and `walk` side by side, for the visit as a whole: visit × (3 + 3).
    """

    browse: NDArray[np.float64]
    walk: NDArray[np.float64]
    buys: NDArray[np.float64]
    ended: NDArray[np.float64]


def going_on() -> NDArray[np.float64]:
    """Tabulate how many browsing visits with n views have one more: group × n, from 0."""
    shares = np.array(habits.LENGTH_SHARES)
    places = np.arange(habits.LONG_VISIT, habits.LONGEST_VISIT + 1)
    tail = (1 - shares.sum()) * (places / habits.LONG_VISIT) ** -habits.LONG_VISIT_POWER
    more = np.concatenate([[1.0], 1 - np.cumsum(shares), tail[1:]])
    stays = np.array([np.append(1.0, (1 - one) * more) for one in ONE_VIEW_SHARES])
    return np.pad(stays[:, 1:] / stays[:, :-1], ((0, 0), (1, habits.LONGEST_VISIT)))


def move_chance(
    catalogue: Catalogue, item: NDArray[np.int64], to: NDArray[np.int64], within_category: bool = False
) -> NDArray:
    """Compute how likely the new item after each is `to`."""
    affinity, demand = catalogue.affinity, catalogue.demand
    family, home = affinity.family[item], catalogue.category[item]
    companion = affinity.companion[family]
    everything = np.zeros_like(item)
    ranges = [
        (FAMILY_SHARE, affinity.first_item[family], affinity.first_item[family + 1]),
        (CATEGORY_SHARE, catalogue.first_item[home], catalogue.first_item[home + 1]),
        (COMPANION_SHARE, affinity.first_item[companion], affinity.first_item[companion + 1]),
        (1 - FAMILY_SHARE - CATEGORY_SHARE - COMPANION_SHARE, everything, everything + len(catalogue.item_id)),
    ]
    wanted, own = demand[to + 1] - demand[to], demand[item + 1] - demand[item]
    chance = np.zeros(len(item))
    for share, first, end in ranges[:2] if within_category else ranges:
        others = demand[end] - demand[first] - np.where((first <= item) & (item < end), own, 0)
        is_other = (first <= to) & (to < end) & (to != item) & (end - first > 1)
        chance += share * np.where(is_other, wanted / np.maximum(others, 1e-300), (to == item) & (end - first == 1))
    return chance / (FAMILY_SHARE + CATEGORY_SHARE) if within_category else chance


def weigh(catalogue: Catalogue, outlook: Outlook, steps: Steps, snapshot: NDArray[np.int64]) -> Weights:
    """Weigh each hypothesis after each step up to the first purchase; `snapshot` is that of each visit."""
    starts = np.flatnonzero(np.diff(steps.visit, prepend=-1))
    lengths = np.diff(np.append(starts, len(steps.visit)))
    size = len(steps.visit)
    browse, walk, buys = np.zeros((size, 3)), np.zeros((size, 3, 2)), np.zeros((size, 3, 2))
    ended = np.zeros((len(starts), 6))
    stays = going_on()

    visit = np.arange(len(starts))
    seen = np.empty((len(starts), 0), dtype=np.int64)
    cart, state = np.full(len(starts), NOTHING), np.full(len(starts), State.END)
    views, walks = np.ones((len(starts), 3)), np.ones((len(starts), 3, 2)) * [1, 0]
    for number in range(int(lengths.max()) + 1):
        goes_on = lengths[visit] > number
        if number:
            stops = np.flatnonzero(~goes_on)
            quits = 1 - stays[:, number]
            shy = catalogue.temptation.chance(seen[stops, -1], snapshot[visit[stops]]) if len(stops) else np.zeros(0)
            ends = ENDS[:, state[stops]] + TAKES[:, state[stops]] * (1 - shy) * DISAPPOINTED_SHARE
            ended[visit[stops]] = np.hstack([views[stops] * quits, walks[stops, :, 0] * ends.T])
        visit, seen, cart, state, views, walks = (c[goes_on] for c in (visit, seen, cart, state, views, walks))
        rows = starts[visit] + number
        event, item, week = steps.event[rows], steps.item[rows], snapshot[visit]
        is_view = event == Event.VIEW
        thoughts = _think(catalogue, seen, cart, item)
        views = views * (is_view * thoughts.chance(Intent.BROWSE, State.LOOK))[:, None]
        if number:
            views = views * stays[:, number]
        walks = _walk(catalogue, thoughts, walks, seen, cart, state, event, item, week)
        scale = views.sum(axis=1) + walks.sum(axis=(1, 2))
        views, walks = views / scale[:, None], walks / scale[:, None, None]

        cart = np.where(event == Event.CART, item, cart)
        state = np.where(event == Event.CART, State.CART, np.where(cart == NOTHING, State.LOOK, State.LOOK_AGAIN))
        browse[rows], walk[rows], buys[rows] = views, walks, walks
        for place, intent in enumerate(WALKING):
            buys[rows, place, 0] *= outlook.chance(intent, state, np.where(state == State.LOOK, item, cart), week)
        seen = np.column_stack([seen, item])
        bought = event == Event.PURCHASE
        ended[visit[bought], 3:] = walks[bought, :, 0]
        visit, seen, cart, state, views, walks = (c[~bought] for c in (visit, seen, cart, state, views, walks))
    return Weights(browse, walk, buys, ended)


@dataclass(frozen=True)
class _Thoughts:
    """How likely each visit thinks of the item of its next event, by where the thought comes from; all 1 at its goal."""

    last: NDArray[np.float64]
    carted: NDArray[np.float64]
    earlier: NDArray[np.float64]
    new: NDArray[np.float64]

    def chance(self, intent: Intent, state: State) -> NDArray[np.float64]:
        """Compute the chance for who is about to come to a state."""
        from_last, from_earlier = SOURCES[intent, state]
        last = self.carted if state == State.PURCHASE else self.last
        return from_last * last + from_earlier * self.earlier + (1 - from_last - from_earlier) * self.new


def _think(catalogue: Catalogue, seen: NDArray, cart: NDArray, item: NDArray) -> _Thoughts:
    if not seen.shape[1]:
        return _Thoughts(*np.ones((4, len(item))))
    last = seen[:, -1]
    new = move_chance(catalogue, last, item)
    earlier = (seen[:, :-1] == item[:, None]).mean(axis=1) if seen.shape[1] > 1 else new
    return _Thoughts(item == last, item == np.where(cart == NOTHING, last, cart), earlier, new)


def _walk(catalogue, thoughts, walks, seen, cart, state, event, item, week):
    """Multiply the weights of each intent by the chance of the next event and its item."""
    onward = np.zeros_like(walks)
    taken = catalogue.temptation.chance(item, week)
    look = np.where(state <= State.LOOK, State.LOOK, State.LOOK_AGAIN)
    opens, more = np.zeros((2, len(item)))
    if seen.shape[1]:
        began = np.where(cart == NOTHING, seen[:, -1], cart)
        opens = LARGE_ORDER_SHARE * catalogue.temptation.chance(began, week)
        opens *= move_chance(catalogue, began, item, within_category=True)
        more = GATHER_MORE * move_chance(catalogue, seen[:, -1], item, within_category=True)
    for place, intent in enumerate(WALKING):
        propose = PROPOSALS[intent][state]
        looks = propose[np.arange(len(look)), look] * thoughts.chance(intent, State.LOOK)
        puts = propose[:, State.CART] * thoughts.chance(intent, State.CART)
        pays = propose[:, State.PURCHASE] * thoughts.chance(intent, State.PURCHASE)
        views = looks + (puts + pays) * (1 - taken) * (1 - DISAPPOINTED_SHARE if seen.shape[1] else 1)
        chance = np.choose(event, (views, puts * taken, pays * taken * (1 - LARGE_ORDER_SHARE)))
        onward[:, place, 0] = walks[:, place, 0] * chance
        onward[:, place, 1] = event == EVENTS[intent, State.GATHER]
        onward[:, place, 1] *= walks[:, place, 0] * propose[:, State.PURCHASE] * opens + walks[:, place, 1] * more
        onward[:, place, 0] += (event == Event.PURCHASE) * walks[:, place, 1] * (1 - GATHER_MORE)
    return onward
