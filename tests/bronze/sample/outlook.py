"""How likely a visit of the synthetic shop still buys, for who knows its hidden state: its intent, and how far it is."""

import numpy as np
from numpy.typing import NDArray

from bronze.sample.catalogue import CATEGORY_SHARE, COMPANION_SHARE, FAMILY_SHARE, Catalogue
from bronze.sample.goals import Intent
from bronze.sample.steps import DISAPPOINTED_SHARE, SOURCES, State, chances

ROUNDS = 20
PROPOSALS = chances()


class Outlook:
    """Chances of a purchase, found by value iteration over all items.

    Two simplifications: an earlier item of the visit counts as the last one, and after a cart only the item in the cart
    and the average one are told apart.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self.weight = np.diff(catalogue.demand)
        self.catalogue = catalogue
        self._values: dict[tuple[int, int], NDArray[np.float64]] = {}

    def chance(
        self, intent: Intent, state: NDArray[np.int64], item: NDArray[np.int64], snapshot: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Look up the chance in LOOK, from the last item; in CART and LOOK_AGAIN, from the item in the cart."""
        chance = np.where(state == State.GATHER, 1.0, 0.0)
        if intent in (Intent.BROWSE, Intent.CART):
            return chance
        for week in np.unique(snapshot):
            values = self._at(intent, int(week))
            where = (snapshot == week) & (state < len(values))
            chance[where] = values[state[where], item[where]]
        return chance

    def _at(self, intent: Intent, snapshot: int) -> NDArray[np.float64]:
        if (key := (intent, snapshot)) not in self._values:
            everything = np.arange(len(self.weight))
            taken = self.catalogue.temptation.chance(everything, np.full_like(everything, snapshot))
            self._values[key] = self._iterate(intent, taken)
        return self._values[key]

    def _iterate(self, intent: Intent, taken: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the chances of each state (rows: END, LOOK, CART, LOOK_AGAIN) and item."""
        propose, sources = PROPOSALS[intent], SOURCES[intent]
        look, cart, again = np.zeros((3, len(taken)))
        known, stays = sources.sum(axis=1), (1 - taken) * (1 - DISAPPOINTED_SHARE)
        for _ in range(ROUNDS):
            pays = {s: taken + stays * (look if s == State.LOOK else again) for s in State}
            mean_taken, mean_stays = self._mean(taken * cart), self._mean(stays)
            more = known[State.CART] * (taken * cart + stays * again)
            more += (1 - known[State.CART]) * (mean_taken + mean_stays * again)
            cart, again = (
                propose[s, State.PURCHASE] * pays[s]
                + propose[s, State.CART] * more
                + propose[s, State.LOOK_AGAIN] * again
                for s in (State.CART, State.LOOK_AGAIN)
            )
            acts = {State.LOOK: look, State.CART: taken * cart + stays * look, State.PURCHASE: pays[State.LOOK]}
            same = sum(propose[State.LOOK, s] * known[s] * value for s, value in acts.items())
            moves = sum(propose[State.LOOK, s] * (1 - known[s]) * value for s, value in acts.items())
            look = same + self._moved(moves)
        return np.array([np.zeros_like(look), look, cart, again])

    def _mean(self, value: NDArray[np.float64]) -> float:
        return float((self.weight * value).sum())

    def _moved(self, value: NDArray[np.float64]) -> NDArray[np.float64]:
        """Average a value over the items that a visitor moves on to from each."""
        affinity, shop = self.catalogue.affinity, self.catalogue
        family, home = self._means(value, affinity.first_item), self._means(value, shop.first_item)
        rest = 1 - FAMILY_SHARE - CATEGORY_SHARE - COMPANION_SHARE
        near = FAMILY_SHARE * family + COMPANION_SHARE * family[affinity.companion]
        return near[affinity.family] + (CATEGORY_SHARE * home)[shop.category] + rest * self._mean(value)

    def _means(self, value: NDArray[np.float64], first_item: NDArray[np.int64]) -> NDArray[np.float64]:
        sums = np.append(0.0, np.cumsum(self.weight * value))
        return np.diff(sums[first_item]) / np.maximum(np.diff(self.catalogue.demand[first_item]), 1e-300)
