"""Which items belong together: hidden, the same for a seed, and found again in what is viewed in one visit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bronze.sample.affinity import FAMILY_SIZE, group
from bronze.sample.shop import open_shop

CATEGORIES = st.lists(st.integers(1, 60), min_size=1, max_size=20).map(lambda s: np.repeat(np.arange(len(s)), s))


@settings(max_examples=50, deadline=None)
@given(CATEGORIES, st.integers(0, 9))
def test_a_family_is_some_twenty_items_of_one_category_or_a_small_category_whole(category, seed):
    affinity = group(np.random.default_rng(seed), category)
    sizes = np.diff(affinity.first_item)
    for family, first in enumerate(affinity.first_item[:-1]):
        members = np.flatnonzero(affinity.family == family)
        assert members.tolist() == list(range(first, first + sizes[family]))
        assert len(set(category[members])) == 1
    whole = np.bincount(category)[category[affinity.first_item[:-1]]]
    assert ((sizes >= np.minimum(FAMILY_SIZE, whole)) & (sizes < 2 * FAMILY_SIZE)).all()


@settings(max_examples=50, deadline=None)
@given(CATEGORIES, st.integers(0, 9))
def test_a_companions_companion_is_the_family_itself(category, seed):
    companion = group(np.random.default_rng(seed), category).companion
    assert (companion[companion] == np.arange(len(companion))).all()
    assert (companion == np.arange(len(companion))).sum() == len(companion) % 2


def test_the_same_seed_has_the_same_affinity_and_another_seed_another():
    one, same, other = (open_shop(0.002, seed).catalogue.affinity for seed in (1, 1, 2))
    assert np.array_equal(one.companion, same.companion)
    assert not np.array_equal(one.companion, other.companion)


def test_no_one_moves_on_to_the_item_at_hand(catalogue):
    item = np.repeat(catalogue.pick(np.linspace(0, 1, 2_000, endpoint=False)), 20)
    assert (catalogue.move_on(np.random.default_rng(1), item) != item).mean() > 0.999


def test_a_move_within_the_category_stays_there(catalogue):
    item = catalogue.pick(np.linspace(0, 1, 20_000, endpoint=False))
    onward = catalogue.move_on(np.random.default_rng(1), item, within_category=True)
    assert (catalogue.category[onward] == catalogue.category[item]).all()


@pytest.fixture(scope="module")
def neighbours(shop, catalogue):
    """Pairs of positions of items, viewed one after the other and the second one for the first time; at least twice."""
    position = np.argsort(catalogue.item_id)
    return [
        (position[one], position[other], size)
        for one, other, size in shop.rows("""
            SELECT last_item, item, count(DISTINCT visitor) AS size FROM events
            WHERE event = 'view' AND last_event = 'view' AND NOT is_known AND item <> last_item
            GROUP BY ALL HAVING size > 1 ORDER BY size DESC, last_item, item""")
    ]


def kin(catalogue, one, other):
    affinity = catalogue.affinity
    return affinity.family[other] in (affinity.family[one], affinity.companion[affinity.family[one]])


def test_items_viewed_together_are_mostly_of_one_family_or_its_companion(neighbours, catalogue):
    assert len(neighbours) > 500
    found = np.mean([kin(catalogue, one, other) for one, other, _ in neighbours])
    others = np.roll([other for _, other, _ in neighbours], len(neighbours) // 2)
    by_chance = np.mean([kin(catalogue, one, other) for (one, *_), other in zip(neighbours, others, strict=True)])
    print(found, by_chance)
    assert found > 0.6
    assert by_chance < 0.1


def test_neighbours_of_another_category_are_mostly_of_the_companion(neighbours, catalogue):
    apart = [(a, b) for a, b, _ in neighbours if catalogue.category[a] != catalogue.category[b]]
    assert len(apart) > 50
    assert np.mean([kin(catalogue, one, other) for one, other in apart]) > 0.6
