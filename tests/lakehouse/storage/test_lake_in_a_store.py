"""A lake in an object store holds what a lake in a folder holds, and every command works on it."""

import pytest

from lakehouse.lake import Lake, open_lake
from lakehouse.runs import runner

from ... import invariants
from ...conftest import settings_of
from ...deliveries import FIRST, SECOND
from ...object_stores import objects, settings_in


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
