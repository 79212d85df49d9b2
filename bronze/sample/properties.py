"""bronze.sample.properties — the weekly snapshots that describe the items.

A property that never changes is told once; one that changes is told again in (almost) every snapshot. Values are
hashed tokens and `n`-prefixed decimals, except for the category and the availability, which are plain integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bronze.sample.catalogue import Catalogue
from bronze.sample.offers import AVAILABLE_CHANGES, CATEGORY_CHANGES, PRICE_CHANGES, PRICES, SNAPSHOTS, History
from bronze.sample.tree import CATEGORY_IDS

TOLD_LATE = 0.235  # share of the items whose lasting values are told in any week, not in the first

# Properties: name, share of the items that have it, share of those whose value changes, share of the snapshots told.
NAMED = (
    ("categoryid", 1.0, CATEGORY_CHANGES, 0.945),
    ("available", 1.0, AVAILABLE_CHANGES, 0.955),
    ("790", 1.0, PRICE_CHANGES, 0.951),
    ("888", 1.0, 0.3667, 0.994),
    ("6", 0.90, 0.0420, 0.95),
    ("283", 1.0, 0.0270, 0.95),
    ("112", 1.0, 0.0270, 0.95),
    ("364", 1.0, 0.0090, 0.95),
    ("764", 1.0, 0.0, 1.0),
    ("159", 1.0, 0.0, 1.0),
)
PROPERTY_COUNT = 1_104
TAIL_ROWS = 24.12  # rows per item of the properties that are not named
TAIL_RANK_OFFSET = 12.0  # shares fall with 1 / (rank + offset)
TAIL_CHANGING = 0.03
TAIL_TOLD = 0.95

# Values.
PHRASES = 40_000  # distinct texts
TOKENS = 1_300_000  # hashed tokens are numbers below this
TOKEN_STOP = 0.42  # chance that a text ends, from its first token on
DECIMAL_SHARE = 0.3  # tokens that are decimals


@dataclass(frozen=True)
class Vocabulary:
    """Texts of all values: 0, 1 and every category id at its own position, then prices, then phrases."""

    names: pa.StringArray
    values: pa.StringArray

    FIRST_PRICE = CATEGORY_IDS
    FIRST_PHRASE = CATEGORY_IDS + PRICES


@dataclass(frozen=True)
class Rows:
    """Property rows, unordered: positions of the snapshot, the item, the property's name and the value's text."""

    snapshot: NDArray[np.int64]
    item: NDArray[np.int64]
    name: NDArray[np.int64]
    value: NDArray[np.int64]


def vocabulary(rng: np.random.Generator, prices: NDArray[np.float64]) -> Vocabulary:
    """Coin the names and the values; `prices` are those of the offers, by position."""
    tail = np.setdiff1d(np.arange(1_200), [int(name) for name, *_ in NAMED if name.isdigit()])
    names = [name for name, *_ in NAMED] + [str(name) for name in rng.permutation(tail)]
    texts = [str(number) for number in range(CATEGORY_IDS)] + [f"n{price:.0f}.000" for price in prices]
    return Vocabulary(pa.array(names[:PROPERTY_COUNT]), pa.array(texts + _phrases(rng)))


def _phrases(rng: np.random.Generator) -> list[str]:
    counts = rng.geometric(TOKEN_STOP, PHRASES)
    numbers = rng.integers(0, TOKENS, counts.sum()).tolist()
    is_decimal = (rng.random(len(numbers)) < DECIMAL_SHARE).tolist()
    tokens = [f"n{n % 10_000 * 12}.000" if d else str(n) for n, d in zip(numbers, is_decimal, strict=True)]
    ends = counts.cumsum()
    return [" ".join(tokens[end - count : end]) for count, end in zip(counts, ends, strict=True)]


def describe(rng: np.random.Generator, catalogue: Catalogue, items: NDArray[np.int64]) -> Rows:
    """Draw all the property rows of `items`, given by their positions in the catalogue."""
    shares, changing, told = _habits()
    item, name = np.nonzero(rng.random((len(items), PROPERTY_COUNT), dtype=np.float32) < shares)
    is_changing = rng.random(len(item), dtype=np.float32) < changing[name]
    for number, (history, _) in enumerate(_offered(catalogue)):
        where = np.flatnonzero(name == number)
        is_changing[where] = history.is_changing[items[item[where]]]
    first = np.where(rng.random(len(items)) < TOLD_LATE, rng.integers(0, len(SNAPSHOTS), len(items)), 0)

    lasting, fleeting = np.flatnonzero(~is_changing), np.flatnonzero(is_changing)
    pair = np.append(lasting, np.repeat(fleeting, len(SNAPSHOTS)))
    snapshot = np.append(first[item[lasting]], np.tile(np.arange(len(SNAPSHOTS)), len(fleeting)))
    is_told = ~is_changing[pair] | (rng.random(len(pair), dtype=np.float32) < told[name[pair]])
    pair, snapshot = pair[is_told], snapshot[is_told]

    item, name = item[pair], name[pair]
    value = rng.integers(Vocabulary.FIRST_PHRASE, Vocabulary.FIRST_PHRASE + PHRASES, len(pair))
    for number, (history, text) in enumerate(_offered(catalogue)):
        where = np.flatnonzero(name == number)
        value[where] = text[history.at(items[item[where]], snapshot[where])]
    return Rows(snapshot, items[item], name, value)


def _offered(catalogue: Catalogue) -> tuple[tuple[History, NDArray[np.int64]], ...]:
    """Give the properties whose values are no phrases, in the order of `NAMED`, and where each value's text stands."""
    offers = catalogue.offers
    return (
        (offers.category, catalogue.category_id),
        (offers.available, np.arange(2)),
        (offers.price, Vocabulary.FIRST_PRICE + np.arange(PRICES)),
    )


def _habits() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Tabulate, for each property, the share of items with it, of changing values and of snapshots told."""
    tail = PROPERTY_COUNT - len(NAMED)
    weight = 1 / (np.arange(tail) + TAIL_RANK_OFFSET)
    rows_per_item = 1 + TAIL_CHANGING * (TAIL_TOLD * len(SNAPSHOTS) - 1)
    shares = weight / weight.sum() * TAIL_ROWS / rows_per_item
    named = np.array([habits for _, *habits in NAMED])
    rest = np.column_stack([shares, np.full(tail, TAIL_CHANGING), np.full(tail, TAIL_TOLD)])
    has, changes, told = np.vstack([named, rest]).T.astype(np.float32)
    return has, changes, told
