import shutil

import pyarrow.parquet as pq
import pytest

from bronze import landing
from lakehouse.lake import open_lake
from lakehouse.runs import runner
from ml.serving import scoring as lake_scoring
from ml.serving.batch import scoring

from ....conftest import settings_of

POINT = ["visitor_id", "started_at", "decision_point"]
COLUMNS = [*POINT, "part", "label", "is_flagged"]
NEW = """timestamp,visitorid,event,itemid,transactionid
1442448000000,900001,view,{item},
1442448060000,900001,addtocart,{item},
1442448060000,900001,addtocart,{item},
1442448120000,{known},view,{item},
1442450000001,900001,view,{item},
"""


def score(lake, path, folder):
    output, rejected = folder / "out.parquet", folder / "rejected.csv"
    found = scoring.score_file(lake, path, [output], rejected, lambda *_: None)
    return found, pq.read_table(output), rejected


def as_rows(table):
    return sorted((tuple(row[name] for name in COLUMNS) for row in table.to_pylist()), key=str)


def probabilities(table):
    rows = table.to_pylist()
    return {tuple(row[name] for name in POINT): row["probability"] for row in rows}


def test_the_lakes_own_file_gives_the_published_predictions(spark, sample_lake, tmp_path):
    lake = open_lake(settings_of(shutil.copytree(sample_lake, tmp_path / "lake")))
    (path,) = (tmp_path / "lake/landing/events").glob("*.csv")
    before = {name: lake.store.version(name) for name in lake.tables if lake.store.exists(name)}
    found, table, rejected = score(lake, path, tmp_path)
    published = lake.store.arrow("ml.predictions")

    assert (found["form"], found["rows"]) == ("events", published.num_rows)
    assert as_rows(table) == as_rows(published)
    expected, given = probabilities(published), probabilities(table)
    assert max(abs(expected[each] - given[each]) for each in expected) < 1e-12
    assert found["rejected"] == len(rejected.read_text().splitlines()) - 1 > 0
    assert before == {name: lake.store.version(name) for name in before}
    assert list((tmp_path / "lake/.spill").rglob("scoring-*")) == []


def test_a_later_file_gives_what_the_lake_answers_once_it_has_landed(spark, sample_lake, tmp_path):
    lake = open_lake(settings_of(shutil.copytree(sample_lake, tmp_path / "lake")))
    event = lake.store.records("silver.events", "visitor_id, item_id")[0]
    path = tmp_path / "later.csv"
    path.write_text(NEW.format(item=event["item_id"], known=event["visitor_id"]))
    _, table, rejected = score(lake, path, tmp_path)
    given = probabilities(table)
    landing.accept(lake.landing, path)
    runner.run(lake, print)
    lake_scoring.score(lake, print)
    expected = probabilities(lake.store.arrow("ml.predictions"))

    assert len(given) >= 4 and not rejected.exists()
    assert {each: given[each] - expected[each] for each in given} == pytest.approx(dict.fromkeys(given, 0.0), abs=1e-12)
