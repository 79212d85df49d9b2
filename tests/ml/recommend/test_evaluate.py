"""What is fit, on which part of the time."""

from datetime import UTC, datetime

import numpy as np
import pytest

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from ml.recommend import evaluate, serving
from ml.recommend.evaluate import SERVED, UNFILTERED

from ...conftest import settings_of


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


def test_the_served_list_beats_what_needs_no_training(test):
    asked = evaluate.cases(test)
    found = evaluate.evaluate(test, asked, evaluate.rank(test, asked)).methods
    of = {name: method.scores["known", "A"] for name, method in found.items()}
    assert of[SERVED].num > 100
    assert of[SERVED].hr.value > max(of[name].hr.value for name in ("own items", "popular", "popular in category"))
    assert of[UNFILTERED].hr.value >= of[SERVED].hr.value


def test_hours_that_leave_nothing_to_learn_from_are_refused(sample):
    with pytest.raises(LakehouseError, match="no visits for the training") as caught:
        evaluate.prepare(sample, serving.published(sample).versions, hours=24 * 365)
    assert caught.value.code == Exit.REFUSED
