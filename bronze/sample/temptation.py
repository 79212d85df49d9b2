"""bronze.sample.temptation — how readily an item is put into the cart or bought, once somebody thinks of it.

It answers to what the shop says of the item, availability and price against its category, to its popularity, and to a
charm that no file tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bronze.sample.offers import Offers

# Log-odds that a visitor who thinks of it puts an item in the cart, or pays for it.
IN_STOCK = 1.6  # an item of the usual price, as popular as that of the average view
OUT_OF_STOCK = -0.6
DEARNESS = -0.8  # for a price e times as high as is usual in the category
DEARNESS_LIMIT = 2.5
POPULARITY = 0.8  # for each standard deviation of the logarithm of demand
CHARM_SPREAD = 0.6

PULL_SPREAD = 0.4  # sigma of the logarithm of how many of a category's visitors mean to buy


@dataclass(frozen=True)
class Temptation:
    """What makes visitors act.

    Attributes:
        offers: Availability and prices.
        charm: Log-odds of each item that neither its availability nor its price explains.
        pull: How many of the visitors of each category mean to buy; 1 for the average visit.
    """

    offers: Offers
    charm: NDArray[np.float64]
    pull: NDArray[np.float64]

    def chance(self, item: NDArray[np.int64], snapshot: NDArray[np.int64]) -> NDArray[np.float64]:
        """Compute how likely each item, by position, is taken by who thinks of it while a snapshot is in force."""
        dearness = self.offers.dearness(item, snapshot).clip(-DEARNESS_LIMIT, DEARNESS_LIMIT)
        stock = np.where(self.offers.available.at(item, snapshot) == 1, IN_STOCK, OUT_OF_STOCK)
        chance: NDArray[np.float64] = 1 / (1 + np.exp(-(stock + self.charm[item] + DEARNESS * dearness)))
        return chance


def tempt(
    rng: np.random.Generator, offers: Offers, popularity: NDArray[np.float64], wanted: NDArray[np.float64]
) -> Temptation:
    """Draw what makes visitors act.

    Args:
        rng: Source of chance.
        offers: Of all items.
        popularity: Logarithm of each item's demand, in standard deviations.
        wanted: Demand of each item, of any scale.
    """
    popularity = popularity - np.average(popularity, weights=wanted)
    charm = POPULARITY * popularity + CHARM_SPREAD * rng.standard_normal(len(popularity))
    by_category = np.bincount(offers.category.usual, wanted, len(offers.usual_log_price))
    pull = np.exp(PULL_SPREAD * rng.standard_normal(len(by_category)))
    return Temptation(offers, charm, pull / np.average(pull, weights=by_category))
