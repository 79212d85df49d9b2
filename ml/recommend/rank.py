"""ml.recommend.rank — the list for a visit: neighbours of its items, else what is popular near them, and why."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ml.recommend.catalogue import AVAILABLE, NOWHERE, UNAVAILABLE, Catalogue

# chosen on real visits: on the last days of the training part, never on the test
LENGTH = 20  # of a list
LEADERS = 6  # newest items of a visit whose neighbours are looked up
WEIGHTS = tuple(math.exp(-age) for age in range(LEADERS))
REMINDERS = 5  # items of the visit itself
REMEMBERED = 200  # newest events of a visit that are looked at
SHOP = -2  # the "category" of gold.popular_items that is the whole shop

Source = Literal["neighbour", "popular_in_category", "popular", "reminder"]
IsAllowed: TypeAlias = Callable[[int], bool]
Candidate: TypeAlias = tuple[int, Source, int | None, float | None]


class Recommendation(NamedTuple):
    """One item of a list.

    Attributes:
        item_id: the item.
        source: where it comes from.
        because: the viewed item it is a neighbour of, or the category it is popular in; else None.
        is_available: True, or None while unknown.
        score: what it is ordered by among neighbours; None elsewhere.
    """

    item_id: int
    source: Source
    because: int | None
    is_available: bool | None
    score: float | None = None

    @property
    def reason(self) -> str:
        """Say why it is shown."""
        match self.source:
            case "neighbour":
                return f"because you viewed {self.because}"
            case "popular_in_category":
                return f"popular in category {self.because}"
            case "popular":
                return "popular in the shop"
            case "reminder":
                return "you viewed it"


class Answer(NamedTuple):
    """A list of new items, and beside it the visit's own; `note` says it where nothing is known of what was asked."""

    items: list[Recommendation]
    reminders: list[Recommendation]
    note: str = ""

    @property
    def shown(self) -> list[int]:
        """The ids in the order in which both rows are seen, reminders first, as many as a list holds."""
        return [each.item_id for each in (self.reminders + self.items)[:LENGTH]]

    def to_document(self) -> dict[str, Any]:
        """Return both rows and the note as JSON can hold them, each item with its reason."""
        rows = {"items": self.items, "reminders": self.reminders}
        named = {name: [{**each._asdict(), "reason": each.reason} for each in row] for name, row in rows.items()}
        return {**named, "note": self.note}


@dataclass(frozen=True)
class Filters:
    """What a list may hold. What cannot be bought never stands in one; what is not known to be passes unless asked.

    Attributes:
        exclude: items that are not wanted.
        categories: only these and what lies below them, if any is given.
        min_price: from this price on; an item of unknown price does not pass a limit.
        max_price: up to this price.
        known_available_only: leave out items whose availability is unknown.
    """

    exclude: frozenset[int] = frozenset()
    categories: frozenset[int] = frozenset()
    min_price: float | None = None
    max_price: float | None = None
    known_available_only: bool = False


ALL = Filters()


