"""bronze.sample.tree — the category tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# The tree has its full size at every scale. Nodes per level, roots first, and those of them that have children.
NODES_BY_LEVEL = (25, 174, 702, 665, 90, 13)
PARENTS_BY_LEVEL = (24, 124, 177, 33, 4, 0)
CATEGORY_IDS = 1_699  # ids are drawn from 0 .. 1698
CHILDREN_SPREAD = 0.9  # sigma of the logarithm of a node's share of the next level


@dataclass(frozen=True)
class Tree:
    """Category tree, one entry per node in the order of the file; a root's parent is -1."""

    category_id: NDArray[np.int64]
    parent_id: NDArray[np.int64]

    @property
    def leaves(self) -> NDArray[np.int64]:
        """Ids of the nodes without children."""
        return np.setdiff1d(self.category_id, self.parent_id)


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
