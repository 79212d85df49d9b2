"""`lakehouse retract`: afterwards the lake is what it would be without the file."""

import json
import shutil
from functools import partial

import pytest

from bronze import landing
from lakehouse.cli import main
from lakehouse.lake import Lake, open_lake
from lakehouse.landing.retraction import mark
from lakehouse.runs import retraction, runner

from ... import invariants
from ...conftest import settings_of
from ...deliveries import FIRST, HEADERS, SECOND
from ...killing import die, die_within
from ..conftest import BAD, NEXT_DAY, VIEW, copied

WRONG = {
    "events": [
        *FIRST.good["events"][40:60],
        "1433120000000,77,view,3,",
        "1433120060000,77,transaction,3,7",
        "x,1,view,1,",
    ],
    "item_properties": [
        *[f"1433000000000,{item},categoryid,5" for item in range(5)],
        "1433000000000,2,available,maybe",
    ],
}
ALL = ("silver.", "gold.", "bronze.")


def land(lake: Lake, folder, kind: str, lines: list[str], name: str) -> int:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("\n".join([HEADERS[kind], *lines]) + "\n")
    return landing.accept(lake.landing, path)[0].number


def without_file(lake: Lake) -> dict[str, list[str]]:
    """All rows of all tables and quarantines, without the columns that differ between two runs."""
    return {name: invariants._rows(lake, name) for name in lake.contracts if name.startswith(ALL)}


@pytest.fixture(scope="module")
def once(spark, tmp_path_factory) -> Lake:
    """A lake that had two wrong files between the deliveries, and runs after each. Read only."""
    folder = tmp_path_factory.mktemp("once")
    lake = open_lake(settings_of(folder / "lake"))
    FIRST.land(lake, folder)
    runner.run(lake, print)
    for kind, lines in WRONG.items():
        land(lake, folder / "wrong", kind, lines, f"wrong_{kind}.csv")
    SECOND.land(lake, folder)
    runner.run(lake, print)
    return lake


def wrong_numbers(lake: Lake) -> list[int]:
    return [each.number for each in lake.landing.receipts() if each.name.startswith("wrong_")]


def test_a_lake_whose_wrong_files_are_taken_back_equals_one_that_never_had_them(once, whole, tmp_path, monkeypatch):
    lake = copied(once, tmp_path / "lake")
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(lake.settings.lake_path))
    for number in wrong_numbers(lake):
        with pytest.raises(SystemExit) as ended:
            main.main(["retract", str(number), "--reason", "of another shop", "--apply"])
        assert ended.value.code == 0
    assert without_file(lake) == without_file(whole)
    assert lake.ledger.published().versions == {
        name: lake.store.version(name) for name in lake.ledger.published().versions
    }


def test_a_row_that_another_file_also_brought_stays(call, land, lake):
    land("a.csv", VIEW, NEXT_DAY)
    land("b.csv", VIEW, VIEW.replace(",7,", ",8,"))
    call("run")
    said = call("retract", "2", "--reason", "twice", "--apply", "--json")
    assert (said.code, said.json["is_taken_up"], said.json["run_id"]) == (0, True, lake.ledger.published().run_id)
    assert sorted(row["item_id"] for row in lake.store.arrow("silver.events").to_pylist()) == [7, 7]


def test_a_plan_and_a_run_say_that_rows_were_taken_back(call, land, lake):
    land("a.csv", VIEW)
    land("b.csv", NEXT_DAY)
    call("run")
    mark(lake.landing, 2, "wrong")
    planned = {each["table"]: each["reason"] for each in call("plan", "--json").json}
    assert planned["bronze.events"] == "1 file taken back"
    assert planned["silver.events"] == "rows were taken back from bronze.events"
    call("run", "bronze.events")
    assert call("plan", "silver.events", "--json").json[0]["reason"] == "rows were taken back from bronze.events"
    call("run")
    assert lake.store.rows("silver.events") == 1


def test_without_apply_nothing_is_taken_back(run_once, call):
    said = call("retract", "1", "--reason", "wrong")
    assert (said.code, said.out.endswith("do it: lakehouse retract 1 --reason TEXT --apply\n")) == (0, True)
    assert call("plan", "--json").json == []


def test_a_file_that_no_run_took_up_is_passed_over(run_once, call, land):
    land("b.csv", BAD, BAD)
    said = call("retract", "2", "--reason", "wrong", "--apply")
    assert (said.code, "which no run has taken up" in said.out) == (0, True)
    assert call("run", "--json").json["status"] == "nothing to do"