@dataclass(frozen=True)
class Recommender:
    """The lists of one publication, in memory; items go by their place in the catalogue.

    Attributes:
        catalogue: the items.
        starts: for each place where its neighbours start, and one more; they are in order of score.
        neighbours: places of all neighbours.
        scores: their scores.
        popular: category, or `SHOP` -> places of its popular items, the best first.
        fewest_visits: where there are fewer visits than these, so that no neighbours are shown; else 0.
    """

    catalogue: Catalogue
    starts: npt.NDArray[np.int64]
    neighbours: npt.NDArray[np.int32]
    scores: npt.NDArray[np.float64]
    popular: dict[int, list[int]] = field(default_factory=dict)
    fewest_visits: int = 0

    def for_item(self, item: int, filters: Filters = ALL) -> Answer:
        """Recommend to whoever looks at an item."""
        return self.for_visit([item], filters)

    def for_visit(self, items: Sequence[int], filters: Filters = ALL, is_over: bool = False) -> Answer:
        """Recommend to a visitor.

        Args:
            items: the items of the visit's events, in their order.
            filters: what the list may hold; applied before it is cut.
            is_over: whether the visitor has left, so that the last item is a reminder like any; else it is on the
                screen, and never in a list.

        Returns:
            At most 20 items that the visit did not hold, and at most 5 that it did, newest first.
        """
        own = list(dict.fromkeys(reversed(items[-REMEMBERED:])))
        places = self.catalogue.places(own)
        categories = self.catalogue.below(filters.categories)
        passes = self._passes(filters, categories)
        reminded = zip(own[not is_over :], places[not is_over :], strict=True)
        kept = ((item, place) for item, place in reminded if item not in filters.exclude and passes(place))
        reminders = [self._recommend(item, place, "reminder") for item, place in islice(kept, REMINDERS)]
        chosen: list[Recommendation] = []
        taken = {NOWHERE, *places}
        leaders = places[:LEADERS]
        for place, source, because, score in chain(
            self._neighbours(leaders), self._popular(leaders, filters, categories)
        ):
            if place not in taken and passes(place):
                taken.add(place)
                chosen.append(self._recommend(int(self.catalogue.ids[place]), place, source, because, score))
                if len(chosen) == LENGTH:
                    break
        return Answer(chosen, reminders, self._note(leaders, chosen))

    def _passes(self, filters: Filters, categories: frozenset[int]) -> IsAllowed:
        """Return what says of a place whether its item passes the filters, by the cheapest test that does."""
        catalogue, availability = self.catalogue, self.catalogue.availability
        if filters == ALL:
            return lambda place: place == NOWHERE or availability[place] != UNAVAILABLE
        excluded = frozenset(catalogue.places(list(filters.exclude))) - {NOWHERE}
        category, price = catalogue.category.data, catalogue.price.data  # twice as fast as the arrays
        low = -math.inf if filters.min_price is None else filters.min_price
        high = math.inf if filters.max_price is None else filters.max_price
        has_limit = filters.min_price is not None or filters.max_price is not None
        is_open = not (filters.categories or has_limit or filters.known_available_only)

        def passes(place: int) -> bool:
            if place == NOWHERE:
                return is_open
            if (categories and category[place] not in categories) or place in excluded:
                return False
            if availability[place] != AVAILABLE and (
                filters.known_available_only or availability[place] == UNAVAILABLE
            ):
                return False
            return not has_limit or low <= price[place] <= high  # NaN is in no range

        return passes

    def _neighbours(self, leaders: Sequence[int]) -> Iterator[Candidate]:
        """Add up the scores of the leaders' neighbours; the reason is the leader that gives most."""
        total: dict[int, float] = {}
        most: dict[int, float] = {}
        reason: dict[int, int] = {}
        for weight, leader in zip(WEIGHTS, leaders, strict=False):
            if leader == NOWHERE:
                continue
            start, end = self.starts[leader], self.starts[leader + 1]
            for place, score in zip(self.neighbours[start:end].tolist(), self.scores[start:end].tolist(), strict=True):
                term = weight * score
                total[place] = total.get(place, 0.0) + term
                if term > most.get(place, 0.0):
                    most[place], reason[place] = term, leader
        for negative, place in sorted((-score, place) for place, score in total.items()):  # ties go by the id
            yield place, "neighbour", int(self.catalogue.ids[reason[place]]), -negative

    def _popular(self, leaders: Sequence[int], filters: Filters, allowed: frozenset[int]) -> Iterator[Candidate]:
        """Take what is popular in the leaders' categories and those above, then in those asked for, else in the shop.

        Where categories are asked for, no other's list holds anything that theirs lack.
        """
        own = list(dict.fromkeys(int(self.catalogue.category[place]) for place in leaders if place != NOWHERE))
        above = [each for category in own for each in self.catalogue.above(category)]
        near = [*own, *above]
        if filters.categories:
            near = [*(category for category in near if category in allowed), *sorted(filters.categories)]
        for category in dict.fromkeys(near):
            for place in self.popular.get(category, ()):
                yield place, "popular_in_category", category, None
        for place in () if filters.categories else self.popular.get(SHOP, ()):
            yield place, "popular", None, None

    def _note(self, leaders: Sequence[int], chosen: Sequence[Recommendation]) -> str:
        if not leaders or (chosen and chosen[0].source == "neighbour"):
            return ""
        if self.fewest_visits:
            few = f"Fewer than {self.fewest_visits:,} visits do not tell what goes together"
            return f"{few}: the list is what is looked at most."
        if chosen and chosen[0].source == "popular_in_category":
            return "No visit tells what goes with these items: the list is popular items of their category."
        return "Nothing is known of these items: the list is popular items of the shop."

    def _recommend(
        self, item: int, place: int, source: Source, because: int | None = None, score: float | None = None
    ) -> Recommendation:
        is_known = place != NOWHERE and self.catalogue.availability[place] == AVAILABLE
        return Recommendation(item, source, because, True if is_known else None, score)
