"""What is fit, on which part of the time."""

from datetime import UTC, datetime

import numpy as np
import pytest

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from ml.recommend import evaluate, serving
from ml.recommend.evaluate import SERVED, UNFILTERED

from ...conftest import settings_of
from .conftest import visits

KNOWN = {1: 5, 2: 3, 3: 1, 4: 1}  # items of the training, with the number of events


@pytest.fixture(scope="module")
def sample(built_lake) -> Lake:
    return open_lake(settings_of(built_lake))


@pytest.fixture(scope="module")
def test(sample) -> evaluate.Test:
    return evaluate.prepare(sample, serving.published(sample).versions, hours=24 * 7)


def test_a_fit_on_all_visits_is_what_is_served(sample):
    served = serving.load(sample).recommender
    fitted = evaluate.fit(sample, serving.published(sample).versions, datetime(2100, 1, 1, tzinfo=UTC))
    assert len(served.neighbours) > 0
    assert served.popular == fitted.popular
    for name in ("starts", "neighbours", "scores"):
        assert np.array_equal(getattr(served, name), getattr(fitted, name)), name
    assert served.catalogue.availability == fitted.catalogue.availability


def test_visits_that_end_later_tell_the_fit_nothing(test):
    recommender, known = test.recommender, np.array(list(test.known))
    listed = [place for places in recommender.popular.values() for place in places]
    told = np.concatenate([recommender.neighbours, np.array(listed)])
    assert np.isin(recommender.catalogue.ids[told], known).all()
    assert not np.isin(test.test.items, known).all()


def test_the_parts_meet_at_the_cutoff(test):
    cutoff = int(test.cutoff.timestamp() * 1_000_000)
    assert test.history.ended_at.max() < cutoff <= test.test.ended_at.min()


def test_the_list_beats_what_needs_no_training_and_loses_the_hits_on_what_is_sold_out(test):
    asked = evaluate.cases(test)
    found = evaluate.evaluate(test, asked, evaluate.rank(test, asked)).methods
    of = {name: method.scores["known", "A"] for name, method in found.items()}
    assert of[UNFILTERED].num > 100
    assert of[UNFILTERED].hr.value > max(of[name].hr.value for name in ("own items", "popular", "popular in category"))
    assert of[UNFILTERED].hr.value > of[SERVED].hr.value > 0


@pytest.fixture
def told(recommend) -> evaluate.Evaluation:
    """Of one visit, 1, 2 and the new 8 and 9; the lists are 2 and 1, of protocol C 2 and 3, and the rival's 1 and 2."""
    part = evaluate.Test(datetime(2015, 6, 1, tzinfo=UTC), recommend(), visits([1, 2]), KNOWN, visits([1, 2, 8, 9]))
    asked = evaluate.cases(part)
    ours = {key: [[2, 3] if key[1] == "C" else [2, 1]] * len(of_key) for key, of_key in asked.items()}
    theirs = {key: [[1, 2]] * len(of_key) for key, of_key in asked.items()}
    return evaluate.evaluate(part, asked, {SERVED: ours, evaluate.RIVAL: theirs})


def test_lists_are_told_by_the_known_items_they_cover_their_popularity_and_how_many_are_short(told):
    served = told.methods[SERVED]
    assert (served.coverage, served.popularity, served.short) == (0.5, (3 + 1) / 2, 1.0)


def test_new_items_are_dropped_and_beside_it_count_as_misses(told):
    scores = told.methods[SERVED].scores
    assert told.cold == {"A": 2 / 3, "B": 2 / 3, "C": 2 / 3}
    assert [scores[kind, "C"].num for kind in ("known", "all")] == [1, 3]
    assert [scores[kind, "C"].hr.value for kind in ("known", "all")] == pytest.approx([1, 1 / 3])


def test_what_is_served_is_compared_with_its_rival_prediction_by_prediction(told):
    hits, ranks = told.gains["known", "A"]
    assert (hits.value, ranks.value) == (0.0, 1 - 1 / 2)


def test_hours_that_leave_nothing_to_learn_from_are_refused(sample):
    with pytest.raises(LakehouseError, match="no visits for the training") as caught:
        evaluate.prepare(sample, serving.published(sample).versions, hours=24 * 365)
    assert caught.value.code == Exit.REFUSED
