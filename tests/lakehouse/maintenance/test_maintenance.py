"""Files put in order, removed, and tables taken back, on a real lake of two runs."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse import settings
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.maintenance import optimize, vacuum
from lakehouse.maintenance.optimize import is_in_order
from lakehouse.maintenance.restore import restore
from lakehouse.runs import runner
from lakehouse.runs.planner import plan
from lakehouse.runs.publication import publish
from lakehouse.storage import log
from lakehouse.storage.ledger import now
from lakehouse.table import Table, append, rebuild

from ...conftest import settings_of
from ...killing import die, die_within
from ..runs.test_runner import HOUR, land

START = 1433152800000
SLICED = Table("gold.days", "One row per day.", [], rebuild(), "day BIGINT COMMENT 'day'", cluster_by=["day"])
WHOLE = Table("bronze.rows", "One row per line.", [], append(), "day BIGINT COMMENT 'day'")


def of(folder: Path) -> Lake:
    """The lake in a folder, with files of 10 kB."""
    chosen = settings_of(folder)
    return open_lake(replace(chosen, maintenance=replace(chosen.maintenance, file_mb=0.01)))


def copy(lake: Lake, folder: Path) -> Lake:
    shutil.copytree(lake.settings.lake_path, folder / "lake")
    return of(folder / "lake")


def event(number: int) -> str:
    return f"{START + number * HOUR // 2},{number * 7919 % 5000},view,{number % 50},"


@pytest.fixture(scope="module")
def two_runs(spark, tmp_path_factory) -> Lake:
    """A lake of 4,000 events over 83 days, and a run later 20 more of the fifth day. Read only: copy it."""
    folder = tmp_path_factory.mktemp("runs")
    lake = of(folder / "lake")
    land(lake, folder, *[event(number) for number in range(4000)])
    runner.run(lake, print)
    land(lake, folder, *[f"{START + 120 * HOUR + n},9{n},view,3," for n in range(20)])
    runner.run(lake, print)
    return lake


@pytest.fixture(scope="module")
def optimized(two_runs: Lake, tmp_path_factory) -> tuple[Lake, dict[str, optimize.Rewritten]]:
    lake = copy(two_runs, tmp_path_factory.mktemp("optimized"))
    return lake, {each.table: each for each in optimize.optimize(lake, print)}


def table_of(folder: Path, *days: range) -> DeltaTable:
    """A table with a file of 1,000 rows for each range of days."""
    for each in days:
        write_deltalake(folder, pa.table({"day": [each[i % len(each)] for i in range(1000)]}), mode="append")
    return DeltaTable(folder)


def limit_of(delta: DeltaTable) -> int:
    """The mean size of its files."""
    size = log.size(delta)
    return size.bytes // size.files


def test_files_that_each_hold_their_own_days_are_in_order(tmp_path):
    delta = table_of(tmp_path, range(0, 10), range(9, 20), range(19, 30), range(29, 40))
    assert is_in_order(delta, SLICED, limit_of(delta))


def test_files_that_all_hold_every_day_are_not(tmp_path):
    delta = table_of(tmp_path, *[range(0, 40)] * 4)
    assert not is_in_order(delta, SLICED, limit_of(delta))
    assert is_in_order(delta, WHOLE, limit_of(delta))


def test_a_file_of_a_single_day_inside_a_sliced_table_is_in_order(tmp_path):
    delta = table_of(tmp_path, range(0, 10), range(5, 6), range(10, 20), range(20, 30))
    assert is_in_order(delta, SLICED, limit_of(delta))


def test_many_files_that_would_fit_into_one_are_not_in_order(tmp_path):
    delta = table_of(tmp_path, *[range(day, day + 1) for day in range(5)])
    assert not is_in_order(delta, SLICED, log.size(delta).bytes * 2)
    assert not is_in_order(delta, WHOLE, log.size(delta).bytes * 2)


def test_optimizing_cuts_a_table_by_its_day_so_that_a_day_is_read_from_few_files(optimized):
    lake, done = optimized
    told = done["silver.session_events"]
    assert not told.is_left_alone
    days = [(each["min.session_date"], each["max.session_date"]) for each in files(lake, told.table)]
    assert len(days) == told.after.files > 2
    assert all(earlier[1] <= later[0] for earlier, later in zip(sorted(days), sorted(days)[1:], strict=False))


def test_optimizing_asks_for_no_run_and_is_published_at_once(optimized, two_runs):
    lake, _ = optimized
    assert plan(lake) == []
    assert runner.run(lake, print) is None
    published = lake.ledger.published()
    assert published.command == "lakehouse maintain optimize"
    name = "silver.session_events"
    assert published.versions[name] == lake.store.version(name) > two_runs.store.version(name)
    assert rows(lake, name) == rows(two_runs, name)


def test_optimizing_again_leaves_every_table_alone(optimized):
    lake, _ = optimized
    before = len(lake.ledger.runs())
    assert all(each.is_left_alone for each in optimize.optimize(lake, print))
    assert len(lake.ledger.runs()) == before


def test_optimized_tables_keep_their_statistics_and_every_reader(optimized):
    lake, done = optimized
    for name in (name for name, each in done.items() if not each.is_left_alone):
        kept = {key.split(".")[1] for each in files(lake, name) for key in each if key.startswith("min.")}
        assert kept == set(lake.contracts[name].cluster_by)
        assert lake.store.delta(name).protocol().min_reader_version == 1


def test_after_optimizing_and_vacuum_a_later_file_is_taken_up_by_increment(optimized, tmp_path):
    lake = copy(optimized[0], tmp_path)
    vacuum.vacuum(lake, print, hours=0, is_applied=True)
    assert plan(lake) == []
    land(lake, tmp_path, *[f"{START + 240 * HOUR + n},8{n},view,3," for n in range(5)])
    done = runner.run(lake, print)
    assert {each.table: each.mode for each in done.results}["silver.session_events"] == "incremental"
    assert lake.store.rows("silver.session_events") == lake.store.rows("silver.events") == 4025


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


def test_what_a_run_wrote_and_did_not_publish_is_no_matter_of_maintenance(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    lake.store.overwrite(lake.tables["gold.funnel"], lake.store.read("gold.funnel").limit(1), "died")
    for act in (
        lambda: optimize.optimize(lake, print),
        lambda: vacuum.vacuum(lake, print, hours=0, is_applied=True),
        lambda: restore(lake, print, "gold.activity", 1, is_applied=True),
    ):
        with pytest.raises(LakehouseError, match=r"did|before it published what it wrote: gold\.funnel") as raised:
            act()
        assert (raised.value.code, raised.value.remedy) == (Exit.USAGE, "lakehouse run")


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


def test_an_optimize_and_a_vacuum_that_died_at_every_step_are_ended_by_the_same_commands(two_runs, optimized, tmp_path):
    lake, maintain = copy(two_runs, tmp_path), ("-m", "lakehouse.cli", "maintain")
    rewritten = [name for name, each in optimized[1].items() if not each.is_left_alone]
    first, last = rewritten[0], rewritten[-1]
    die(lake.settings.lake_path, f"optimized.{first}", *maintain, "optimize", LAKEHOUSE_MAINTENANCE__FILE_MB="0.01")
    die_within(f"optimized.{last}", partial(optimize.optimize, of(lake.settings.lake_path), print))
    optimize.optimize(lake, print)
    removable = vacuum.vacuum(lake, print, 0, is_applied=False)
    first, *others = [each.table for each in removable if each.table in lake.contracts]
    die(lake.settings.lake_path, f"vacuumed.{first}", *maintain, "vacuum", "--older-than", "0", "--apply")
    for name in others:
        die_within(f"vacuumed.{name}", partial(vacuum.vacuum, of(lake.settings.lake_path), print, 0, is_applied=True))
    vacuum.vacuum(lake, print, 0, is_applied=True)
    assert vacuum.vacuum(lake, print, 0, is_applied=False) == []
    assert all(rows(lake, each) == rows(two_runs, each) for each in lake.tables if not each.startswith("ml."))
    assert plan(lake) == []


def test_the_commands_print_json(two_runs, tmp_path):
    lake = copy(two_runs, tmp_path)
    told = json.loads(cli(lake, "maintain", "vacuum", "--older-than", "0", "--json").stdout)
    assert {"hours": 0, "is_applied": False}.items() <= told.items()
    assert told["removed"][0]["size"]["files"] > 0
    version = str(lake.ledger.runs()[0].versions["gold.funnel"])
    told = json.loads(cli(lake, "restore", "gold.funnel", "--version", version, "--json").stdout)
    assert (told["is_applied"], told["version"]) == (False, None)


def cli(lake: Lake, *arguments: str, failpoint: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process group of its own, which dies at the failpoint."""
    named = {"LAKEHOUSE_LAKE": str(lake.settings.lake_path)} | ({"LAKEHOUSE_FAILPOINT": failpoint} if failpoint else {})
    command = [sys.executable, "-m", "lakehouse.cli", *arguments]
    return subprocess.run(
        command, env=os.environ | named, cwd=settings.PROJECT, start_new_session=True, capture_output=True
    )


def files(lake: Lake, name: str) -> list[dict]:
    return pa.table(lake.store.delta(name).get_add_actions(flatten=True)).to_pylist()


def rows(lake: Lake, name: str, version: int | None = None) -> list[str]:
    """The published rows of a table, or those of a version, without what differs between two runs; in any order."""
    wanted = lake.ledger.published().versions[name] if version is None else version
    return sorted(
        str({k: v for k, v in row.items() if k[0] != "_"}) for row in lake.store.arrow(name, wanted).to_pylist()
    )
