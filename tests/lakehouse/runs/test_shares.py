"""All rows of a table share by share are those of all at once, and so a table is made where memory is too small."""

from dataclasses import replace
from functools import reduce

import pytest
from pyspark.sql import DataFrame

from lakehouse.engine.frames import difference
from lakehouse.lake import open_lake
from lakehouse.runs import judging, runner, shares, snapshots
from lakehouse.runs.planner import Request
from lakehouse.settings import load
from lakehouse.table import discover

from ... import invariants
from ...conftest import settings_of
from ...killing import ended, start
from ..conftest import copied

REPLACED = [name for name, table in discover(load().layers).items() if table.refresh.kind == "replace"]
SHARES = 3
HUNGRY, FRUGAL = "gold.item_pairs", "gold.session_features"


@pytest.mark.parametrize("name", REPLACED)
def test_the_shares_of_a_table_make_its_rows(whole, name):
    table = whole.tables[name]
    first, *others = [snapshots.read(whole, each) for each in table.upstreams]
    frames = [judging.valid(table, judging.apply_source_filter(whole, table, first)), *others]
    made = [table.function(*shares.part(whole, table, frames, SHARES, each)) for each in range(SHARES)]
    assert difference(reduce(DataFrame.unionByName, made), whole.store.read(name)).collect() == []


def test_a_full_refresh_takes_no_more_rows_at_once_than_the_table_says(built_lake, tmp_path, monkeypatch):
    lake = copied(open_lake(settings_of(built_lake)), tmp_path / "lake")
    before, made = invariants.contents(lake), []
    table = lake.tables[HUNGRY]
    rows = sum(lake.store.rows(name) for name in table.upstreams)
    monkeypatch.setattr(table, "refresh", replace(table.refresh, rows_at_once=rows // 2 + 1))
    part = shares.part
    monkeypatch.setattr(shares, "part", lambda *asked: made.append(asked[-2:]) or part(*asked))
    runner.run(lake, print, Request((HUNGRY,), (HUNGRY,)))
    assert made == [(2, 0), (2, 1)]
    assert invariants.contents(lake) == before


def test_a_table_for_which_memory_is_too_small_is_made_alone_and_then_in_shares(built_lake, tmp_path):
    lake = copied(open_lake(settings_of(built_lake)), tmp_path / "lake")
    before = invariants.contents(lake)
    words = ("run", FRUGAL, HUNGRY, "--full-refresh", FRUGAL, "--full-refresh", HUNGRY)
    process = start(lake.settings.lake_path, "-m", "lakehouse.cli", *words, LAKEHOUSE_ENGINE__MEMORY="4m")
    code, output = ended(process)
    assert code == 0, output
    assert f"{HUNGRY} needs more memory than the engine has beside other tables: now one table at a time." in output
    assert f"{HUNGRY} needs more memory than the engine has: now all of it in 4 times as many shares." in output
    assert invariants.contents(lake) == before


def test_memory_of_apache_spark_that_is_too_small_is_told_once_shares_did_not_help(built_lake, tmp_path):
    lake = copied(open_lake(settings_of(built_lake)), tmp_path / "lake")
    surroundings = {"ENGINE__NAME": "spark", "SPARK__CONF": '{ "spark.memory.fraction" = "0.005" }'}
    named = {f"LAKEHOUSE_{name}": value for name, value in surroundings.items()}
    words = ("run", HUNGRY, "--full-refresh", HUNGRY)
    code, output = ended(start(lake.settings.lake_path, "-m", "lakehouse.cli", *words, **named))
    assert f"{HUNGRY} needs more memory than the engine has: now all of it in 4 times as many shares." in output
    assert "✗ Spark's memory of 1g (spark.driver_memory; for models 1g) is too small for this data." in output
    assert (code, "Traceback" in output) == (4, False)
