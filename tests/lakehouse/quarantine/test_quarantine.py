"""Refused rows: counted, shown, mended, judged again and discarded; no line of a landed file is ever lost."""

from dataclasses import replace

import pytest

from bronze import item_properties
from gold import funnel
from lakehouse.expectations import expect_or_quarantine
from lakehouse.quarantine import discard
from lakehouse.runs import judging
from silver import events, item_history

from ..conftest import BAD, EVENTS, NEXT_DAY, SHORT, VIEW

INTEGER, COLUMNS = "timestamp is an integer", "line has the columns of its header"
PROPERTIES = "timestamp,itemid,property,value"


def account(call, name: str = "first.csv") -> dict:
    return next(each for each in call("receipts", "--json").json if each["name"] == name)


def counts(call, name: str = "first.csv") -> tuple[int, int, int, int]:
    """Lines of a file, and how many of them passed, are refused, are discarded."""
    found = account(call, name)
    return found["lines"], found["passed"], found["num_refused"], found["discarded"]


@pytest.fixture
def lenient(monkeypatch):
    """silver.events as if it took what the rules refuse: the text x is an instant, too."""
    from pyspark.sql import functions as F

    transform = events.table.function
    rules = [each for each in events.table.expectations if "timestamp is" not in each.name]
    monkeypatch.setattr(
        events.table, "expectations", [*rules, expect_or_quarantine(INTEGER, f"{'timestamp'} IS NOT NULL")]
    )
    mended = F.when(F.col("timestamp") == "x", F.lit("1433160000001")).otherwise(F.col("timestamp"))
    monkeypatch.setattr(events.table, "function", lambda rows: transform(rows.withColumn("timestamp", mended)))


def test_refused_rows_are_counted_by_the_name_that_their_file_was_given_and_by_rule(run_once, call):
    (found,) = call("quarantine", "ls", "--json").json
    assert (found["table"], found["file"], found["rows"]) == ("silver.events", "first.csv", 2)
    assert (found["rules"][INTEGER], found["rules"][COLUMNS]) == (2, 1)


def test_refused_rows_are_shown_as_they_came_with_all_rules_they_break(run_once, call):
    shown = call("quarantine", "show", "silver.events", "--rule", COLUMNS, "--json").json
    assert [(each["file"], each["line"], each["rules"][0], len(each["rules"])) for each in shown] == [
        ("first.csv", SHORT, COLUMNS, 7)
    ]
    assert len(call("quarantine", "show", "silver.events_quarantine", "--rows", "1", "--json").json) == 1


def test_refused_lines_are_printed_below_their_header_to_be_mended_and_landed_again(run_once, call):
    header, *lines = call("quarantine", "show", "silver.events", "--csv").out.splitlines()
    assert (header, sorted(lines)) == (EVENTS, sorted([SHORT, BAD]))


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("silver.sessions",), "silver.sessions sets no rows aside."),
        (("silver.evnts",), "There is no table silver.evnts."),
        (("silver.events", "--file", "nope.csv"), "No file nope.csv of events has landed."),
        (("silver.events", "--file", "2"), "No file 2 of events has landed."),
        (("silver.events", "--rule", "nope"), "silver.events has no rule “nope”."),
    ],
)
def test_what_nobody_knows_is_met_with_a_sentence(run_once, call, arguments, said):
    for command in ("show", "discard"):
        met = call("quarantine", command, *arguments)
        assert (met.code, said in met.err) == (2, True)


def test_every_line_of_a_file_passed_or_is_refused_or_discarded(run_once, call):
    assert counts(call) == (10, 8, 2, 0)
    call("quarantine", "discard", "silver.events", "--rule", COLUMNS, "--apply")
    assert counts(call) == (10, 8, 1, 1)


def test_a_file_that_no_run_took_is_told_as_such(run_once, call, land):
    land("b.csv", VIEW)
    assert (account(call, "b.csv")["run_id"], counts(call, "b.csv")) == ("", (1, 0, 0, 0))
    assert account(call)["run_id"] == run_once.ledger.runs()[0].run_id
    assert "not yet" in call("receipts").out


