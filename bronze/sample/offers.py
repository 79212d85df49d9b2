"""bronze.sample.offers — category, availability and price of each item, week by week."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WEEK = 604_800_000  # ms
FIRST_SNAPSHOT = 1_431_226_800_000  # ms: Sunday 2015-05-10 03:00 UTC
MISSING_SNAPSHOT = 6  # weeks after the first: 2015-06-21 has none
SNAPSHOTS = FIRST_SNAPSHOT + WEEK * np.delete(np.arange(19), MISSING_SNAPSHOT)
EDGE = 3  # snapshots from both ends within which nothing changes, so that both values are told

# Shares of the items whose value changes.
CATEGORY_CHANGES = 0.0560
AVAILABLE_CHANGES = 0.1607
PRICE_CHANGES = 0.2043

AVAILABLE_SHARE = 0.4  # items in stock before anything changes
PRICE_LOG_MEAN = 10.78
PRICE_LOG_SPREAD = 1.38
PRICE_STEP = 60
FREE_SHARE = 0.012  # items with price 0
PRICES = 4_000  # distinct prices, in ascending order
PRICE_MOVES = 200  # positions among the prices that a change moves by, at most
CATEGORY_PRICE_SHARE = 0.4  # of the variance of the logarithm of the price: between categories


@dataclass(frozen=True)
class History:
    """A property of each item: its usual value, and another one from the snapshot `since` to the one before `until`."""

    usual: NDArray[np.int64]
    other: NDArray[np.int64]
    since: NDArray[np.int64]
    until: NDArray[np.int64]

    @property
    def is_changing(self) -> NDArray[np.bool_]:
        """Whether the item ever has its other value."""
        return self.since < self.until

    def at(self, item: NDArray[np.int64], snapshot: NDArray[np.int64]) -> NDArray[np.int64]:
        """Look up the value of items, by position, at snapshots, by number."""
        is_other = (self.since[item] <= snapshot) & (snapshot < self.until[item])
        return np.where(is_other, self.other[item], self.usual[item])


@dataclass(frozen=True)
class Offers:
    """What is offered: category, availability and price of each item.

    Attributes:
        category: Positions of categories.
        available: 1 in stock, 0 not.
        price: Positions in `prices`.
        prices: All prices, in ascending order.
        usual_log_price: Mean logarithm of the usual prices of each category.
    """

    category: History
    available: History
    price: History
    prices: NDArray[np.float64]
    usual_log_price: NDArray[np.float64]

    def dearness(self, item: NDArray[np.int64], snapshot: NDArray[np.int64]) -> NDArray[np.float64]:
        """Compare prices with those of the item's category: the difference of the logarithms."""
        return _log(self.prices)[self.price.at(item, snapshot)] - self.usual_log_price[self.category.usual[item]]


def snapshot_at(moments: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the snapshot in force at epoch milliseconds; the first one was true before it was told."""
    return np.maximum(np.searchsorted(SNAPSHOTS, moments, side="right") - 1, 0)


def offer(rng: np.random.Generator, category: NDArray[np.int64], category_count: int) -> Offers:
    """Draw the offers of all items, given the position of each one's category."""
    size, last = len(category), len(SNAPSHOTS)
    since = rng.integers(EDGE, last - EDGE, (3, size))
    until = since + rng.integers(EDGE, last, (3, size))
    until[0] = last  # an item that moved to another category stays there
    is_changing = rng.random((3, size)) < np.array([[CATEGORY_CHANGES], [AVAILABLE_CHANGES], [PRICE_CHANGES]])
    until = np.where(is_changing, until, since)

    away = (category + rng.integers(1, max(2, category_count), size)) % category_count
    available = (rng.random(size) < AVAILABLE_SHARE).astype(np.int64)
    prices = _prices(rng)
    price = _usual_prices(rng, category, category_count)
    moved = (price + rng.integers(-PRICE_MOVES, PRICE_MOVES + 1, size)).clip(0, PRICES - 1)
    items = np.maximum(np.bincount(category, minlength=category_count), 1)
    return Offers(
        category=History(category, away, since[0], until[0]),
        available=History(available, 1 - available, since[1], until[1]),
        price=History(price, moved, since[2], until[2]),
        prices=prices,
        usual_log_price=np.bincount(category, _log(prices)[price], category_count) / items,
    )


def _prices(rng: np.random.Generator) -> NDArray[np.float64]:
    prices = np.exp(rng.normal(PRICE_LOG_MEAN, PRICE_LOG_SPREAD, PRICES)) // PRICE_STEP * PRICE_STEP
    prices[rng.random(PRICES) < FREE_SHARE] = 0
    return np.sort(prices)


def _usual_prices(rng: np.random.Generator, category: NDArray[np.int64], category_count: int) -> NDArray[np.int64]:
    """Draw each item's position among the prices: every price as often as any other, alike within a category."""
    level = np.sqrt(CATEGORY_PRICE_SHARE) * rng.standard_normal(category_count)[category]
    rank = np.argsort(np.argsort(level + np.sqrt(1 - CATEGORY_PRICE_SHARE) * rng.standard_normal(len(category))))
    return rank * PRICES // len(category)


def _log(prices: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(np.maximum(prices, PRICE_STEP))
