"""A commit stands on the snapshot that its rows were computed from, after they were judged, and is durable."""

import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.expectations import expect_or_fail
from lakehouse.privacy import redaction
from lakehouse.privacy.subject import DataSubject
from lakehouse.storage import log
from lakehouse.storage.data_skipping import Bounds
from lakehouse.storage.ledger import LEDGER
from lakehouse.table import Table, rebuild

DAY = date(2015, 6, 1)

table = Table(
    name="silver.counts",
    comment="One row per count.",
    key=["count"],
    refresh=rebuild(),
    cluster_by=["day"],
    schema="""
        day   DATE   NOT NULL COMMENT 'day',
        count BIGINT          COMMENT 'count'
    """,
    expectations=[expect_or_fail("count is small", "count < 10")],
)


@pytest.fixture
def store(spark, lake):
    """The tables of a lake with the counts 0, 1 and 2, as a run under its lock sees them."""
    lake.store.create(table)
    lake.store.overwrite(table, rows(spark, 3), "run")
    with lake.store.pinned():
        yield lake.store


def rows(spark, count: int):
    return spark.range(count).select(F.lit(DAY).alias("day"), F.col("id").alias("count"))


def counts(store) -> list[int]:
    return sorted(DeltaTable(store.uri(table.name)).to_pyarrow_table()["count"].to_pylist())


def append(store) -> None:
    rows = pa.table({"day": [DAY], "count": pa.array([7], pa.int64())})
    write_deltalake(store.uri(table.name), rows, mode="append")


def optimize(store) -> None:
    append(store)
    DeltaTable(store.uri(table.name)).optimize.compact()


def make_anew(store) -> None:
    """Put another table with as many versions in the place of the one that was read."""
    version = store.version(table.name)
    os.rename(store.uri(table.name), f"{store.uri(table.name)}-old")
    for _ in range(version + 1):
        append(store)
    for path in Path(f"{store.uri(table.name)}-old").glob("*.parquet"):  # so that nothing but the id tells
        shutil.copy(path, store.uri(table.name))


WRITES = {
    "overwrite": lambda store, spark: store.overwrite(table, rows(spark, 2), "run"),
    "append": lambda store, spark: store.append(table, rows(spark, 2), "run"),
    "replace": lambda store, spark: store.replace(table, rows(spark, 1), rows(spark, 0), Bounds(), 1, "run"),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("other", [append, optimize, make_anew])
def test_what_another_program_does_meanwhile_is_neither_lost_nor_doubled_but_told(store, spark, write, other):
    assert len(log.files(store.delta(table.name))) > 0
    other(store)
    before = counts(store)
    with pytest.raises(
        LakehouseError, match=r"Another program changed silver\.counts while it was being written"
    ) as raised:
        WRITES[write](store, spark)
    assert (raised.value.remedy, raised.value.code) == ("lakehouse run", Exit.FAILED)
    assert counts(store) == before


@pytest.mark.parametrize("write", WRITES)
def test_files_of_a_commit_that_failed_are_removed(store, spark, write):
    store.delta(table.name)
    append(store)
    before = sorted(os.listdir(store.uri(table.name)))
    with pytest.raises(LakehouseError):
        WRITES[write](store, spark)
    assert sorted(os.listdir(store.uri(table.name))) == before


def test_a_table_whose_new_rows_break_a_rule_keeps_its_version_and_its_files(store, spark):
    version, before = store.version(table.name), sorted(os.listdir(store.uri(table.name)))
    with pytest.raises(LakehouseError, match="2 rows break “count is small”") as raised:
        store.overwrite(table, rows(spark, 12), "run")
    assert raised.value.code == Exit.REFUSED
    assert (DeltaTable(store.uri(table.name)).version(), counts(store)) == (version, [0, 1, 2])
    assert sorted(os.listdir(store.uri(table.name))) == before


def test_data_files_and_the_log_are_on_the_disk_before_a_write_returns(store, spark, synced):
    version = store.append(table, rows(spark, 1), "run")
    (added,) = log.commit(store.delta(table.name), version).added
    folder = os.path.realpath(store.uri(table.name))
    entry = f"{folder}/_delta_log/{version:020d}.json"
    assert {f"{folder}/{added}", folder, entry, f"{folder}/_delta_log"} <= synced


def test_what_sums_a_log_up_is_on_the_disk_before_a_write_returns(store, spark, synced):
    for _ in range(10):  # the interval of checkpoints
        store.append(table, rows(spark, 1), "run")
    folder = Path(os.path.realpath(store.uri(table.name)), "_delta_log")
    (checkpoint,) = folder.glob("*.checkpoint.parquet")
    assert {f"{folder}/_last_checkpoint", str(checkpoint)} <= synced


def test_a_ledger_is_on_the_disk_anew_before_an_erasure_removes_what_quoted_the_visitor(run_once, synced, monkeypatch):
    monkeypatch.setattr(DeltaTable, "vacuum", lambda *_, **__: 1 / 0)
    (run,) = run_once.ledger.runs()
    run_once.ledger.record(replace(run, status="failed", error="The value '12' is odd.", reads={}))
    synced.clear()
    with pytest.raises(ZeroDivisionError):
        redaction.clean_ledger(run_once.store, DataSubject(12))
    folder = os.path.realpath(run_once.store.uri(LEDGER))
    (added,) = log.commit(run_once.store.delta(LEDGER), run_once.store.version(LEDGER)).added
    assert {f"{folder}/{added}", f"{folder}/_delta_log/{run_once.store.version(LEDGER):020d}.json"} <= synced


def test_another_programs_optimize_changes_nothing_for_whoever_reads_and_its_append_does(lake, spark):
    lake.store.create(table)
    for _ in range(2):
        lake.store.append(table, rows(spark, 2), "run")
    before = lake.store.version(table.name)
    DeltaTable(lake.store.uri(table.name)).optimize.compact()
    (compacted,) = log.since(lake.store.delta(table.name), before)
    assert (compacted.operation, compacted.is_neutral) == ("OPTIMIZE", True)
    append(lake.store)
    assert [each.is_neutral for each in log.since(lake.store.delta(table.name), before)] == [True, False]


def test_a_changed_comment_is_a_neutral_commit_and_a_changed_column_is_not(lake):
    lake.store.create(table)
    delta = lake.store.delta(table.name)
    delta.alter.set_column_metadata("day", {"comment": "another"})
    delta.alter.add_columns([pa_field("extra")])
    told = log.since(lake.store.delta(table.name), 0)
    assert [each.is_neutral for each in told] == [True, False]


def pa_field(name: str):
    from deltalake import Field

    return Field(name, "string")
