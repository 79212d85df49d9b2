"""bronze.sample.goals — the item that each visit comes for, and its intent.

Both are hidden from the files: a goal shows as the first item, an intent only in what the visitor goes on to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bronze.sample.catalogue import Catalogue
from bronze.sample.visits import Visits

# Where the goal comes from, against the visitor's earlier visits. The rest are new ones.
LAST_GOAL = 0.36
EARLIER_GOAL = 0.07
FOLLOW_CATEGORY = 0.3  # new goals that stay in the category

# Intents, as shares of the visits. What comes of them depends on the items that the visitor meets.
CART_SHARE = 0.0215
PURCHASE_SHARE = 0.0107
DIRECT_SHARE = 0.13  # of those who mean to buy: without a cart
CART_INTEREST_POWER = 0.6  # carts follow the hour less than purchases do
MOST_READY = 0.6  # highest chance of meaning to buy


class Intent(IntEnum):
    """What a visitor came to do."""

    BROWSE = 0
    CART = 1
    BUY = 2
    BUY_DIRECTLY = 3


@dataclass(frozen=True)
class Goals:
    """Goals of some visits, in the order of the visits: the position of an item, and one of `Intent`."""

    item: NDArray[np.int64]
    intent: NDArray[np.int64]


def set_out(rng: np.random.Generator, catalogue: Catalogue, visits: Visits) -> Goals:
    """Draw what each visit is for; a category that pulls has more visitors who mean to buy."""
    item = _items(rng, catalogue, visits.visitor)
    shares = intent_shares(visits.readiness * catalogue.temptation.pull[catalogue.category[item]])
    luck = rng.random(len(item))
    return Goals(item, (luck[:, None] >= np.cumsum(shares[:, :-1], axis=1)).sum(axis=1))


def intent_shares(readiness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the chances of each intent, a column each, from how ready the visit is to buy; 1 for the average."""
    buys = np.minimum(PURCHASE_SHARE * readiness, MOST_READY)
    carts = np.minimum(CART_SHARE * readiness**CART_INTEREST_POWER, 1 - MOST_READY)
    return np.column_stack([1 - buys - carts, carts, buys * (1 - DIRECT_SHARE), buys * DIRECT_SHARE])


def _items(rng: np.random.Generator, catalogue: Catalogue, visitor: NDArray[np.int64]) -> NDArray[np.int64]:
    row = np.arange(len(visitor))
    comes_again = np.diff(visitor, prepend=-1) == 0
    earliest = np.maximum.accumulate(np.where(comes_again, 0, row))
    earlier = earliest + (rng.random(len(row)) * (row - earliest)).astype(np.int64)
    luck = rng.random(len(row))
    origin = np.where(luck < LAST_GOAL, row - 1, np.where(luck < LAST_GOAL + EARLIER_GOAL, earlier, row))
    origin = np.where(comes_again, origin, row)
    follows = comes_again & (origin == row) & (rng.random(len(row)) < FOLLOW_CATEGORY)
    leader = _trace(np.where(follows, row - 1, origin))
    luck = rng.random(len(row))
    item = catalogue.pick(luck)
    return np.where(follows, catalogue.pick_alike(item[leader], luck), item)[_trace(origin)]


def _trace(origin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Follow pointers to earlier rows down to the rows that point at themselves."""
    while not np.array_equal(onward := origin[origin], origin):
        origin = onward
    return origin