def test_a_receipt_tells_the_first_refused_lines(run_once, call):
    (found,) = call("receipts", "1", "--json").json
    assert sorted(each["line"] for each in found["bad_lines"]) == sorted([SHORT, BAD])
    assert call("receipts", "first.csv", "--json").json == [found]
    assert call("receipts", "nope.csv").code == 2


def test_a_discard_is_a_dry_run_unless_it_is_told_to_apply(run_once, call):
    before = run_once.store.version("silver.events_quarantine"), len(run_once.ledger.runs())
    said = call("quarantine", "discard", "silver.events", "--rule", COLUMNS)
    assert said.err == (
        "1 row would be discarded; do it: lakehouse quarantine discard silver.events "
        "--rule 'line has the columns of its header' --apply\n"
    )
    assert (run_once.store.version("silver.events_quarantine"), len(run_once.ledger.runs())) == before


def test_a_discard_is_a_published_row_of_the_ledger_that_tells_how_many_of_which_file(run_once, call):
    call("quarantine", "discard", "silver.events", "--file", "first.csv", "--apply")
    run = run_once.ledger.runs()[-1]
    assert (run.status, run.command) == ("published", "lakehouse quarantine discard silver.events --file 1")
    assert {(each["number"], each["rows"]) for each in run.results[0].discarded} == {(1, 1)}
    assert run.versions["silver.events_quarantine"] == run_once.store.version("silver.events_quarantine")
    assert call("plan", "--json").json == []


def test_discarded_rows_stay_so_in_a_full_refresh(run_once, call):
    call("quarantine", "discard", "silver.events", "--rule", COLUMNS, "--apply")
    call("run", "silver.events", "--full-refresh", "silver.events")
    assert counts(call) == (10, 8, 1, 1)


def test_a_discard_that_died_before_its_row_in_the_ledger_is_entered_by_the_next_command(run_once, call, monkeypatch):
    with monkeypatch.context() as dying:
        dying.setattr(discard, "_record", lambda lake, run: 1 / 0)
        call("quarantine", "discard", "silver.events", "--rule", COLUMNS, "--apply")
    assert len(run_once.ledger.runs()) == 1
    assert counts(call) == (10, 8, 1, 1)
    call("run")
    assert [run.results[0].removed for run in run_once.ledger.runs()[1:]] == [1]
    assert counts(call) == (10, 8, 1, 1)
    call("run")
    assert len(run_once.ledger.runs()) == 2


