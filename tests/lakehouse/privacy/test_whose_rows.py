"""Whose rows an erasure takes: the visitor's and nobody else's; landing, receipts and bronze agree afterwards."""

import json
import shutil

import pytest

from app.sql.history import Asked, History
from bronze import landing
from lakehouse.lake import Lake

from ..conftest import EVENTS, NOON

WITH_NOTE = f"{EVENTS},note"


@pytest.fixture
def erase(call):
    """Erase a visitor through the command line; return what was removed."""

    def command(visitor: int) -> dict[str, int]:
        said = call("erase", "--visitor", str(visitor), "--apply", "--json")
        assert said.code == 0, said.err
        return said.json["removed"]

    return command


def landed(lake: Lake) -> list[str]:
    return [line for path in sorted(lake.landing.folder.glob("events/*.csv")) for line in path.read_text().splitlines()]


def bronze(lake: Lake) -> list[tuple[str | None, str | None]]:
    return sorted(((row["visitorid"], row["_rest"]) for row in lake.store.arrow("bronze.events").to_pylist()), key=str)


def test_a_space_before_a_quoted_field_moves_no_line_to_another_visitor(no_gold, lake, call, land, erase):
    header = "timestamp, visitorid, event, itemid, transactionid, note"
    of_others = [
        f'{NOON + 1}, 3000, view, 1077, , "green, grey"',
        f"{NOON + 2}, 3000, view, 602, , plain",
        f"{NOON + 3}, 3001, view, 1077, , plain",
    ]
    land("a.csv", f'{NOON}, 1077, view, 601, , "green, grey"', *of_others, header=header)
    assert call("run").code == 0
    (place,) = [place for place in call("export", "--visitor", "1077").json if place.startswith("landing/")]
    assert [line["number"] for line in call("export", "--visitor", "1077").json[place]] == [2]
    assert erase(1077)[place] == 1
    assert landed(lake) == [header, *of_others]
    assert sorted(who.strip() for who, _ in bronze(lake)) == ["3000", "3000", "3001"]
    (account,) = call("receipts", "--json").json
    assert (account["lines"], account["passed"], account["num_refused"]) == (3, 3, 0)
    assert call("plan", "--json").json == []


