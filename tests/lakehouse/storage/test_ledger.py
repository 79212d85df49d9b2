"""The ledger, however long a lake lives."""

from datetime import UTC, datetime, timedelta

import pytest

from lakehouse.storage import ledger as ledger_module
from lakehouse.storage import log
from lakehouse.storage.ledger import LEDGER, Run


def run_of(number: int) -> Run:
    at = datetime(2015, 6, 1, tzinfo=UTC) + timedelta(hours=number)
    return Run(f"run-{number}", "lakehouse run", "published", at, at, versions={"gold.funnel": number})


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
    monkeypatch.setattr(ledger.store, "compact", lambda name: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ledger.record(run_of(12))
    assert ledger.published() == run_of(11)


def test_who_opened_the_ledger_before_it_was_put_together_still_reads_what_was_there(ledger):
    earlier = ledger.store.delta(LEDGER, version=2).to_pyarrow_table()
    assert sorted(earlier["run_id"].to_pylist()) == ["run-0", "run-1", "run-2"]
