"""bronze.sample.catalogue — the items of the shop, how much each is wanted, and which is looked at next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bronze.sample.affinity import Affinity, group
from bronze.sample.offers import Offers, offer
from bronze.sample.temptation import Temptation, tempt
from bronze.sample.tree import Tree

CATEGORIES_IN_USE = 1_242  # leaves that hold items
ITEMS_PER_CATEGORY = 40  # a small catalogue uses fewer categories rather than emptier ones
CATEGORY_SIZE_SPREAD = 1.6  # sigma of the logarithm of a category's share of the items

# Counts at scale 1. An item nobody looks at leaves no trace unless it is described.
DESCRIBED_ITEMS = 417_053
UNDESCRIBED_ITEMS = 106_000  # some 49,800 of them get an event
UNDESCRIBED_DEMAND = 0.093  # share of the events that concern items no property row describes

# Demand is log-normal: a spread between categories and a spread between the items of one.
CATEGORY_DEMAND_SPREAD = 0.6
ITEM_DEMAND_SPREAD = 2.3
UNDESCRIBED_DEMAND_SPREAD = 1.5
DEMAND_LIMIT = 3.3  # standard deviations; keeps a small catalogue from hanging on one item

# From one item to a new one: within the family, anywhere in the category, to the family's companion, or anywhere.
FAMILY_SHARE = 0.38
CATEGORY_SHARE = 0.31
COMPANION_SHARE = 0.15


@dataclass(frozen=True)
class Catalogue:
    """Items of the shop, one entry per item, those of a category side by side.

    Attributes:
        item_id: Official id, scattered over 0 .. number of items.
        category: Position of the item's category, from 0.
        category_id: Official id of each category in use, by position.
        is_described: Whether property rows tell of the item.
        demand: Cumulative demand before each item, and 1 at last.
        first_item: Position of the first item of each category, and the number of items at last.
        affinity: Which items belong together.
        offers: Category, availability and price, week by week.
        temptation: How readily an item is taken.
    """

    item_id: NDArray[np.int64]
    category: NDArray[np.int64]
    category_id: NDArray[np.int64]
    is_described: NDArray[np.bool_]
    demand: NDArray[np.float64]
    first_item: NDArray[np.int64]
    affinity: Affinity
    offers: Offers
    temptation: Temptation

    def pick(self, luck: NDArray[np.float64]) -> NDArray[np.int64]:
        """Pick items by demand; `luck` is uniform in [0, 1)."""
        return np.minimum(np.searchsorted(self.demand, luck, side="right") - 1, len(self.item_id) - 1)

    def pick_within(
        self, first: NDArray[np.int64], end: NDArray[np.int64], item: NDArray[np.int64], luck: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Pick items by demand from `first` to before `end`, another one than `item` unless that is the only one."""
        low, high = self.demand[first], self.demand[end]
        before, after = self.demand[item].clip(low, high), self.demand[item + 1].clip(low, high)
        place = low + luck * (high - low - (after - before))
        place = np.where(place < before, place, place + after - before)
        return np.clip(self.pick(place), first, end - 1)

    def pick_alike(self, item: NDArray[np.int64], luck: NDArray[np.float64]) -> NDArray[np.int64]:
        """Pick, by demand, another item of the same category for each."""
        home = self.category[item]
        return self.pick_within(self.first_item[home], self.first_item[home + 1], item, luck)

    def move_on(
        self, rng: np.random.Generator, item: NDArray[np.int64], within_category: bool = False
    ) -> NDArray[np.int64]:
        """Pick the new item that is looked at after each."""
        family, home = self.affinity.family[item], self.category[item]
        companion = self.affinity.companion[family]
        families, homes, nowhere = self.affinity.first_item, self.first_item, np.zeros_like(item)
        shares = np.cumsum([FAMILY_SHARE, CATEGORY_SHARE, COMPANION_SHARE])
        luck = rng.random(len(item)) * (shares[1] if within_category else 1)
        way = np.searchsorted(shares, luck, side="right")
        first = np.choose(way, (families[family], homes[home], families[companion], nowhere))
        everything = nowhere + len(self.item_id)
        end = np.choose(way, (families[family + 1], homes[home + 1], families[companion + 1], everything))
        return self.pick_within(first, end, item, rng.random(len(item)))


def stock(rng: np.random.Generator, tree: Tree, scale: float) -> Catalogue:
    """Fill the leaves of the tree with items, in proportion to `scale`."""
    described = max(1, round(DESCRIBED_ITEMS * scale))
    count = described + max(1, round(UNDESCRIBED_ITEMS * scale))
    category_count = min(CATEGORIES_IN_USE, 1 + count // ITEMS_PER_CATEGORY)
    size = rng.lognormal(sigma=CATEGORY_SIZE_SPREAD, size=category_count)
    category = np.sort(rng.choice(category_count, size=count, p=size / size.sum()))
    is_described = np.zeros(count, dtype=np.bool_)
    is_described[rng.permutation(count)[:described]] = True
    popularity = rng.standard_normal(count).clip(-DEMAND_LIMIT, DEMAND_LIMIT)
    wanted = np.where(is_described, ITEM_DEMAND_SPREAD, UNDESCRIBED_DEMAND_SPREAD) * popularity
    wanted = np.exp(wanted + CATEGORY_DEMAND_SPREAD * rng.standard_normal(category_count)[category])
    wanted[is_described] *= (1 - UNDESCRIBED_DEMAND) / wanted[is_described].sum()
    wanted[~is_described] *= UNDESCRIBED_DEMAND / wanted[~is_described].sum()
    demand = np.cumsum(wanted)
    offers = offer(rng, category, category_count)
    return Catalogue(
        item_id=rng.permutation(count),
        category=category,
        category_id=rng.permutation(tree.leaves)[:category_count],
        is_described=is_described,
        demand=np.append(0.0, demand / demand[-1]),
        first_item=np.searchsorted(category, np.arange(category_count + 1)),
        affinity=group(rng, category),
        offers=offers,
        temptation=tempt(rng, offers, popularity, wanted),
    )