def test_ids_that_stand_in_digests_times_and_counts_take_nobody_elses_row(lake, call, land, erase, monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_RUN__MAX_REFUSED_SHARE", "1.0")
    others = [
        *(f"{NOON + n},{100 + n},view,{item},,on 2026-07-00 at 07:42" for n, item in enumerate((0, 7, 42, 2026))),
        f"{NOON + 7},5.0,transaction,7,42,paid 42.70 for 2026.0.7",
        f"{NOON + 8},8693.0,view,2026,,",
        f"{NOON + 9},7.5,view,42,,",
        f"{NOON + 9},-42,view,7,,",
        f"{NOON + 9},,view,7,,",
        "2026-07-42,-7,42.5,7e3",
    ]
    theirs = [f"{NOON},{who},view,601,,x" for who in ("0", "7.0", "042", "2026")]
    land("1.csv", *others, *theirs, header=WITH_NOTE)
    land("2.csv", *[f"{NOON + 60_000 + n},{200 + n},view,601,," for n in range(20)], header=WITH_NOTE)
    assert call("run").code == 0
    before = [json.loads(path.read_text()) for path in sorted(lake.landing.folder.glob("receipts/*.json"))]
    untouched = [line for line in landed(lake) if line not in theirs]
    for who in (0, 7, 42, 2026):
        assert erase(who)["bronze.events"] == 1
        assert call("export", "--visitor", str(who)).json == {}
    assert landed(lake) == untouched
    assert len(bronze(lake)) == len(others) + 20
    after = [json.loads(path.read_text()) for path in sorted(lake.landing.folder.glob("receipts/*.json"))]
    changed = [{name for name in was if was[name] != now_is[name]} for was, now_is in zip(before, after, strict=True)]
    assert changed == [{"size", "lines", "written_ns", "content_sha256"}, set()]
    accounts = call("receipts", "--json").json
    assert [each["lines"] for each in accounts] == [len(others), 20]
    assert all(each["lines"] == each["passed"] + each["num_refused"] for each in accounts)
    assert call("run", "--full-refresh", "silver.events").code == 0


def test_another_visitors_note_loses_the_id_and_nothing_else(no_gold, lake, call, land, erase):
    line = f'{NOON}, 5 , view,"7", , "sent by 12, not 512 ""or"" 12.5" '
    land("a.csv", line, f"{NOON},12,view,1,,x", header=WITH_NOTE)
    assert call("run").code == 0
    erase(12)
    kept = line.replace("sent by 12", "sent by …")
    assert landed(lake) == [WITH_NOTE, kept]
    assert bronze(lake) == [("5 ", 'sent by …, not 512 "or" 12.5 ')]
    call("run", "--full-refresh", "silver.events", "silver.events")
    assert call("receipts", "--json").json[0]["lines"] == 1


@pytest.mark.parametrize("place", ["events/{}", "events/retracted/{}", "retracted/events/{}"])
def test_a_landed_file_without_a_receipt_and_one_set_aside_are_erased_from(no_gold, lake, call, land, erase, place):
    land("a.csv", f"{NOON},1,view,7,")
    assert call("run").code == 0
    path = lake.landing.folder / place.format("f" * 64 + ".csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"\ufeff{EVENTS}\r\n{NOON},12,view,7,\r\n{NOON},13,view,7,\r\n".encode())
    held = call("export", "--visitor", "12").json
    assert list(held) == [path.relative_to(lake.settings.lake_path).as_posix()]
    erase(12)
    assert path.read_bytes() == f"\ufeff{EVENTS}\r\n{NOON},13,view,7,\r\n".encode()
    assert call("run").code == 0


def test_of_a_file_in_the_landing_folder_that_did_not_land_every_line_is_free_text(no_gold, lake, call, land, erase):
    land("a.csv", f"{NOON},1,view,7,")
    path = lake.landing.folder / "events" / "notes.csv"
    path.write_text("who\n12\nsaw 12 today\nsaw 13\n")
    erase(12)
    assert path.read_text() == "who\nsaw 13\n"


def test_a_file_that_was_coming_in_when_its_process_died_is_removed(no_gold, lake, call, land, erase):
    land("a.csv", f"{NOON},12,view,7,")
    assert call("run").code == 0
    (lake.landing.folder / "events" / ".0123456789abcdef.part").write_text(f"{NOON},12,view,7,")
    erase(12)
    assert [path.name for path in lake.landing.folder.rglob("*.part")] == []


def test_a_receipt_loses_the_id_in_its_name_only_where_the_file_held_lines_of_the_visitor(
    no_gold, lake, call, land, erase
):
    land("clicks of 12.csv", f"{NOON},12,view,7,", f"{NOON},1,view,7,")
    land("delivery 12.csv", f"{NOON},2,view,12,")
    assert call("run").code == 0
    erase(12)
    assert [each["name"] for each in call("receipts", "--json").json] == ["clicks of ….csv", "delivery 12.csv"]


def test_a_discarded_row_that_is_erased_is_no_longer_counted(no_gold, lake, call, land, erase):
    land("a.csv", *[f"{NOON + n},1,view,7," for n in range(20)], "x,12,view,7,", "x,13,view,7,", "1,12", "1,14")
    assert call("run").code == 0
    rule = "line has the columns of its header"
    assert call("quarantine", "discard", "silver.events", "--rule", rule, "--apply").code == 0
    erase(12)
    (account,) = call("receipts", "--json").json
    assert [account[name] for name in ("lines", "passed", "num_refused", "discarded")] == [22, 20, 1, 1]


def test_a_log_loses_the_id_and_keeps_its_length(no_gold, lake, call, land, erase):
    land("a.csv", f"{NOON},12,view,7,")
    assert call("run").code == 0
    log = lake.settings.lake_path / "logs" / "trace.log"
    log.parent.mkdir(exist_ok=True)
    log.write_bytes(b"2026-12-12 12:12:12 \xff value '12' of 512\n" * 2)
    erase(12)
    assert log.read_bytes() == b"2026-12-12 12:12:12 \xff value '**' of 512\n" * 2


def test_erased_content_may_be_landed_again_as_what_was_received(no_gold, lake, call, land, erase, tmp_path):
    land("a.csv", f"{NOON},12,view,7,", f"{NOON},1,view,7,")
    assert call("run").code == 0
    erase(12)
    (tmp_path / "a.csv").write_text("\n".join([EVENTS, f"{NOON},12,view,7,", f"{NOON},1,view,7,"]) + "\n")
    assert landing.accept(lake.landing, tmp_path / "a.csv")[1] is False
    assert f"{NOON},12,view,7," not in landed(lake)


def test_a_file_that_was_taken_back_lands_again_without_the_visitors_erased_from_it(no_gold, lake, call, land, erase):
    land("a.csv", f"{NOON},12,view,7,", f"{NOON},1,view,7,")
    assert call("run").code == 0
    erase(12)
    assert call("retract", "1", "--reason", "too early", "--apply").code == 0
    assert call("run").code == 0
    assert bronze(lake) == []
    land("a.csv", f"{NOON},12,view,7,", f"{NOON},1,view,7,")
    assert call("run").code == 0
    assert (landed(lake), bronze(lake)) == ([EVENTS, f"{NOON},1,view,7,"], [("1", None)])
    assert [(each["number"], each["lines"], each["passed"]) for each in call("receipts", "--json").json] == [
        (1, 1, 0),
        (2, 1, 1),
    ]
    assert erase(1)["bronze.events"] == 1
    assert landed(lake) == [EVENTS]


def test_erased_content_that_was_lost_is_not_brought_back_by_landing_it_and_its_remedy_mends_the_lake(
    no_gold, lake, call, land, erase
):
    land("a.csv", f"{NOON},12,view,7,", f"{NOON},1,view,7,")
    land("b.csv", f"{NOON},2,view,7,")
    assert call("run").code == 0
    erase(12)
    lake.landing.file(lake.landing.receipt(1)).write_text(f"{EVENTS}\n")
    shutil.rmtree(lake.store.uri("bronze.events"))
    land("a.csv", f"{NOON},12,view,7,", f"{NOON},1,view,7,")
    assert landed(lake).count(f"{NOON},12,view,7,") == 0
    stopped = call("run")
    assert (stopped.code, "lakehouse land" in stopped.err) == (3, False)
    assert "lakehouse retract 1 --reason TEXT --apply" in stopped.err
    call("retract", "1", "--reason", "lost", "--apply")
    assert call("run").code == 0
    assert bronze(lake) == [("2", None)]


def test_an_id_that_stands_in_the_log_of_queries_alone_is_erased_there(no_gold, lake, call, land, erase):
    land("a.csv", f"{NOON},5,view,1,", header=EVENTS)
    assert call("run").code == 0
    queries = History(lake.settings.lake_path)
    queries.add(Asked("SELECT 907", "reader 1", "done", "", 1.0, 1, 1, {}))
    assert erase(907) == {"queries.sqlite": 1}
    assert [each.sql for each in queries.newest(9)] == ["SELECT …"]
    assert call("erase", "--visitor", "907", "--apply").code == 0
    assert len(bronze(lake)) == 1
