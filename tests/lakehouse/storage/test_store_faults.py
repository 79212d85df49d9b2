"""An object store that is slow, fails, loses answers, falls silent or lets nobody in: nothing lost, nothing twice."""

import json
from dataclasses import replace

import pytest

from bronze import landing
from lakehouse import settings as settings_module
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.object_store import Keys
from lakehouse.runs import runner
from lakehouse.storage import probe
from lakehouse.storage.ledger import LEDGER

from ...object_stores import KEYS, Door, settings_in

HEADER = "timestamp,visitorid,event,itemid,transactionid"
TABLES = ("bronze.events", "silver.events", "silver.sessions")
NOON, DAY = 1433160000000, 86_400_000


@pytest.fixture(autouse=True)
def few_tables(monkeypatch) -> None:
    monkeypatch.setenv("LAKEHOUSE_LAYERS", '["bronze", "silver"]')


@pytest.fixture
def lake(door: Door, tmp_path) -> Lake:
    """A lake in the store behind the door, of a name of its own."""
    return open_lake(settings_in(door.address, tmp_path / "lake", tmp_path.name))


def land(lake: Lake, tmp_path, day: int) -> None:
    path = tmp_path / f"day-{day}.csv"
    rows = [f"{NOON + day * DAY + i * 60_000},{i},view,{i % 3}," for i in range(5)]
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    landing.accept(lake.landing, path)


def rows(lake: Lake) -> list[int]:
    """How many rows the tables hold, and how many runs are published."""
    counts = [lake.store.arrow(name).num_rows for name in TABLES]
    return [*counts, len([run for run in lake.ledger.runs() if run.status == "published"])]


@pytest.mark.parametrize(
    ("table", "act"), [("bronze/events", "deny"), ("silver/sessions", "lose"), ("ledger", "deny"), ("ledger", "lose")]
)
def test_an_entry_whose_answer_was_lost_is_found_and_not_written_twice(lake, door, tmp_path, table, act):
    land(lake, tmp_path, 0)
    runner.run(lake, print)
    land(lake, tmp_path, 1)
    door.rule(match=rf"PUT .*{table}/_delta_log/\d{{20}}\.json", act=act, times=1)
    runner.run(lake, print)
    assert any(f"{table}/_delta_log/" in each and each.startswith("PUT") for each in door.seen())
    assert rows(lake) == [10, 10, 10, 2]
    assert [run.number for run in lake.ledger.runs()] == [1, 2]


@pytest.mark.parametrize(
    ("table", "act", "published"),
    [("silver/events", "cut", 1), ("silver/sessions", "down", 1), ("ledger", "down", 1), ("ledger", "lose", 2)],
)
def test_a_store_that_falls_silent_in_a_commit_loses_nothing_and_publishes_nothing_by_halves(
    lake, door, tmp_path, table, act, published
):
    land(lake, tmp_path, 0)
    runner.run(lake, print)
    land(lake, tmp_path, 1)
    door.rule(match=rf"{table}/_delta_log/0*[1-9]\d*\.json", act=act)
    with pytest.raises(LakehouseError) as raised:
        runner.run(lake, print)
    assert raised.value.code == Exit.ENVIRONMENT
    assert "lakehouse run" in raised.value.remedy or "repeat the command" in raised.value.remedy
    door.rule()
    again = open_lake(lake.settings)
    found = again.ledger.published()
    counts = {again.store.rows(name, found.versions[name]) for name in TABLES}
    assert (found.number, counts) == (published, {5 * published})
    runner.run(again, print)
    assert rows(again)[:3] == [10, 10, 10]
    assert runner.run(again, print) is None


def test_an_entry_that_another_writer_put_a_moment_sooner_stays_and_ours_is_not_written(lake, door, tmp_path):
    land(lake, tmp_path, 0)
    runner.run(lake, print)
    land(lake, tmp_path, 1)
    entry, place = json.dumps({"commitInfo": {"operation": "another's"}}), r"PUT .*silver/events/_delta_log/0*2\.json"
    door.rule(match=place, act="overtake", entry=entry, times=1)
    with pytest.raises(LakehouseError, match=r"Another program changed silver\.events") as raised:
        runner.run(lake, print)
    assert raised.value.code == Exit.FAILED
    again = open_lake(lake.settings)
    assert again.store.folder("silver.events").read(f"_delta_log/{2:020d}.json").decode() == entry
    runner.run(again, print)
    assert rows(again) == [10, 10, 10, 2]


def test_of_a_store_that_does_not_know_the_condition_one_writer_loses_nothing(lake, door, tmp_path):
    for day in range(2):
        land(lake, tmp_path, day)
        door.rule(condition="ignored", match=r"PUT .*/_delta_log/\d{20}\.json", act="lose", every=5)
        runner.run(lake, print)
    assert rows(lake) == [10, 10, 10, 2]
    assert [run.number for run in lake.ledger.runs()] == [1, 2]


def test_a_store_that_refuses_the_condition_is_told_by_a_sentence(lake, door, tmp_path):
    land(lake, tmp_path, 0)
    door.rule(condition="refused")
    for command in (lambda: runner.run(lake, print), lambda: probe.require_store(lake.settings)):
        with pytest.raises(LakehouseError, match="does not know If-None-Match") as raised:
            command()
        assert raised.value.code == Exit.ENVIRONMENT
    door.rule()
    runner.run(open_lake(lake.settings), print)
    assert rows(lake) == [5, 5, 5, 1]


def test_a_slow_store_that_fails_now_and_then_is_asked_again(lake, door, tmp_path):
    door.rule(delay=0.005, every=40, act="fail")
    land(lake, tmp_path, 0)
    runner.run(lake, print)
    assert rows(lake) == [5, 5, 5, 1]
    assert len(door.seen()) > 100


def test_a_store_that_is_down_is_named_with_what_to_do(lake, tmp_path):
    storage = replace(lake.settings.storage, endpoint="http://127.0.0.1:9")
    down = open_lake(replace(lake.settings, storage=storage))
    for command in (lambda: land(down, tmp_path, 0), lambda: runner.run(down, print)):
        with pytest.raises(LakehouseError, match=r"http://127\.0\.0\.1:9 does not answer as it should") as raised:
            command()
        assert (raised.value.code, "repeat the command" in raised.value.remedy) == (Exit.ENVIRONMENT, True)


def test_keys_that_are_wrong_are_told_and_not_shown(lake, door, tmp_path):
    door.rule(key=KEYS.access)
    wrong = open_lake(replace(lake.settings, keys=Keys("AKIDWRONG", "secret-of-wrong")))
    for command in (lambda: land(wrong, tmp_path, 0), lambda: runner.run(wrong, print)):
        with pytest.raises(LakehouseError, match="does not let the keys of the environment into s3://lake/") as raised:
            command()
        assert raised.value.code == Exit.ENVIRONMENT
        assert "secret-of-wrong" not in str(raised.value)
    land(lake, tmp_path, 0)


def test_a_bucket_that_is_not_there_is_named(lake, tmp_path):
    missing = open_lake(replace(lake.settings, storage=replace(lake.settings.storage, uri="s3://nobucket/lake")))
    with pytest.raises(LakehouseError, match="has no bucket for s3://nobucket/lake") as raised:
        land(missing, tmp_path, 0)
    assert raised.value.code == Exit.ENVIRONMENT
    assert settings_module.load().layers == ["bronze", "silver"]
    assert not lake.store.exists(LEDGER)
