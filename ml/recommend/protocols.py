"""ml.recommend.protocols — three ways to ask for the next item of a visit, and what is counted of the answers.

- A: every next item, of the visit as it was; the list may remind of the visit's own items, the last one included.
- B: repeats in a row removed, and the item on the screen never shown.
- C: discovery. As B, but only next items that are new to the visit, and only new ones are shown.

Four of ten next views repeat an item of the visit, so that a figure without its protocol says nothing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np

from ml.recommend.rank import LENGTH

PROTOCOLS = ("A", "B", "C")
NORMAL_95 = 1.96  # standard errors on either side

List: TypeAlias = list[int]
Ranker: TypeAlias = Callable[[tuple[int, ...], str], List]  # items so far, protocol -> the list, the best first


class Case(NamedTuple):
    """One prediction: the visit it belongs to, its items so far, and the next one."""

    visit: int
    items: tuple[int, ...]
    target: int


def cases(visits: Iterable[Sequence[int]], protocol: str) -> Iterator[Case]:
    """Yield a case for each next item that the protocol asks for."""
    for number, visit in enumerate(visits):
        items = list(visit) if protocol == "A" else without_repeats(visit)
        for place in range(1, len(items)):
            case = Case(number, tuple(items[:place]), items[place])
            if protocol != "C" or case.target not in case.items:
                yield case


def without_repeats(items: Iterable[int]) -> List:
    """Remove items that follow themselves."""
    kept: List = []
    for item in items:
        if not kept or kept[-1] != item:
            kept.append(item)
    return kept


def of_known(visits: Iterable[Sequence[int]], known: Collection[int]) -> Iterator[List]:
    """Remove the events of items that the training part does not hold, as published figures do."""
    return ([item for item in visit if item in known] for visit in visits)


def cut(ranking: Iterable[int], items: Sequence[int], protocol: str) -> List:
    """Cut a ranking of all items to a list, without what the protocol does not show."""
    hidden = {"A": set[int](), "B": {items[-1]}, "C": set(items)}[protocol]
    kept: List = []
    for item in ranking:
        if item not in hidden:
            kept.append(item)
            if len(kept) == LENGTH:
                break
    return kept


@dataclass(frozen=True)
class Share:
    """A mean over predictions, and half of its 95 % interval."""

    value: float
    margin: float


@dataclass(frozen=True)
class Score:
    """How often the next item was among the 20 shown, and the mean of 1 / its place, over `num` predictions."""

    hr: Share
    mrr: Share
    num: int


def reciprocal_ranks(asked: Sequence[Case], lists: Sequence[List]) -> np.ndarray:
    """Return 1 / the place of the target in each list, 0 where it is not there."""
    ranks = [
        1 / (each.index(case.target) + 1) if case.target in each else 0.0
        for case, each in zip(asked, lists, strict=True)
    ]
    return np.array(ranks)


def score(asked: Sequence[Case], ranks: np.ndarray) -> Score:
    """Score the reciprocal ranks of some predictions."""
    return Score(mean(asked, (ranks > 0).astype(float)), mean(asked, ranks), len(asked))


def mean(asked: Sequence[Case], values: np.ndarray) -> Share:
    """Return the mean over predictions; those of one visit are alike, so it is visits that the interval counts."""
    if not len(values):
        return Share(0.0, 0.0)
    visits = np.array([case.visit for case in asked])
    average = float(values.mean())
    deviations = np.bincount(visits, weights=values - average)
    return Share(average, NORMAL_95 * float(np.sqrt((deviations**2).sum())) / len(values))
