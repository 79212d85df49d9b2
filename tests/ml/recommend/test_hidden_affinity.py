"""What belongs together in the sample, which no file tells, is found again in what is recommended."""

from collections.abc import Callable

import numpy as np
import pytest

from bronze.sample.shop import open_shop
from lakehouse.lake import open_lake
from ml.recommend import serving
from ml.recommend.rank import Recommender

from ...conftest import settings_of

Relation = Callable[[int, int], str]


@pytest.fixture(scope="module")
def recommender(built_lake) -> Recommender:
    return serving.load(open_lake(settings_of(built_lake))).recommender


@pytest.fixture(scope="module")
def relation() -> Relation:
    """How two items belong together: of one `family`, of that family's `companion`, or not at all."""
    hidden = open_shop(0.01, 7).catalogue
    places = {item: place for place, item in enumerate(hidden.item_id.tolist())}
    family, companion = hidden.affinity.family, hidden.affinity.companion

    def of(one: int, other: int) -> str:
        mine, theirs = (family[places[item]] for item in (one, other))
        return "family" if mine == theirs else "companion" if companion[mine] == theirs else "stranger"

    return of


def shares(pairs: list[tuple[int, int]], relation: Relation) -> dict[str, float]:
    found = [relation(*pair) for pair in pairs]
    assert len(found) > 1000
    return {name: found.count(name) / len(found) for name in ("family", "companion")}


def test_two_of_three_nearest_neighbours_are_of_the_hidden_family_or_its_companion(recommender, relation):
    ids, starts = recommender.catalogue.ids.tolist(), recommender.starts
    owners = np.flatnonzero(starts[1:] > starts[:-1])
    nearest = [(ids[owner], ids[recommender.neighbours[starts[owner]]]) for owner in owners.tolist()]
    found = shares(nearest, relation)
    assert found["family"] > 0.5
    assert found["companion"] > 0.1
    assert sum(found.values()) > 2 / 3


def test_by_popularity_alone_hardly_any_would_be(recommender, relation):
    popular = [recommender.catalogue.ids[place] for place in recommender.popular[-2]]
    found = shares([(one, other) for one in popular for other in popular if one != other], relation)
    assert sum(found.values()) < 0.03
