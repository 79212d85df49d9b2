from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lakehouse.errors import LakehouseError
from lakehouse.lake import open_lake
from ml.serving.batch import scoring, segment
from ml.serving.batch.segment import Segment
from ml.serving.scorer import champion

from ....conftest import settings_of

ALL = date(2015, 5, 1), date(2015, 9, 30)


@pytest.fixture(scope="module")
def lake(sample_lake):
    return open_lake(settings_of(sample_lake))


@pytest.fixture
def read(lake):
    model = champion(lake.settings)
    return lambda *parts: pa.Table.from_batches(segment.read(lake, model, Segment(*parts)))


def test_every_visit_stands_once_at_its_latest_decision_point(read, lake):
    rows = read(*ALL)
    latest = lake.store.arrow("ml.predictions").group_by(["visitor_id", "started_at"])
    expected = latest.aggregate([("decision_point", "max")])

    assert rows.num_rows == expected.num_rows
    assert pc.sum(rows["decision_point"]).as_py() == pc.sum(expected["decision_point_max"]).as_py()


def test_new_and_returning_visits_make_up_all_of_a_point(read):
    everybody, new, returning = (read(*ALL, who, "2") for who in ("all", "new", "returning"))

    assert new.num_rows and returning.num_rows
    assert everybody.num_rows == new.num_rows + returning.num_rows
    assert pc.unique(everybody["decision_point"]).to_pylist() == [2]


def test_only_visits_of_the_days_are_meant(read):
    days = pc.unique(read(date(2015, 6, 3), date(2015, 6, 4))["session_date"]).to_pylist()

    assert sorted(days) == [date(2015, 6, 3), date(2015, 6, 4)]


def test_a_segment_without_a_visit_and_a_lake_without_predictions_are_told(lake, built_lake, tmp_path):
    with pytest.raises(LakehouseError, match="No visit of 2014-01-01"):
        scoring.score_segment(lake, Segment(date(2014, 1, 1), date(2014, 1, 2)), [tmp_path / "a.csv"], print)
    unscored = open_lake(settings_of(built_lake))
    with pytest.raises(LakehouseError, match="has not scored this lake yet"):
        list(segment.read(unscored, champion(lake.settings), Segment(*ALL)))
    assert list(tmp_path.iterdir()) == []
