"""Files put in order, on a real lake of two runs."""

from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from lakehouse.errors import Exit, LakehouseError
from lakehouse.maintenance import optimize, vacuum
from lakehouse.maintenance.optimize import is_in_order
from lakehouse.maintenance.restore import restore
from lakehouse.runs import runner
from lakehouse.runs.planner import plan
from lakehouse.storage import log
from lakehouse.table import Table, append, rebuild

from ...killing import die, die_within
from ..runs.test_runner import HOUR, land
from .conftest import START, copy, files, of, rows

SLICED = Table("gold.days", "One row per day.", [], rebuild(), "day BIGINT COMMENT 'day'", cluster_by=["day"])
WHOLE = Table("bronze.rows", "One row per line.", [], append(), "day BIGINT COMMENT 'day'")


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
