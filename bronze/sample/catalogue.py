"""bronze.sample.catalogue — the category tree, the items, and how much each is wanted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The tree has its full size at every scale. Nodes per level, roots first, and those of them that have children.
NODES_BY_LEVEL = (25, 174, 702, 665, 90, 13)
PARENTS_BY_LEVEL = (24, 124, 177, 33, 4, 0)
CATEGORY_IDS = 1_699  # ids are drawn from 0 .. 1698
CATEGORIES_IN_USE = 1_242  # leaves that hold items
ITEMS_PER_CATEGORY = 40  # a small catalogue uses fewer categories rather than emptier ones
CHILDREN_SPREAD = 0.9  # sigma of the logarithm of a node's share of the next level
CATEGORY_SIZE_SPREAD = 1.6  # sigma of the logarithm of a category's share of the items

# Counts at scale 1. An item nobody looks at leaves no trace unless it is described.
DESCRIBED_ITEMS = 417_053
UNDESCRIBED_ITEMS = 106_000  # some 49,800 of them get an event
UNDESCRIBED_DEMAND = 0.093  # share of the events that concern items no property row describes

# Demand is log-normal: a spread between categories and a spread between the items of one.
CATEGORY_DEMAND_SPREAD = 0.6
ITEM_DEMAND_SPREAD = 2.14
UNDESCRIBED_DEMAND_SPREAD = 1.5
DEMAND_LIMIT = 3.3  # standard deviations; keeps a small catalogue from hanging on one item
CATEGORY_APPEAL_SPREAD = 0.35  # how much more, or less, a category attracts those who mean to buy
ITEM_APPEAL_SPREAD = 0.7


@dataclass(frozen=True)
class Tree:
    """Category tree, one entry per node in the order of the file; a root's parent is -1."""

    category_id: NDArray[np.int64]
    parent_id: NDArray[np.int64]

    @property
    def leaves(self) -> NDArray[np.int64]:
        """Ids of the nodes without children."""
        return np.setdiff1d(self.category_id, self.parent_id)


@dataclass(frozen=True)
class Catalogue:
    """Items of the shop, one entry per item, those of a category side by side.

    Attributes:
        item_id: Official id, scattered over 0 .. number of items.
        category: Position of the item's category, from 0.
        category_id: Official id of each category in use, by position.
        is_described: Whether property rows tell of the item.
        demand: Cumulative demand before each item, and 1 at last: a row for those who browse, one for those who buy.
        first_item: Position of the first item of each category, and the number of items at last.
    """

    item_id: NDArray[np.int64]
    category: NDArray[np.int64]
    category_id: NDArray[np.int64]
    is_described: NDArray[np.bool_]
    demand: NDArray[np.float64]
    first_item: NDArray[np.int64]

    def pick(self, luck: NDArray[np.float64], is_shopping: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Pick items by demand; `luck` is uniform in [0, 1)."""
        chosen = np.empty(len(luck), dtype=np.int64)
        for purpose, who in enumerate((~is_shopping, is_shopping)):
            chosen[who] = np.searchsorted(self.demand[purpose], luck[who], side="right") - 1
        return np.minimum(chosen, len(self.item_id) - 1)

    def pick_alike(
        self, item: NDArray[np.int64], luck: NDArray[np.float64], is_shopping: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Pick, by demand, another item of the same category for each; the same where the category has no other."""
        purpose = is_shopping.astype(np.int64)
        first, end = self.first_item[self.category[item]], self.first_item[self.category[item] + 1]
        low, high = self.demand[purpose, first], self.demand[purpose, end]
        before, after = self.demand[purpose, item], self.demand[purpose, item + 1]
        place = low + luck * (high - low - (after - before))
        place = np.where(place < before, place, place + after - before)
        return np.clip(self.pick(place, is_shopping), first, end - 1)


def grow_tree(rng: np.random.Generator) -> Tree:
    """Grow a tree of the official shape: every parent gets a child, the others fall to parents at random."""
    ids = rng.permutation(CATEGORY_IDS)[: sum(NODES_BY_LEVEL)]
    levels = np.split(ids, np.cumsum(NODES_BY_LEVEL)[:-1])
    parents = [np.full(len(levels[0]), -1)]
    for above, parent_count, level in zip(levels[:-1], PARENTS_BY_LEVEL[:-1], levels[1:], strict=True):
        fertile = above[:parent_count]
        weight = rng.lognormal(sigma=CHILDREN_SPREAD, size=parent_count)
        others = rng.choice(fertile, size=len(level) - parent_count, p=weight / weight.sum())
        parents.append(np.append(fertile, others))
    file_order = rng.permutation(len(ids))
    return Tree(ids[file_order], np.concatenate(parents)[file_order])


def stock(rng: np.random.Generator, tree: Tree, scale: float) -> Catalogue:
    """Fill the leaves of the tree with items, in proportion to `scale`."""
    described = max(1, round(DESCRIBED_ITEMS * scale))
    count = described + max(1, round(UNDESCRIBED_ITEMS * scale))
    category_count = min(CATEGORIES_IN_USE, 1 + count // ITEMS_PER_CATEGORY)
    size = rng.lognormal(sigma=CATEGORY_SIZE_SPREAD, size=category_count)
    category = np.sort(rng.choice(category_count, size=count, p=size / size.sum()))
    is_described = np.zeros(count, dtype=np.bool_)
    is_described[rng.permutation(count)[:described]] = True
    return Catalogue(
        item_id=rng.permutation(count),
        category=category,
        category_id=rng.permutation(tree.leaves)[:category_count],
        is_described=is_described,
        demand=_demand(rng, category, category_count, is_described),
        first_item=np.searchsorted(category, np.arange(category_count + 1)),
    )


def _demand(
    rng: np.random.Generator, category: NDArray[np.int64], category_count: int, is_described: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Draw the cumulative demand of those who browse and of those who buy, with a leading 0 each."""
    spread = np.where(is_described, ITEM_DEMAND_SPREAD, UNDESCRIBED_DEMAND_SPREAD)
    wanted = spread * rng.standard_normal(len(category)).clip(-DEMAND_LIMIT, DEMAND_LIMIT)
    wanted = np.exp(wanted + CATEGORY_DEMAND_SPREAD * rng.standard_normal(category_count)[category])
    wanted[is_described] *= (1 - UNDESCRIBED_DEMAND) / wanted[is_described].sum()
    wanted[~is_described] *= UNDESCRIBED_DEMAND / wanted[~is_described].sum()
    appeal = ITEM_APPEAL_SPREAD * rng.standard_normal(len(category))
    appeal = np.exp(appeal + CATEGORY_APPEAL_SPREAD * rng.standard_normal(category_count)[category])
    cumulative = np.cumsum([wanted, wanted * appeal], axis=1)
    return np.pad(cumulative / cumulative[:, -1:], ((0, 0), (1, 0)))
