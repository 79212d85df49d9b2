"""A version counts only with its table: another one in its place is a full refresh of whatever reads it."""

import shutil

import pytest

from lakehouse.lake import Lake

from ... import invariants
from ..conftest import NEXT_DAY, NOON, VIEW

LATER = f"{NOON + 60_000},1,addtocart,7,"


def remove(lake: Lake, name: str) -> None:
    shutil.rmtree(lake.store.uri(name))


def reasons(call, *selectors: str) -> dict[str, str]:
    return {each["table"]: each["reason"] for each in call("plan", *selectors, "--json").json}


def test_no_row_is_missing_where_bronze_was_made_anew_by_a_run_of_its_own(run_once, call, land):
    land("b.csv", LATER, *[VIEW] * 3)
    remove(run_once, "bronze.events")
    call("run", "bronze.events")
    assert reasons(call)["silver.events"] == "bronze.events was made anew"
    call("run")
    assert run_once.store.rows("silver.events") == 3
    assert run_once.store.arrow("gold.daily_kpis").to_pylist()[0]["num_cart_sessions"] == 1


@pytest.mark.parametrize(
    "name",
    ["bronze.events", "silver.events", "silver.events_quarantine", "silver.session_events", "gold.visitor_days"],
)
def test_a_lake_of_which_a_table_was_removed_is_whole_after_a_run(run_once, call, name):
    before = invariants.contents(run_once)
    remove(run_once, name)
    assert call("run").code == 0
    assert invariants.contents(run_once) == before
    assert call("plan", "--json").json == []


@pytest.mark.parametrize(
    ("name", "planned"),
    [
        ("silver.events_quarantine", "silver.events"),
        ("silver.sessions", "silver.sessions"),
        ("silver.sessions", "gold.session_features"),
    ],
)
def test_a_table_made_anew_is_told_by_its_id_where_its_version_is_the_same(run_once, call, name, planned):
    call("maintain", "vacuum", "--apply")  # publishes every table again, and builds none
    version, contract = run_once.store.version(name), run_once.contracts[name]
    remove(run_once, name)
    run_once.store.create(contract)
    while run_once.store.version(name) < version:
        run_once.store.overwrite(contract, run_once.store.read(name), "run")
    assert reasons(call)[planned] == f"{name} was made anew"


def test_refused_rows_are_set_aside_again_where_a_run_died_that_had_made_their_table_anew(run_once, call, land):
    before = invariants.contents(run_once)
    remove(run_once, "silver.events_quarantine")
    run_once.store.create(run_once.contracts["silver.events_quarantine"])
    call("quarantine", "discard", "silver.events", "--apply")
    assert reasons(call)["silver.events"] == "silver.events_quarantine was made anew"
    call("run")
    assert invariants.contents(run_once) == before


def test_a_table_put_back_from_an_older_copy_refreshes_what_reads_it(run_once, call, land, tmp_path):
    shutil.copytree(run_once.store.uri("silver.sessions"), tmp_path / "sessions")
    land("b.csv", LATER.replace(",1,", ",2,"), *[VIEW] * 3)
    call("run")
    before = invariants.contents(run_once)
    remove(run_once, "silver.sessions")
    shutil.copytree(tmp_path / "sessions", run_once.store.uri("silver.sessions"))
    told = reasons(call)
    assert told["silver.sessions"] == "silver.sessions was made anew"
    assert told["gold.visitor_days"] == "silver.sessions was made anew"
    call("run")
    assert invariants.contents(run_once) == before


def test_only_the_tables_that_are_asked_for_and_what_they_read_are_touched(call, land, lake):
    land("a.csv", VIEW, NEXT_DAY)
    call("run", "+silver.events")
    assert {name for name in lake.contracts if lake.store.exists(name)} == {
        "bronze.events",
        "silver.events",
        "silver.events_quarantine",
    }
    assert lake.ledger.published().versions.keys() == {"bronze.events", "silver.events", "silver.events_quarantine"}


def test_a_changed_comment_builds_nothing_and_empties_nothing(run_once, call, monkeypatch):
    from bronze import events
    from silver import sessions

    for table in (events.table, sessions.table):
        monkeypatch.setattr(table, "schema", table.schema.replace("COMMENT 'anonymous", "COMMENT 'nameless"))
        monkeypatch.setattr(table, "schema", table.schema.replace("COMMENT 'visitor,", "COMMENT 'a visitor,"))
        monkeypatch.delitem(table.__dict__, "columns", raising=False)
    before = run_once.store.version("silver.sessions"), run_once.store.rows("bronze.events")
    assert call("plan", "--json").json == []
    assert call("run", "--json").json["status"] == "nothing to do"
    assert (run_once.store.version("silver.sessions"), run_once.store.rows("bronze.events")) == before
