"""Tables taken back to an earlier version, on a real lake of two runs."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest

from lakehouse.errors import Exit, LakehouseError
from lakehouse.maintenance.restore import restore
from lakehouse.runs import runner
from lakehouse.runs.planner import plan
from lakehouse.storage import log

from ...killing import die_within
from .conftest import cli, copy, rows


def test_a_restored_table_is_published_at_once_and_the_next_run_brings_it_up_to_date(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    first, last = lake.ledger.runs()[0], lake.ledger.published()
    name = "gold.visitor_days"
    told = restore(lake, print, name, first.versions[name], is_applied=False)
    assert told.rows_wanted < told.rows_present == lake.store.rows(name)
    done = restore(lake, print, name, first.versions[name], is_applied=True)
    assert lake.ledger.published().versions[name] == done.version == last.versions[name] + 1
    assert rows(lake, name) == rows(two_runs, name, first.versions[name])
    assert {step.table.name: step.reason for step in plan(lake)}[name] == "silver.sessions, silver.first_visits changed"
    runner.run(lake, print)
    assert all(rows(lake, each) == rows(two_runs, each) for each in lake.tables if each.startswith("gold."))
    assert plan(lake) == []


def test_the_entry_that_restores_a_table_is_on_the_disk_before_it_is_published(two_runs, tmp_path, synced):
    lake, name = copy(two_runs, tmp_path), "gold.visitor_days"
    first = lake.ledger.runs()[0].versions[name]
    die_within(f"restored.{name}", partial(restore, lake, print, name, first, is_applied=True))
    folder = os.path.realpath(lake.store.uri(name))
    assert f"{folder}/_delta_log/{lake.store.version(name):020d}.json" in synced


def test_a_restored_table_is_built_whole_where_files_that_tell_what_changed_since_are_gone(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    name, upstream, first, last = "gold.funnel", "gold.visitor_days", lake.ledger.runs()[0], lake.ledger.published()
    restore(lake, print, name, first.versions[name], is_applied=True)
    _, removed = log.changed_files(lake.store.delta(upstream), first.versions[upstream], last.versions[upstream])
    for path in removed:
        Path(lake.store.uri(upstream), path).unlink()
    (step,) = [step for step in plan(lake) if step.table.name == name]
    assert removed and (step.mode, step.reason) == ("full_refresh", f"files by which {upstream} changed are gone")
    runner.run(lake, print)
    assert rows(lake, name) == rows(two_runs, name)


def test_what_cannot_be_restored_is_refused_with_the_way_out(two_runs):
    for name, version, sentence in (
        ("bronze.events", 1, "holds landed files"),
        ("silver.events_quarantine", 1, "written together with"),
        ("gold.funnel", 77, "No run left version 77 of gold.funnel."),
        ("gold.funnel", two_runs.ledger.published().versions["gold.funnel"], "already"),
    ):
        with pytest.raises(LakehouseError, match=sentence) as raised:
            restore(two_runs, print, name, version, is_applied=False)
        assert raised.value.code == Exit.USAGE and raised.value.remedy


def test_a_kill_between_a_restored_table_and_its_publication_is_mended_by_a_run(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    arguments = ["restore", "gold.activity", "--version", str(lake.ledger.runs()[0].versions["gold.activity"])]
    assert cli(lake, *arguments, "--apply", failpoint="restored.gold.activity").returncode == -signal.SIGKILL
    assert lake.ledger.published().versions == two_runs.ledger.published().versions
    runner.run(lake, print)
    assert rows(lake, "gold.activity") == rows(two_runs, "gold.activity")
    assert plan(lake) == []
