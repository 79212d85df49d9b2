"""bronze.sample.shop — the shop of a seed, with what the files never tell: who belongs with whom, and what tempts."""

from __future__ import annotations

from dataclasses import dataclass

from bronze.sample.catalogue import Catalogue, stock
from bronze.sample.chance import Stream, stream
from bronze.sample.properties import Vocabulary, vocabulary
from bronze.sample.tree import Tree, grow_tree


@dataclass(frozen=True)
class Shop:
    """The category tree, the items, and the texts that describe them."""

    tree: Tree
    catalogue: Catalogue
    words: Vocabulary


def open_shop(scale: float, seed: int) -> Shop:
    """Build the shop; the same arguments give the same one, which is that of the files."""
    rng = stream(seed, Stream.SHOP)
    tree = grow_tree(rng)
    catalogue = stock(rng, tree, scale)
    return Shop(tree, catalogue, vocabulary(rng, catalogue.offers.prices))
