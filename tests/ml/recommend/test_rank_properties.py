"""Whatever is asked of whatever shop: what must never be in a list is not."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.recommend.catalogue import AVAILABLE, UNAVAILABLE, Catalogue
from ml.recommend.rank import LENGTH, REMINDERS, SHOP, Filters, Recommender

ITEMS = 40


@st.composite
def recommenders(draw: st.DrawFn) -> Recommender:
    """A shop of forty items, with any neighbours, popular items, availability and prices."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    counts = rng.integers(0, 12, ITEMS)
    starts = np.concatenate([[0], np.cumsum(counts)])
    neighbours = rng.integers(0, ITEMS, starts[-1]).astype(np.int32)
    catalogue = Catalogue(
        ids=np.arange(100, 100 + ITEMS),
        category=rng.integers(-1, 5, ITEMS),
        availability=rng.integers(0, 3, ITEMS).astype(np.uint8).tobytes(),
        price=np.where(rng.random(ITEMS) < 0.2, np.nan, rng.integers(0, 100, ITEMS)),
        paths={0: [0], 1: [0, 1], 2: [0, 1, 2], 3: [3]},
    )
    lists = {category: rng.permutation(ITEMS)[: rng.integers(0, 30)].tolist() for category in (SHOP, 0, 1, 2, 3)}
    return Recommender(catalogue, starts, neighbours, rng.random(starts[-1]) + 0.01, lists)


ids = st.integers(95, 100 + ITEMS + 5)
prices = st.none() | st.integers(0, 100).map(float)
filters = st.builds(
    Filters,
    exclude=st.frozensets(ids, max_size=10),
    categories=st.frozensets(st.integers(0, 4), max_size=2),
    min_price=prices,
    max_price=prices,
    known_available_only=st.booleans(),
)


@settings(max_examples=100, deadline=None)
@given(recommenders(), st.lists(ids, max_size=30), filters, st.booleans())
def test_no_item_that_is_unavailable_excluded_or_on_the_screen_is_in_a_list(recommender, visit, filters, is_over):
    answer = recommender.for_visit(visit, filters, is_over)
    shown = answer.items + answer.reminders
    catalogue = recommender.catalogue
    for each in shown:
        place = each.item_id - 100
        known = 0 <= place < ITEMS
        assert not known or catalogue.availability[place] != UNAVAILABLE
        assert not filters.known_available_only or (known and catalogue.availability[place] == AVAILABLE)
        assert each.item_id not in filters.exclude
        assert is_over or not visit or each.item_id != visit[-1]
        assert not filters.categories or filters.categories & set(
            catalogue.paths.get(int(catalogue.category[place]), [int(catalogue.category[place])])
        )
        assert filters.min_price is None or catalogue.price[place] >= filters.min_price
        assert filters.max_price is None or catalogue.price[place] <= filters.max_price


@settings(max_examples=100, deadline=None)
@given(recommenders(), st.lists(ids, max_size=30), filters, st.booleans())
def test_a_list_repeats_nothing_and_holds_no_more_than_it_may(recommender, visit, filters, is_over):
    answer = recommender.for_visit(visit, filters, is_over)
    shown = [each.item_id for each in answer.items + answer.reminders]
    assert len(shown) == len(set(shown))
    assert len(answer.items) <= LENGTH
    assert len(answer.reminders) <= REMINDERS
    assert not {each.item_id for each in answer.items} & set(visit)


@settings(max_examples=100, deadline=None)
@given(recommenders(), st.lists(ids, min_size=1, max_size=8))
def test_a_list_is_short_only_when_the_popular_items_of_the_shop_are_used_up(recommender, visit):
    answer = recommender.for_visit(visit)
    shown = {each.item_id for each in answer.items} | set(visit)
    left = [place for place in recommender.popular[SHOP] if recommender.catalogue.availability[place] != UNAVAILABLE]
    assert len(answer.items) == LENGTH or {100 + place for place in left} <= shown
