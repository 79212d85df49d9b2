"""A lake in an object store holds what a lake in a folder holds, and every command works on it."""

import pickle
import shutil

import pytest

from bronze import landing
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.landing import csv_reader
from lakehouse.runs import runner

from ... import invariants
from ...conftest import settings_of
from ...deliveries import FIRST, SECOND
from ...object_stores import move, objects, settings_in


@pytest.fixture(scope="module")
def local(spark, tmp_path_factory) -> Lake:
    """A lake in a folder, after one run over both deliveries."""
    lake = open_lake(settings_of(tmp_path_factory.mktemp("local") / "lake"))
    FIRST.land(lake, tmp_path_factory.mktemp("first"))
    SECOND.land(lake, tmp_path_factory.mktemp("second"))
    runner.run(lake, print)
    return lake


@pytest.fixture(scope="module")
def stored(object_server, tmp_path_factory) -> Lake:
    """A lake in the object store, after a run over each delivery."""
    lake = open_lake(settings_in(object_server, tmp_path_factory.mktemp("stored") / "lake", "stored"))
    for delivery in (FIRST, SECOND):
        delivery.land(lake, tmp_path_factory.mktemp("files"))
        runner.run(lake, print)
    return lake


def test_its_tables_are_those_of_a_lake_in_a_folder_value_by_value(local, stored):
    assert invariants.difference(stored, local) == []
    assert invariants.unaccounted(stored, [FIRST, SECOND]) == []


def test_no_table_lies_in_the_lakes_own_folder(stored):
    assert [path for path in stored.settings.lake_path.rglob("*.parquet")] == []
    layers = {path.split("/")[0] for path in objects(stored.settings)}
    assert layers >= {"bronze", "silver", "gold", "ledger"}


def test_landed_files_lie_in_the_store_once_and_whole(stored, tmp_path):
    paths = FIRST.write(tmp_path)
    there = {path: size for path, size in objects(stored.settings).items() if path.endswith(".csv")}
    first = {f"landing/{each.place}": each.size for each in stored.landing.receipts() if each.number <= len(paths)}
    assert sorted(first.values()) == sorted(path.stat().st_size for path in paths)
    assert first.items() <= there.items()
    landing.accept(stored.landing, paths[0])
    assert {path: size for path, size in objects(stored.settings).items() if path.endswith(".csv")} == there
    assert [path for path in stored.settings.lake_path.rglob("*.csv")] == []


def test_a_part_of_a_landed_file_is_read_by_its_own_bytes(stored):
    receipt = stored.landing.receipts("events")[0]
    parts = [part for batch in csv_reader.split_into_parts(stored.landing, [receipt], 1000) for part in batch]
    sent = pickle.loads(pickle.dumps(parts))
    read = [line for part in sent for line in csv_reader._read_lines(part)[0].splitlines()]
    assert len(parts) > 3
    assert read == stored.landing.file(receipt).open().read().splitlines()[1:]


def test_a_landed_file_that_was_changed_in_the_store_stops_the_run_in_a_sentence(object_server, tmp_path):
    lake = open_lake(settings_in(object_server, tmp_path / "lake", "changed"))
    FIRST.land(lake, tmp_path)
    receipt = lake.landing.receipts("events")[0]
    lake.landing.files.put(receipt.place, b"another")
    with pytest.raises(LakehouseError, match=f"s3://.*/{receipt.place} was changed after it came in") as raised:
        runner.run(lake, print)
    assert raised.value.code == Exit.REFUSED


def test_a_lake_that_was_copied_into_the_store_has_nothing_to_do_and_the_same_tables(local, object_server, tmp_path):
    folder = shutil.copytree(local.settings.lake_path, tmp_path / "lake")
    settings = settings_in(object_server, folder, "moved")
    move(folder, settings, "bronze", "silver", "gold", "ml", "ledger", "landing")
    for part in ("bronze", "silver", "gold", "ml", "ledger"):
        shutil.rmtree(folder / part)
    moved = open_lake(settings)
    assert runner.run(moved, print) is None
    assert invariants.difference(moved, local) == []
