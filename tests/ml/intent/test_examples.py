from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import open_lake
from ml.intent import examples, slices, training
from ml.intent.slices import PARTS, Slices

from ...conftest import settings_of

JUNE = datetime(2015, 6, 1, tzinfo=UTC)
SLICES = Slices({part: (JUNE + timedelta(place), JUNE + timedelta(place + 1)) for place, part in enumerate(PARTS)})


@pytest.fixture(scope="module")
def lake(sample_lake):
    return open_lake(settings_of(sample_lake))


@pytest.fixture(scope="module")
def covered(lake):
    return training.covered(lake, lake.ledger.published())


@pytest.fixture(scope="module")
def split(lake, covered):
    return slices.split(covered, lake.settings.model)


@pytest.fixture(scope="module")
def rows(lake, covered, split):
    """The decision points of visits that have ended, with their part."""
    return examples.decision_points(lake.store.read(examples.TABLE), covered, split)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("others", "purchases"), [(100, 4), (4, 100), (100, 0)])
def test_a_part_with_too_few_of_one_kind_is_refused_by_name(part, others, purchases):
    counts = {(each, 1, label): 100 for each in PARTS for label in (0, 1)}
    counts |= {(part, 1, 0): others, (part, 1, 1): purchases}
    told = f"{purchases} decision points before a purchase and {others} others for the {part} "
    with pytest.raises(LakehouseError, match=told) as error:
        examples.require_purchases(counts, SLICES)
    assert error.value.code == Exit.REFUSED


def test_five_of_each_kind_in_each_part_are_enough():
    examples.require_purchases({(part, 1, label): 5 for part in PARTS for label in (0, 1)}, SLICES)


@pytest.mark.parametrize(
    ("numbers", "most", "cut_to"),
    [
        ([5, 1, 3], 9, 9),  # all of them
        ([5, 1, 3], 8, 4),
        ([5, 1, 3], 6, 2),  # what one leaves the others have
        ([5, 5, 5], 9, 3),
        ([5, 1], 1, 0),
        ([], 9, 9),
    ],
)
def test_the_highest_numbers_are_cut_to_one_level(numbers, most, cut_to):
    assert examples.level(numbers, most) == cut_to
    assert sum(min(each, cut_to) for each in numbers) <= most


def test_what_is_drawn_keeps_every_purchase_and_stands_for_all_points(rows):
    counts = examples.count(rows)
    drawn = examples.draw(rows.where("part = 'fit'"), counts, most=1000)
    kept = examples.count(drawn)
    assert {key: n for key, n in kept.items() if key[2]} == {
        key: n for key, n in counts.items() if key[2] and key[0] == "fit"
    }
    of_each = examples.level([n for (part, _, label), n in counts.items() if (part, label) == ("fit", 0)], 1000)
    assert kept["fit", 1, 0] == pytest.approx(of_each, rel=0.15)
    assert of_each < counts["fit", 1, 0]
    weights = drawn.groupBy("decision_point").agg(F.sum(examples.WEIGHT).alias("sum")).collect()
    totals = {point: sum(counts.get(("fit", point, label), 0) for label in (0, 1)) for point in (1, 2, 3)}
    found = {row.decision_point: row["sum"] for row in weights}
    for point in (2, 3):
        assert found[1] / found[point] == pytest.approx((totals[1] / totals[point]) ** 0.5, rel=0.2)


def test_few_points_are_all_read_and_those_of_the_test_are_told_who_was_seen_before(lake, covered, split, rows):
    found = examples.points(lake.store.read(examples.TABLE), covered, split, lake.settings.model).to_pandas()
    counts = {key: number for key, number in examples.count(rows).items() if key[0] in PARTS}
    assert max(counts.values()) <= lake.settings.model.max_examples
    assert found.groupby(["part", "decision_point", "label"]).size().to_dict() == counts
    assert (found.loc[~found["part"].isin(examples.LEARNED), examples.WEIGHT] == 1).all()
    earlier = rows.where(F.col("started_at") < F.lit(split.bounds["test"][0])).select("visitor_id").toPandas()
    assert (found["is_seen"] == found["visitor_id"].isin(set(earlier["visitor_id"]))).all()
    assert 0 < found.loc[found["part"] == "test", "is_seen"].mean() < 1


def test_decision_points_without_any_purchase_are_refused(lake, covered, split):
    none = lake.store.read(examples.TABLE).withColumn("label", F.lit(0))
    with pytest.raises(LakehouseError, match="holds 0 decision points before a purchase") as error:
        examples.points(none, covered, split, lake.settings.model)
    assert error.value.code == Exit.REFUSED
