"""`history`, `diff` and `freshness`, as their user meets them; none of them starts Java."""

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from ..conftest import BAD, VIEW


@pytest.fixture(autouse=True)
def no_java(spark, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    monkeypatch.setattr("lakehouse.engine.session.start", lambda settings: 1 / 0)


def write_funnel(lake, change) -> None:
    """Write gold.activity again with changed rows."""
    rows = change(lake.store.arrow("gold.activity").to_pylist())
    schema = lake.store.arrow("gold.activity").schema
    write_deltalake(lake.store.uri("gold.activity"), pa.Table.from_pylist(rows, schema), mode="overwrite")


def test_the_history_names_the_run_behind_a_version_and_the_run_that_published_it(run_once, call):
    newest, created = call("history", "silver.events", "--json").json
    (run,) = run_once.ledger.runs()
    assert (newest["operation"], newest["rows"], newest["files"] > 0) == ("WRITE", 2, True)
    assert newest["run_id"] == newest["published_by"] == run.run_id
    assert (created["version"], created["published_by"]) == (0, "")


def test_the_history_of_a_quarantine_is_told_too(run_once, call):
    assert call("history", "silver.events_quarantine", "--json").json[0]["rows"] == 2


def test_a_difference_tells_added_removed_and_changed_rows(run_once, call):
    def change(rows):
        first, second = sorted(rows, key=lambda row: row["event_date"])
        return [first | {"num_events": 99}, second | {"event_type": "addtocart"}]

    write_funnel(run_once, change)
    found = call("diff", "gold.activity", "--from", "1", "--json").json
    assert found["counts"] == {"added": 1, "removed": 1, "changed": 1}
    assert found["examples"]["changed"][0]["num_events"] == {"before": 1, "after": 99}
    assert (
        "version 1 to 2: 1 row added · 1 row removed · 1 row changed"
        in call("diff", "gold.activity", "--from", "1").out
    )


def test_the_same_rows_in_other_files_are_no_difference(run_once, call):
    write_funnel(run_once, lambda rows: rows[::-1])
    assert set(call("diff", "gold.activity", "--from", "1", "--json").json["counts"].values()) == {0}


def test_without_a_key_rows_are_added_or_removed_and_never_changed(run_once, call):
    name = "silver.events_quarantine"
    rows = run_once.store.arrow(name)
    other = pa.Table.from_pylist([row | {"_rest": "other"} for row in rows.to_pylist()], rows.schema)
    write_deltalake(run_once.store.uri(name), other, mode="overwrite")
    counts = call("diff", name, "--from", "1", "--json").json["counts"]
    assert counts == {"added": 2, "removed": 2, "changed": 0}


def test_files_that_both_versions_hold_are_not_read(run_once, call):
    shared = run_once.store.delta("gold.activity").file_uris()[0]
    rows = run_once.store.arrow("gold.activity").slice(0, 1)
    write_deltalake(run_once.store.uri("gold.activity"), rows, mode="append")
    (run_once.settings.lake_path / "gold" / "activity" / shared.rsplit("/", 1)[-1]).unlink()
    assert call("diff", "gold.activity", "--from", "1", "--json").json["counts"]["added"] == 1


@pytest.mark.parametrize("arguments", [("--from", "7"), ("--from", "0", "--to", "7"), ("--from", "-1")])
def test_a_version_that_does_not_exist_is_named_with_those_that_do(run_once, call, arguments):
    said = call("diff", "gold.activity", *arguments)
    assert said.code == 2
    assert "its versions are 0 to 1." in said.err


def test_a_version_whose_files_are_gone_is_told_in_a_sentence(run_once, call):
    write_funnel(run_once, lambda rows: rows)
    kept = set(run_once.store.delta("gold.activity").file_uris())
    for uri in set(run_once.store.delta("gold.activity", 1).file_uris()) - kept:
        (run_once.settings.lake_path / "gold" / "activity" / uri.rsplit("/", 1)[-1]).unlink()
    said = call("diff", "gold.activity", "--from", "1")
    assert (said.code, "gold.activity no longer holds all files of version 1 or 2" in said.err) == (2, True)


def freshness(call) -> dict[str, dict]:
    return {each["table"]: each for each in call("freshness", "--json").json}


def test_freshness_tells_the_newest_instant_and_that_nothing_waits(run_once, call):
    events = freshness(call)["silver.events"]
    assert events["newest"].startswith("2015-06-02 12:00:00")
    assert (events["version"], events["waiting"], events["behind"]) == (1, 0, "")
    assert (
        freshness(call)["bronze.events"]["newest"]
        == run_once.landing.receipts()[0].received_at.replace("T", " ")[:23] + "000+00:00"
    )


def test_freshness_tells_how_many_files_wait_and_why_a_table_is_behind(run_once, call, land):
    land("b.csv", VIEW, BAD)
    found = freshness(call)
    assert (found["gold.activity"]["waiting"], found["silver.item_history"]["waiting"]) == (1, 0)
    assert found["bronze.events"]["behind"] == "1 new file"
    assert found["gold.activity"]["behind"] == "silver.events changed"
    assert found["silver.item_history"]["behind"] == ""
