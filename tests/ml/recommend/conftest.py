"""A recommender of a few rows, written as text."""

from collections.abc import Callable

import numpy as np
import pytest

from gold import item_neighbours, popular_items
from ml.recommend import serving
from ml.recommend.rank import Recommender
from ml.recommend.visits import Visits
from silver import categories, item_history

TABLES = {
    serving.NEIGHBOURS: item_neighbours.table,
    serving.POPULAR: popular_items.table,
    serving.HISTORY: item_history.table,
    serving.CATEGORIES: categories.table,
}
SHOP = {
    serving.NEIGHBOURS: """
        item_id | rank | neighbour_id | score
        --------+------+--------------+------
        1       | 1    | 2            | 8
        1       | 2    | 3            | 4
        2       | 1    | 3            | 8
        2       | 2    | 1            | 8
    """,
    serving.POPULAR: """
        category_id | rank | item_id
        ------------+------+--------
        -2          | 1    | 7
        -2          | 2    | 5
        10          | 1    | 5
        10          | 2    | 6
        11          | 1    | 4
        11          | 2    | 6
    """,
    serving.HISTORY: """
        item_id | valid_from | valid_to   | category_id | is_available | price
        --------+------------+------------+-------------+--------------+------
        1       | 2015-05-10 |            | 11          | true         | 10
        2       | 2015-05-10 |            | 11          | true         | 20
        3       | 2015-05-10 | 2015-05-17 | 10          | false        | 30
        3       | 2015-05-17 |            | 10          | true         | 30
        4       | 2015-05-10 |            | 11          | true         | 40
        5       | 2015-05-10 |            | 10          | true         | 50
        6       | 2015-05-10 |            | 11          |              |
        9       | 2015-05-10 |            | 11          | true         | 90
    """,
    serving.CATEGORIES: """
        category_id | parent_id | path
        ------------+-----------+------
        10          |           | 10
        11          | 10        | 10 11
    """,
}


def visits(*items: list[int]) -> Visits:
    """Visits of these items, each a second after the one before."""
    starts = np.cumsum([0, *map(len, items)])
    ended_at = np.arange(len(items)) * 1_000_000
    return Visits(np.arange(len(items)), ended_at, starts, np.array([each for visit in items for each in visit]))


@pytest.fixture
def recommend(given) -> Callable[..., Recommender]:
    """The recommender of a small shop, tables of which may be given otherwise.

    Items 1, 2, 4, 6 and 9 are of category 11, items 3 and 5 of the one above it, 10; of item 7 nothing is known.
    """

    def build(**others: str) -> Recommender:
        texts = {name: others.get(name.split(".")[1], text) for name, text in SHOP.items()}
        return serving.recommender({name: given(TABLES[name], text).toArrow() for name, text in texts.items()})

    return build
