"""Files that nothing needs any more, removed from a real lake of two runs."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from deltalake import DeltaTable

from lakehouse.errors import Exit, LakehouseError
from lakehouse.maintenance import optimize, vacuum
from lakehouse.maintenance.restore import restore
from lakehouse.runs.publication import publish
from lakehouse.storage.ledger import now

from .conftest import cli, copy, rows


def test_vacuum_without_apply_removes_nothing_and_tells_what_would_go(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    before = sorted(lake.settings.lake_path.rglob("*"))
    told = {each.table: each.size for each in vacuum.vacuum(lake, print, hours=0, is_applied=False)}
    assert sorted(lake.settings.lake_path.rglob("*")) == before
    assert told["gold.funnel"].files > 0 and told["gold.funnel"].bytes > 0
    assert vacuum.vacuum(lake, print, hours=1, is_applied=False) == []


def test_vacuum_removes_old_versions_and_leftovers_and_never_what_is_published(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    leftover = lake.settings.lake_path / "gold" / "funnel" / "part-00000-killed.zstd.parquet"
    leftover.write_bytes(b"PAR1")
    abandoned = lake.settings.lake_path / "landing" / "events" / ".999999999-cut.part"
    abandoned.write_bytes(b"timestamp")
    vacuum.vacuum(lake, print, hours=0, is_applied=True)
    assert not leftover.exists() and not abandoned.exists()
    assert all(rows(lake, name) == rows(two_runs, name) for name in lake.contracts)
    assert vacuum.vacuum(lake, print, hours=0, is_applied=False) == []
    with pytest.raises(LakehouseError, match=r"Version 1 of gold\.funnel is gone"):
        restore(lake, print, "gold.funnel", 1, is_applied=False)


def age(table: Path, days: int, upto: int | None = None) -> None:
    """Let all that a table's log tells, up to a version if given, have happened days ago."""
    for entry in sorted((table / "_delta_log").glob("*.json"))[: None if upto is None else upto + 1]:
        moved = re.sub(
            r'"(timestamp|deletionTimestamp|modificationTime)":(\d+)',
            lambda found: f'"{found[1]}":{int(found[2]) - days * 86_400_000}',
            entry.read_text(),
        )
        entry.write_text(moved)


def test_vacuum_keeps_what_was_current_within_more_than_a_week(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    table, first = lake.settings.lake_path / "gold" / "funnel", lake.ledger.runs()[0].versions["gold.funnel"]
    age(table, days=10)
    vacuum.vacuum(lake, print, hours=11 * 24, is_applied=True)
    assert rows(lake, "gold.funnel", first) == rows(two_runs, "gold.funnel", first)
    vacuum.vacuum(lake, print, hours=9 * 24, is_applied=True)
    with pytest.raises(LakehouseError, match=r"Version \d+ of gold\.funnel is gone"):
        restore(lake, print, "gold.funnel", first, is_applied=False)


def test_vacuum_keeps_an_old_version_that_was_current_until_a_moment_ago(two_runs, tmp_path):
    lake, name = copy(two_runs, tmp_path), "gold.funnel"
    first = lake.ledger.runs()[0].versions[name]
    age(lake.settings.lake_path / "gold" / "funnel", days=10, upto=first)
    vacuum.vacuum(lake, print, hours=24, is_applied=True)
    assert rows(lake, name, first) == rows(two_runs, name, first)


def test_vacuum_keeps_what_files_were_put_in_order_from_a_moment_ago(two_runs, tmp_path):
    lake, name = copy(two_runs, tmp_path), "silver.session_events"
    before = lake.store.version(name)
    age(Path(lake.store.uri(name)), days=10)
    optimize.optimize(lake, print)
    vacuum.vacuum(lake, print, hours=24, is_applied=True)
    assert lake.store.version(name) > before
    assert rows(lake, name, before) == rows(two_runs, name)


def test_vacuum_keeps_what_another_program_put_in_order_since_the_publication(two_runs, tmp_path):
    lake, name = copy(two_runs, tmp_path), "silver.session_events"
    DeltaTable(lake.store.uri(name)).optimize.compact()
    assert lake.store.version(name) > lake.ledger.published().versions[name]
    vacuum.vacuum(lake, print, hours=0, is_applied=True)
    assert rows(lake, name) == rows(two_runs, name)


def test_a_log_is_shortened_by_vacuum_alone_and_never_by_what_is_published(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    name = "gold.activity"
    kept = lake.ledger.published().versions[name]
    for _ in range(12):  # past a checkpoint
        lake.store.overwrite(lake.tables[name], lake.store.read(name), "run")
    age(Path(lake.store.uri(name)), days=400)
    lake.store.overwrite(lake.tables[name], lake.store.read(name), "run")
    assert lake.store.delta(name, kept).version() == kept
    before = len(list(Path(lake.store.uri(name), "_delta_log").glob("*.json")))
    vacuum.remove(lake, [name], hours=0)
    assert rows(lake, name, kept) == rows(two_runs, name)
    publish(lake, replace(lake.ledger.published(), run_id="later"), [name])
    vacuum.remove(lake, [name], hours=0)
    assert len(list(Path(lake.store.uri(name), "_delta_log").glob("*.json"))) < before
    assert lake.store.rows(name) == two_runs.store.rows(name)


def test_vacuum_refuses_while_a_table_has_not_taken_up_what_it_would_destroy(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    older = lake.ledger.runs()[0]
    reads = {name: dict(each) for name, each in lake.ledger.published().reads.items()}
    reads["gold.funnel"]["gold.visitor_days"] = older.versions["gold.visitor_days"]
    lake.ledger.record(replace(lake.ledger.published(), ended_at=now(), reads=reads))
    with pytest.raises(LakehouseError, match=r"gold\.funnel has not taken up") as raised:
        vacuum.vacuum(lake, print, hours=0, is_applied=True)
    assert (raised.value.code, raised.value.remedy) == (Exit.USAGE, "lakehouse run")
    assert vacuum.vacuum(lake, print, hours=1, is_applied=False) == []


def test_the_commands_print_json(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    told = json.loads(cli(lake, "maintain", "vacuum", "--older-than", "0", "--json").stdout)
    assert {"hours": 0, "is_applied": False}.items() <= told.items()
    assert told["removed"][0]["size"]["files"] > 0
    version = str(lake.ledger.runs()[0].versions["gold.funnel"])
    told = json.loads(cli(lake, "restore", "gold.funnel", "--version", version, "--json").stdout)
    assert (told["is_applied"], told["version"]) == (False, None)