def test_a_discard_does_not_undo_what_a_failed_run_finished(run_once, call, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(funnel.table, "function", lambda visitor_days: 1 / 0)
        call("run", "--full-refresh", "gold.visitor_days", "gold.visitor_days", "gold.funnel")
    call("quarantine", "discard", "silver.events", "--apply")
    planned = {each["table"] for each in call("plan", "--json").json}
    assert {"gold.funnel", "gold.daily_kpis"} <= planned
    assert "gold.visitor_days" not in planned
    tables = {each["table"]: each for each in call("status", "--json").json["tables"]}
    assert tables["silver.events"]["refused"] == 0


def test_before_anything_is_published_a_discard_publishes_nothing(spark, call, land, lake):
    land("a.csv", BAD)
    assert call("run", "+silver.events").code == 3
    assert call("quarantine", "discard", "silver.events", "--apply").code == 0
    assert lake.ledger.published() is None
    assert counts(call, "a.csv")[2:] == (0, 1)


def test_discarding_what_stopped_a_run_lets_the_next_one_go_on(run_once, call, land):
    land("b.csv", BAD, f"{VIEW}9")
    assert call("run", "+silver.events").code == 3
    call("quarantine", "discard", "silver.events", "--file", "b.csv", "--apply")
    assert call("run", "+silver.events").code == 0
    assert counts(call, "b.csv") == (2, 0, 0, 2)


def test_a_replay_lets_in_the_rows_that_hold_now_and_keeps_the_others(run_once, call, lenient):
    said = call("quarantine", "replay", "silver.events", "--json")
    built = {each["table"]: each for each in said.json["tables"]}
    assert (said.code, built["silver.events"]["mode"], built["silver.events"]["rows_out"]) == (0, "incremental", 1)
    assert built["silver.events"]["refused"] == 1
    assert "gold.activity" in built
    assert [each["line"] for each in call("quarantine", "show", "silver.events", "--json").json] == [SHORT]
    assert counts(call) == (10, 9, 1, 0)
    published = run_once.ledger.published().versions
    assert published["silver.events_quarantine"] == run_once.store.version("silver.events_quarantine")


def test_a_replay_of_rows_that_still_do_not_hold_adds_no_version(run_once, call):
    before = {name: run_once.store.version(name) for name in run_once.contracts}
    assert call("quarantine", "replay", "silver.events").code == 0
    assert {name: run_once.store.version(name) for name in run_once.contracts} == before


def test_a_replay_that_died_between_its_two_writes_leaves_no_row_in_both(run_once, call, land, lenient, monkeypatch):

    with monkeypatch.context() as dying:
        dying.setattr(judging, "release", lambda *_: 1 / 0)
        dying.setattr(type(run_once.ledger), "record", lambda *_: None)
        call("quarantine", "replay", "silver.events")
    assert counts(call) == (10, 8, 2, 0)
    land("b.csv", NEXT_DAY)
    call("run", "+silver.events")
    assert run_once.store.rows("silver.events") == 3
    assert counts(call) == (10, 9, 1, 0)


def test_refused_rows_of_a_run_that_died_are_not_set_aside_again_and_alike_ones_of_a_new_file_all_are(
    run_once, call, land, monkeypatch
):
    add = judging.add
    land("b.csv", BAD, *[VIEW] * 4)
    with monkeypatch.context() as dying:
        dying.setattr(judging, "add", lambda *asked: add(*asked) and 1 / 0)
        call("run", "+silver.events")
    land("c.csv", BAD, BAD, *[VIEW] * 8)
    assert call("run", "+silver.events").code == 0
    assert (counts(call, "b.csv"), counts(call, "c.csv")) == ((5, 4, 1, 0), (10, 8, 2, 0))


def test_a_replay_of_a_table_that_sets_nothing_aside_is_a_matter_of_usage(run_once, call):
    said = call("quarantine", "replay", "silver.item_history")
    assert (said.code, "silver.item_history has no row set aside." in said.err) == (2, True)


def test_a_replay_brings_a_table_that_is_replaced_by_values_up_to_the_rows_that_hold_now(
    run_once, call, land, monkeypatch
):
    good = [f"{1433100000000 + n},{n},available,1" for n in range(4)]
    land("p.csv", *good, "1433100000000,9,available,yes", header=PROPERTIES)
    call("run", "+silver.item_history")
    assert counts(call, "p.csv") == (5, 4, 1, 0)
    rules = [replace(r, rule="true") if "availability" in r.name else r for r in item_history.table.expectations]
    monkeypatch.setattr(item_history.table, "expectations", rules)
    call("quarantine", "replay", "silver.item_history")
    assert counts(call, "p.csv") == (5, 5, 0, 0)
    assert 9 in run_once.store.arrow("silver.item_history")["item_id"].to_pylist()


def test_rows_that_a_table_is_not_about_are_neither_judged_nor_taken(given, lake):
    lake.store.create(lake.contracts["silver.item_history_quarantine"])
    rows = given(
        item_properties.table,
        """
        timestamp     | itemid | property | value  | _source_file | _ingested_at        | _run_id | _rest
        1431226800000 | 1      | 790      | n1.000 | a.csv        | 2015-10-01 00:00:00 | run     |
        x             | 2      | 790      | n1.000 | a.csv        | 2015-10-01 00:00:00 | run     |
        x             | 3      | 888      | n1.000 | a.csv        | 2015-10-01 00:00:00 | run     |
        1431226800000 | 4      | 888      | n1.000 | a.csv        | 2015-10-01 00:00:00 | run     |
                      |        |          |        | a.csv        | 2015-10-01 00:00:00 | run     | 1,2
    """,
    )
    judged = judging.set_aside(lake, item_history.table, rows, "run")
    assert [row.itemid for row in judged.good.collect()] == ["1"]
    assert judged.refused == 2
    kept = lake.store.arrow("silver.item_history_quarantine").to_pylist()
    assert sorted(row["itemid"] or row["_rest"] for row in kept) == ["1,2", "2"]
