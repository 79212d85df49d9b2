import numpy as np
import pytest
from pyspark.sql import SparkSession

from lakehouse import settings
from ml.recommend import als
from ml.recommend.protocols import Case, reciprocal_ranks, score


@pytest.fixture(scope="module")
def fitted(spark: SparkSession):
    """A small factorization of visits of one or the other half of twenty items, and its rows."""
    rng = np.random.default_rng(7)
    rows = [(v, 10 * (v % 2) + int(i), float(1 + i % 3)) for v in range(60) for i in rng.choice(10, 4, replace=False)]
    recommend = settings.load({"LAKEHOUSE_RECOMMEND__ALS_RANK": "4"}).recommend
    model = als.fit(spark.createDataFrame(rows, "visit INT, place INT, times DOUBLE").coalesce(1), recommend)
    return rows, model, als.folding(model, 100 + np.arange(20), recommend)


def test_a_visit_folded_in_gets_the_factors_that_mllib_found_for_it(fitted):
    rows, model, folded = fitted
    for row in model.userFactors.where("id < 5").collect():
        held = [(place, times) for visit, place, times in rows if visit == row["id"]]
        found = folded.fold_in([place for place, _ in held], [times for _, times in held])
        assert found == pytest.approx(row["features"], abs=1e-3)


def test_a_visit_of_one_half_is_recommended_that_half(fitted):
    _, _, folded = fitted
    ranking = folded.rank([101, 102])
    assert {each < 110 for each in ranking[:10]} == {True}


def test_a_visit_of_unknown_items_is_recommended_nothing(fitted):
    assert fitted[2].rank([5, 7]) == []


def test_sparks_evaluator_agrees_with_a_plain_loop_and_counts_empty_lists(spark):
    lists = [[1, 2, 3], [9, 8], [], list(range(20, 40)), [4]]
    asked = [Case(number, (0,), target) for number, target in enumerate([2, 7, 5, 39, 4])]
    rows = [("served", "all", "A", case.target, each) for case, each in zip(asked, lists, strict=True)]
    schema = "method STRING, kind STRING, protocol STRING, target BIGINT, list ARRAY<BIGINT>"
    ((*_, hr, mrr),) = als.judge(spark.createDataFrame(rows, schema))
    expected = score(asked, reciprocal_ranks(asked, lists))
    assert (hr, mrr) == (pytest.approx(expected.hr.value), pytest.approx(expected.mrr.value))
    assert hr == pytest.approx(3 / 5)
