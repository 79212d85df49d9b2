"""A lake that the release before kept opens, is upgraded by one full refresh, and goes on by increments.

`tests/lakes/release_0.1.tar.gz` holds both deliveries, landed and run one after the other by that release on Apache Spark,
with one refused row discarded; the file `format` did not exist then.
"""

import tarfile
from pathlib import Path

import pytest

from lakehouse.lake import Lake

from .. import invariants
from ..deliveries import DAY, START, Delivery
from .conftest import Call, copied

ARCHIVE = Path(__file__).parents[1] / "lakes" / "release_0.1.tar.gz"
DISCARD = ("quarantine", "discard", "silver.events", "--rule", "visitor is an integer", "--apply")
THIRD = Delivery(
    good={"events": [f"{START + 3 * DAY},903,view,1,", f"{START + 3 * DAY + 1000},903,addtocart,1,"]}, bad={}
)
BRONZE_ROWS = {"bronze.category_tree": 6, "bronze.events": 859, "bronze.item_properties": 47}


@pytest.fixture
def kept(lake: Lake) -> Lake:
    """This test's lake, as the release before left it."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(lake.settings.lake_path.parent, filter="data")
    (lake.settings.lake_path.parent / "release").rename(lake.settings.lake_path)
    return lake


@pytest.fixture
def anew(whole: Lake, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """The same files in a lake of this release, with the same row discarded."""
    made = copied(whole, tmp_path / "anew")
    with monkeypatch.context() as patched:
        patched.setenv("LAKEHOUSE_LAKE", str(made.settings.lake_path))
        assert call(*DISCARD).code == 0
    return made


def bronze_rows(lake: Lake) -> dict[str, int]:
    return {name: lake.store.rows(name) for name in BRONZE_ROWS}


def test_a_lake_of_the_release_before_can_be_looked_at_without_a_change(kept, call):
    tables = {each["table"]: each["rows"] for each in next(iter(call("status", "--json").json.values()))}
    assert BRONZE_ROWS.items() <= tables.items()
    assert [run["status"] for run in call("runs", "ls", "--json").json] == ["published"] * 3
    refused = [(each["number"], each["rows"]) for each in call("quarantine", "ls", "--json").json]
    assert refused == [(1, 1), (2, 1), (4, 1), (3, 1), (5, 1)]
    assert not (kept.settings.lake_path / "format").exists()


def test_its_upgrade_is_announced_as_a_full_refresh_of_silver_and_gold(kept, call):
    steps = {step["table"]: step for step in call("plan", "--json").json}
    built = {name for name, table in kept.tables.items() if table.is_built_by_run and table.upstreams}
    assert steps.keys() == built
    assert {step["mode"] for step in steps.values()} == {"full_refresh"}


def test_one_run_upgrades_it_to_the_tables_of_a_lake_made_anew(kept, anew, call):
    said = call("run")
    assert (said.code, "An earlier release kept this lake: silver and gold are built anew, once." in said.err) == (
        0,
        True,
    )
    assert bronze_rows(kept) == BRONZE_ROWS == bronze_rows(anew)
    assert invariants.difference(kept, anew) == []
    versions = invariants.all_versions(kept)
    assert "Nothing to do" in (again := call("run")).out + again.err
    assert "An earlier release" not in again.err
    assert invariants.all_versions(kept) == versions


def test_after_its_upgrade_a_delivery_is_taken_up_by_increment(kept, anew, call, tmp_path, monkeypatch):
    assert call("run").code == 0
    for lake in (kept, anew):
        THIRD.land(lake, tmp_path)
    assert call("run").code == 0
    modes = {each.table: each.mode for each in kept.ledger.published().results}
    assert {modes[name] for name in ("silver.events", "silver.session_events", "silver.sessions")} == {"incremental"}
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(anew.settings.lake_path))
    assert call("run", "--full-refresh", "silver.events").code == 0
    assert invariants.difference(kept, anew) == []
