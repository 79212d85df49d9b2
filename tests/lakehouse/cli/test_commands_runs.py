"""`plan`, `run`, `retry`, `backfill` and `runs`, as their user meets them."""

import json
from dataclasses import replace

import pytest

from lakehouse.runs.planner import Request
from lakehouse.storage.ledger import now

from ..conftest import BAD, NOON, VIEW

LATER = f"{NOON + 60_000},1,addtocart,7,"


def tables(said) -> dict[str, dict]:
    return {each["table"]: each for each in said.json["tables"]}


def test_a_plan_tells_what_is_read_and_why(call, land):
    land("a.csv", VIEW)
    planned = call("plan", "bronze.events", "silver.events", "--json").json
    assert [(each["table"], each["mode"], each["reason"]) for each in planned] == [
        ("bronze.events", "incremental", "1 new file"),
        ("silver.events", "full_refresh", "never built"),
    ]
    assert planned[0]["read"] == {"files": 1, "bytes": 71}


def test_a_plan_starts_no_java(call, land, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    land("a.csv", VIEW)
    assert call("plan", "bronze.events").out.splitlines()[-1] == "bronze.events  incremental  1      71 B   1 new file"


def test_nothing_to_do_is_a_plan_too(run_once, call):
    assert call("plan").out == "Nothing to do: every table is up to date.\n"
    assert call("plan", "--json").json == []
    assert call("run", "--json").json == {"run_id": None, "status": "nothing to do", "tables": []}


def test_a_full_refresh_is_planned_for_the_tables_named_and_those_that_follow(run_once, call):
    planned = call("plan", "--full-refresh", "gold.visitor_days", "--json").json
    assert [(each["table"], each["reason"]) for each in planned] == [
        ("gold.visitor_days", "asked for"),
        ("gold.funnel", "gold.visitor_days changed"),
        ("gold.daily_kpis", "gold.funnel changed"),
    ]


def test_landed_rows_are_never_computed_anew(call, land):
    land("a.csv", VIEW)
    said = call("run", "--full-refresh", "bronze.events")
    assert said.code == 2
    assert "bronze.events keeps landed rows as they came" in said.err


def test_a_run_of_selected_tables_tells_rows_files_and_bytes_of_each_and_leaves_the_others(run_once, call, land):
    land("b.csv", VIEW, *[LATER] * 6, BAD)
    built = tables(call("run", "+silver.events", "--json"))
    assert set(built) == {"bronze.events", "silver.events"}
    events = built["silver.events"]
    assert (events["mode"], events["rows_in"], events["rows_out"], events["refused"]) == ("incremental", 8, 1, 1)
    assert events["read"]["files"] > 0
    assert events["wrote"]["bytes"] > 0
    assert "silver.session_events" in call("plan").out


def test_a_retry_asks_for_the_same_again_and_builds_only_what_was_not_finished(run_once, call, monkeypatch):
    from gold import funnel

    with monkeypatch.context() as broken:
        broken.setattr(funnel.table, "function", lambda visitor_days: 1 / 0)
        failed = call("run", "--full-refresh", "gold.visitor_days", "gold.visitor_days+")
    assert failed.code == 1
    retried = call("retry", "--json")
    assert retried.code == 0
    assert set(tables(retried)) == {"gold.funnel"} | {"gold.daily_kpis"} & set(tables(retried))


def test_a_retry_looks_past_what_was_done_since_by_other_commands(run_once, call):
    (done,) = run_once.ledger.runs()
    failed = {"run_id": "failed", "status": "failed", "ended_at": now()}
    run_once.ledger.record(replace(done, **failed, request=Request(("gold.funnel",)).facts(), results=[]))
    run_once.ledger.record(replace(done, run_id="other", ended_at=now(), request={"selectors": []}))
    said = call("retry")
    assert (said.code, said.err) == (0, "Nothing to do: every table is up to date.\n")


def test_a_retry_where_there_was_no_run_is_a_matter_of_usage(call):
    said = call("retry")
    assert (said.code, said.err) == (2, "✗ There was no run yet.\n  → lakehouse run\n")


def test_a_retry_where_the_newest_run_did_not_fail_is_a_matter_of_usage(run_once, call):
    said = call("retry")
    assert (said.code, said.err.endswith("did not fail.\n  → lakehouse run\n")) == (2, True)


def test_a_backfill_changes_nothing_where_its_days_are_right(run_once, call):
    before = run_once.store.version("gold.activity")
    said = call("backfill", "--from", "2015-06-01", "--to", "2015-06-01", "gold.activity", "--json")
    assert (said.code, tables(said)["gold.activity"]["mode"]) == (0, "unchanged")
    assert run_once.store.version("gold.activity") == before


def test_a_backfill_mends_its_days_alone(run_once, call):
    newest = run_once.ledger.runs()[-1]
    nothing = run_once.store.read("gold.activity").limit(0)
    run_once.store.overwrite(run_once.tables["gold.activity"], nothing, newest.run_id)
    versions = {**newest.versions, "gold.activity": run_once.store.version("gold.activity")}
    run_once.ledger.record(replace(newest, versions=versions))
    call("backfill", "--from", "2015-06-02", "--to", "2015-06-02", "gold.activity")
    assert [str(row["event_date"]) for row in run_once.store.arrow("gold.activity").to_pylist()] == ["2015-06-02"]


@pytest.mark.parametrize("days", [("2015-06-02", "2015-06-01"), ("2015-06-31", "2015-07-01"), ("yesterday", "today")])
def test_days_that_are_none_or_in_the_wrong_order_are_a_matter_of_usage(call, days):
    assert call("backfill", "--from", days[0], "--to", days[1]).code == 2


def test_runs_are_listed_newest_first_and_shown_by_the_beginning_of_their_id(run_once, call, land):
    land("b.csv", BAD)
    call("run", "+silver.events")
    newest, first = call("runs", "ls", "--json").json
    assert (newest["status"], newest["command"], first["status"]) == (
        "failed",
        "lakehouse run +silver.events",
        "published",
    )
    assert newest["error"].startswith("silver.events refused 1 of 1 rows of b.csv")
    assert len(call("runs", "ls", "--limit", "1", "--json").json) == 1
    shown = call("runs", "show", first["run_id"][:-3], "--json").json
    events = next(each for each in shown["results"] if each["table"] == "silver.events")
    assert events["reads"] == {"bronze.events": 1}
    assert events["broken"] == {"day is the event's day": 0}
    assert call("runs", "show", "latest", "--json").json["run_id"] == newest["run_id"]
    assert "refused 1 of 1 rows of b.csv" in call("runs", "show", "latest").out


def test_an_id_that_no_run_or_several_have_is_a_matter_of_usage(run_once, call):
    run_once.ledger.record(replace(run_once.ledger.runs()[0], run_id="20991231T000000-abcdef"))
    assert "No run has the id 19" in call("runs", "show", "19").err
    several = call("runs", "show", "20")
    assert (several.code, "2 runs have an id that begins with 20" in several.err) == (2, True)


def test_run_results_tell_of_a_run_that_failed_what_was_built_and_what_was_skipped(run_once, call, land):
    path = run_once.settings.lake_path / "run_results.json"
    assert {each["status"] for each in json.loads(path.read_text())["tables"]} <= {"built", "unchanged"}
    land("b.csv", BAD)
    call("run", "+gold.activity")
    told = json.loads(path.read_text())
    assert told["status"] == "failed"
    assert told["error"].startswith("silver.events refused 1 of 1 rows of b.csv")
    status = {each["table"]: each["status"] for each in told["tables"]}
    assert status == {"bronze.events": "built", "silver.events": "skipped", "gold.activity": "skipped"}
