"""What the baselines show."""

from ml.recommend import baselines
from ml.recommend.baselines import History

from .conftest import visits


def test_own_items_are_shown_newest_first():
    assert baselines.own_items((1, 2, 1, 3), "A") == [3, 1, 2]


def test_the_popular_items_of_the_last_items_category_come_before_those_of_the_shop(recommend):
    assert baselines.popular_in_category(recommend())((5, 1), "A") == [4, 6, 7, 5]


def test_association_rules_count_pairs_of_events_with_the_last_item():
    history = History.of(visits([1, 2, 2], [1, 3], [1, 1], [4, 1, 1]))
    assert baselines.association_rules(history)((9, 1), "A") == [1, 2, 4, 3]


def test_vstan_prefers_visits_that_share_the_newest_item_and_items_near_it():
    history = History.of(visits([1, 5, 8], [2, 6, 7]))
    assert baselines.vstan(history)((1, 2), "C") == [6, 7, 5, 8]
