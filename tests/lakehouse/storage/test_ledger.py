"""The ledger, however long a lake lives."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.storage import ledger as ledger_module
from lakehouse.storage import log, small_tables
from lakehouse.storage.ledger import LEDGER, Built, Ledger, Result, Run, State
from lakehouse.storage.ledger_rows import SCHEMA, row_of


def run_of(number: int) -> Run:
    at = datetime(2015, 6, 1, tzinfo=UTC) + timedelta(hours=number)
    return Run(f"run-{number}", "lakehouse run", "published", at, at, {"gold.funnel": number}, number=number + 1)


@pytest.fixture
def ledger(lake, monkeypatch):
    monkeypatch.setattr(ledger_module, "MOST_FILES", 3)
    for number in range(12):
        lake.ledger.record(run_of(number))
    return lake.ledger


def test_a_long_ledger_is_read_from_few_files(ledger):
    assert len(log.files(ledger.store.delta(LEDGER))) <= 3


def test_a_long_ledger_keeps_every_row_in_order(ledger):
    assert ledger.runs() == [run_of(number) for number in range(12)]
    assert ledger.published() == run_of(11)


def test_a_ledger_that_cannot_be_put_together_publishes_nothing(ledger, monkeypatch):
    monkeypatch.setattr(ledger_module, "MOST_FILES", 1)
    monkeypatch.setattr(small_tables, "compact", lambda store, name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ledger.record(run_of(12))
    assert ledger.published() == run_of(11)


def test_a_start_reads_the_newest_row_alone(ledger, monkeypatch):
    read = []
    query = ledger.store.records
    monkeypatch.setattr(ledger.store, "records", lambda name, *rest: read.extend(found := query(name, *rest)) or found)
    anew = Ledger(ledger.store)
    assert anew.state().published == anew.published().number == 12
    assert [row["number"] for row in read] == [12]


def test_rows_keep_the_order_in_which_they_were_recorded_whatever_the_clock_says(lake):
    late, early = run_of(5), run_of(1)
    lake.ledger.record(late)
    lake.ledger.record(early)
    assert [run.run_id for run in lake.ledger.runs()] == ["run-5", "run-1"]
    assert lake.ledger.published().run_id == "run-1"


def test_columns_of_a_later_release_are_passed_over(ledger):
    state = {"number": 13, "published": 13, "mood": "good", "built": {"gold.funnel": asdict(FUNNEL) | {"mood": "good"}}}
    row = row_of(run_of(12), State()) | {"mood": "good", "state": json.dumps(state)}
    write_deltalake(ledger.store.uri(LEDGER), pa.Table.from_pylist([row]), mode="append", schema_mode="merge")
    assert Ledger(ledger.store).published() == run_of(12)
    assert Ledger(ledger.store).built() == {"gold.funnel": FUNNEL}


FUNNEL = Built(2, {"gold.visitor_days": 2}, "")
EARLIER = [name for name in SCHEMA.names if name not in ("number", "ids", "read_ids", "state")]


@pytest.fixture
def earlier(lake):
    """A ledger as the release before numbers wrote it; its rows lie in no order."""
    rows = [row_of(replace(run_of(n), reads={"gold.funnel": {"gold.visitor_days": n}}), State()) for n in (2, 0, 1)]
    write_deltalake(lake.store.uri(LEDGER), pa.Table.from_pylist(rows, SCHEMA).select(EARLIER))
    return lake.ledger


def test_rows_of_an_earlier_release_are_numbered_by_their_end(earlier):
    assert [(run.number, run.run_id) for run in earlier.runs()] == [(1, "run-0"), (2, "run-1"), (3, "run-2")]
    assert earlier.built()["gold.funnel"] == FUNNEL
    assert earlier.published().run_id == "run-2"


@pytest.mark.parametrize(
    ("way", "mode"), [("whole", "full_refresh"), ("rebuild", "full_refresh"), ("upsert", "incremental")]
)
def test_how_an_earlier_release_built_a_table_is_read_as_its_mode(lake, way, mode):
    result = {key: value for key, value in asdict(Result("gold.funnel", 2, 1, 0, 0.1, 3)).items() if key != "mode"}
    row = row_of(run_of(0), State()) | {"results": json.dumps([result | {"way": way}])}
    write_deltalake(lake.store.uri(LEDGER), pa.Table.from_pylist([row], SCHEMA))
    assert [each.mode for each in lake.ledger.runs()[0].results] == [mode]


def test_rows_of_an_earlier_release_get_their_numbers_once_for_all(earlier):
    earlier.record(run_of(7))
    assert [(run.number, run.run_id) for run in earlier.runs()][-2:] == [(3, "run-2"), (4, "run-7")]
    assert [row["number"] for row in earlier.store.records(LEDGER)].count(None) == 0
    assert Ledger(earlier.store).state().number == 4


def test_who_opened_the_ledger_before_it_was_put_together_still_reads_what_was_there(ledger):
    earlier = ledger.store.delta(LEDGER, version=2).to_pyarrow_table()
    assert sorted(earlier["run_id"].to_pylist()) == ["run-0", "run-1", "run-2"]
