"""ml.recommend.baselines — what the served list is compared with: rankings without any training, and of sessions.

AR and VSTAN are written as in Ludewig and others, "Empirical analysis of session-based recommendation algorithms",
2021, and its program session-rec.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from ml.recommend.protocols import List, Ranker, cut
from ml.recommend.rank import LENGTH, SHOP, Recommender
from ml.recommend.visits import Visits

LONGEST = 200  # events of a visit that are looked at
RECENT = 500  # newest visits with an item that VSTAN looks at
NEAREST = 200  # visits that it lets vote
# scales of VSTAN's weights, chosen on the validation part: own steps, days between visits, steps in a neighbour
OWN_STEPS, DAYS, STEPS = 1.0, 40.0, 1.0
MICROS_PER_DAY = 86_400_000_000


@dataclass(frozen=True)
class History:
    """Training visits in order of their end, found by the items that they hold."""

    visits: list[List]
    ended_at: npt.NDArray[np.int64]
    holding: dict[int, List]

    @classmethod
    def of(cls, visits: Visits) -> "History":
        """Index some visits; only those of several items tell what goes with what."""
        order = np.argsort(visits.ended_at, kind="stable").tolist()
        every = list(visits)
        told = [index for index in order if len(set(every[index][:LONGEST])) > 1]
        kept = [every[index][:LONGEST] for index in told]
        holding: dict[int, List] = {}
        for number, visit in enumerate(kept):
            for item in set(visit):
                holding.setdefault(item, []).append(number)
        return cls(kept, visits.ended_at[told], holding)


def rankers(history: History, recommender: Recommender) -> dict[str, Ranker]:
    """Return every baseline by its name; popular items are those of the recommender."""
    return {
        "own items": own_items,
        "popular": popular(recommender),
        "popular in category": popular_in_category(recommender),
        "AR": association_rules(history),
        "VSTAN": vstan(history),
    }


def own_items(items: tuple[int, ...], protocol: str) -> List:
    """Show the visit's own items, the newest first."""
    return cut(dict.fromkeys(reversed(items)), items, protocol)


def popular(recommender: Recommender) -> Ranker:
    """Show what is popular in the shop."""
    shop = _ids(recommender, SHOP)
    return lambda items, protocol: cut(shop, items, protocol)


def popular_in_category(recommender: Recommender) -> Ranker:
    """Show what is popular in the last item's category, then in the shop."""
    shop = _ids(recommender, SHOP)
    catalogue = recommender.catalogue

    def rank(items: tuple[int, ...], protocol: str) -> List:
        (place,) = catalogue.places(items[-1:])
        near = _ids(recommender, int(catalogue.category[place])) if place >= 0 else []
        return cut(dict.fromkeys(chain(near, shop)), items, protocol)

    return rank


def association_rules(history: History) -> Ranker:
    """AR: show what most pairs of events hold with the last item; two events of one item are a pair, too."""

    @cache
    def partners(item: int) -> List:
        counts: Counter[int] = Counter()
        for number in history.holding.get(item, ()):
            held = Counter(history.visits[number])
            for other, times in held.items():
                counts[other] += held[item] * (times if other != item else times - 1)
        return sorted(+counts, key=lambda other: (-counts[other], other))[: LENGTH + LONGEST]

    return lambda items, protocol: cut(partners(items[-1]), items, protocol)


def vstan(history: History) -> Ranker:
    """VSTAN: let the most similar recent visits vote, near the place where they last met this one."""
    newest = int(history.ended_at[-1]) if len(history.ended_at) else 0
    freshness = np.exp((history.ended_at - newest) / (DAYS * MICROS_PER_DAY))
    total = len(history.visits)

    def rank(items: tuple[int, ...], protocol: str) -> List:
        own = list(dict.fromkeys(reversed(items[-LONGEST:])))
        weights = {item: math.exp(-age / OWN_STEPS) for age, item in enumerate(own)}
        similarity: dict[int, float] = {}
        for item, weight in weights.items():
            for number in history.holding.get(item, ())[-RECENT:]:
                similarity[number] = similarity.get(number, 0.0) + weight
        nearest = sorted(
            (
                (value * freshness[number] / math.sqrt(len(history.visits[number])), number)
                for number, value in similarity.items()
            ),
            reverse=True,
        )[:NEAREST]
        votes: dict[int, float] = {}
        for value, number in nearest:
            visit = history.visits[number]
            meeting = max((weights[item], place) for place, item in enumerate(visit) if item in weights)[1]
            for place, item in enumerate(visit):
                rarity = math.log(total / len(history.holding[item]))
                vote = value * math.exp(-abs(place - meeting) / STEPS) * (1 + rarity)
                votes[item] = votes.get(item, 0.0) + vote
        return cut(_best(votes), items, protocol)

    return rank


def _best(votes: dict[int, float]) -> Iterator[int]:
    return (item for _, item in sorted((-value, item) for item, value in votes.items()))


def _ids(recommender: Recommender, category: int) -> Iterable[int]:
    return recommender.catalogue.ids[recommender.popular.get(category, [])].tolist()