def test_a_file_that_was_passed_over_costs_no_later_run_anything(no_gold, run_once, call, land):
    land("b.csv", NEXT_DAY.replace(",7,", ",8,"))
    call("retract", "2", "--reason", "wrong", "--apply")
    land("c.csv", NEXT_DAY.replace(",7,", ",9,"))
    assert call("run").code == 0
    assert call("plan", "--json").json == []


def test_a_table_made_anew_after_a_file_was_taken_back_is_settled_by_one_run(no_gold, run_once, call, land):
    for number in (8, 9):
        land(f"{number}.csv", NEXT_DAY.replace(",7,", f",{number},"))
        call("run")
    call("retract", "2", "--reason", "wrong", "--apply")
    shutil.rmtree(run_once.store.uri("bronze.events"))
    assert call("run").code == 0
    assert call("plan", "--json").json == []
    assert sorted(row["item_id"] for row in run_once.store.arrow("silver.events").to_pylist()) == [7, 7, 9]


def test_a_file_that_stops_every_run_is_taken_back(run_once, call, land):
    land("b.csv", BAD, BAD)
    stopped = call("run")
    assert (stopped.code, "lakehouse retract 2 --reason TEXT --apply" in stopped.err) == (3, True)
    assert call("retract", "2", "--reason", "wrong", "--apply").code == 0
    assert run_once.store.rows("silver.events_quarantine") == 2


def test_what_was_taken_back_may_land_again_and_counts_once(run_once, call, land):
    before = invariants.contents(run_once)
    lines = (VIEW.replace(",7,", ",9,"), BAD.replace("x", "y"), NEXT_DAY)
    land("b.csv", *[lines[0]] * 5, lines[1])
    call("run")
    there = invariants.contents(run_once)
    call("retract", "2", "--reason", "too early", "--apply")
    assert invariants.contents(run_once) == before
    land("b.csv", *[lines[0]] * 5, lines[1])
    call("run")
    assert invariants.contents(run_once) == there
    states = [(each["number"], each["state"], each["passed"]) for each in call("receipts", "--json").json]
    assert states == [(1, "counted", 8), (2, "taken back", 0), (3, "counted", 5)]


def test_discards_of_a_file_that_is_taken_back_lapse(run_once, call, land):
    land("b.csv", *[VIEW] * 9, BAD.replace("x", "y"))
    call("run")
    call("quarantine", "discard", "silver.events", "--file", "b.csv", "--apply")
    call("retract", "2", "--reason", "wrong", "--apply")
    land("b.csv", *[VIEW] * 9, BAD.replace("x", "y"))
    call("run")
    account = call("receipts", "3", "--json").json[0]
    assert (account["num_refused"], account["discarded"]) == (1, 0)


def test_rows_that_an_older_copy_of_their_table_brings_back_leave_again(no_gold, call, land, lake, tmp_path):
    land("a.csv", VIEW)
    land("b.csv", NEXT_DAY)
    call("run")
    bronze, older = lake.store.uri("bronze.events"), tmp_path / "older"
    shutil.copytree(bronze, older)
    call("retract", "2", "--reason", "wrong", "--apply")
    shutil.rmtree(bronze)
    shutil.copytree(older, bronze)
    assert call("run").code == 0
    assert [lake.store.rows(name) for name in ("bronze.events", "silver.events")] == [1, 1]


@pytest.mark.parametrize("number", ["1", "9"])
def test_what_cannot_be_taken_back_is_a_matter_of_usage(run_once, call, number):
    call("retract", "1", "--reason", "wrong", "--apply")
    said = call("retract", number, "--reason", "wrong", "--apply")
    assert (said.code, said.err.startswith("✗ ")) == (2, True)


PLACES = ["receipt.written", "written.bronze.events", "written.silver.events"]


def test_a_retraction_that_died_anywhere_is_completed_by_the_next_run(once, whole, tmp_path):
    number, other = wrong_numbers(once)
    for place in PLACES:
        lake = copied(once, tmp_path / place)
        if place == PLACES[0]:
            command = ("-m", "lakehouse.cli", "retract", str(number), "--reason", "wrong", "--apply")
            die(lake.settings.lake_path, place, *command)
        else:
            die_within(place, partial(retraction.retract, lake, number, "wrong", print, is_applied=True))
            lake = open_lake(lake.settings)
        runner.run(lake, print)
        assert json.loads((lake.landing.folder / "receipts" / f"{number:08d}.json").read_text())["reason"] == "wrong"
        retraction.retract(lake, other, "wrong", print, is_applied=True)
        assert without_file(lake) == without_file(whole), place
