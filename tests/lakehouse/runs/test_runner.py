"""Whole runs on a real lake."""

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from bronze import landing
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import lock, runner
from lakehouse.runs.planner import plan

from ...conftest import settings_of

HEADER = "timestamp,visitorid,event,itemid,transactionid\n"
HOUR = 3_600_000


def land(lake: Lake, folder: Path, *lines: str, header: str = HEADER) -> None:
    path = folder / f"{len(lake.landing.receipts())}.csv"
    path.write_text(header + "\n".join(lines) + "\n")
    landing.accept(lake.landing, path)


def versions(lake: Lake) -> dict[str, int]:
    return {name: lake.store.version(name) for name in lake.contracts}


@pytest.fixture(scope="module")
def small_lake(spark, tmp_path_factory) -> Lake:
    """A lake with three good rows, two of them alike, and a bad one, run once."""
    folder = tmp_path_factory.mktemp("small")
    settings = settings_of(folder / "lake")
    lake = open_lake(replace(settings, run=replace(settings.run, max_refused_share=1.0)))
    land(lake, folder, *[f"{1433152800000 + n * HOUR},1,view,{n},,"[:-1] for n in (0, 1, 1)], "x,1,view,7,", "1,2,3")
    runner.run(lake, print)
    return lake


def test_every_declared_table_exists_after_a_run_and_has_a_published_version(small_lake):
    published = small_lake.ledger.published()
    assert set(published.versions) == set(small_lake.contracts)
    assert published.versions == versions(small_lake)
    assert small_lake.store.rows("silver.item_history") == 0


def test_lines_are_accepted_refused_or_duplicates_and_none_is_lost(small_lake):
    (receipt,) = small_lake.landing.receipts()
    accepted = small_lake.store.rows("silver.events")
    refused = small_lake.store.rows("silver.events_quarantine")
    assert (receipt.lines, accepted, refused) == (5, 2, 2)
    results = small_lake.ledger.latest_results()
    assert (results["silver.events"].rows_in, results["silver.events"].refused) == (5, 2)


def test_a_refused_row_is_kept_with_its_text_and_its_reasons(small_lake):
    rows = small_lake.store.arrow("silver.events_quarantine").to_pylist()
    assert {row["_rest"] or row["timestamp"]: row["_broken_rules"][0] for row in rows} == {
        "1,2,3": "line has the columns of its header",
        "x": "timestamp is an integer",
    }


def test_a_run_without_new_input_adds_no_version_and_no_row_to_the_ledger(small_lake):
    before, runs = versions(small_lake), len(small_lake.ledger.runs())
    assert runner.run(small_lake, print) is None
    assert versions(small_lake) == before
    assert len(small_lake.ledger.runs()) == runs


def test_a_later_file_is_read_once_and_what_follows_from_it_is_built(spark, lake, tmp_path):
    land(lake, tmp_path, "1433152800000,1,view,7,")
    runner.run(lake, print)
    land(lake, tmp_path, "1433152860000,1,addtocart,7,")
    planned = [step.table.name for step in plan(lake)]
    assert planned[0] == "bronze.events"
    assert "silver.item_history" not in planned
    runner.run(lake, print)
    assert lake.store.rows("bronze.events") == 2
    assert lake.store.arrow("gold.daily_kpis").to_pylist()[0]["num_cart_sessions"] == 1


def test_a_run_whose_data_breaks_the_threshold_publishes_nothing(spark, lake, tmp_path):
    land(lake, tmp_path, "1433152800000,1,view,7,")
    runner.run(lake, print)
    gold = lake.store.version("gold.daily_kpis")
    land(lake, tmp_path, *["x,1,view,7,"] * 3)
    with pytest.raises(LakehouseError) as raised:
        runner.run(lake, print)
    assert raised.value.code == Exit.REFUSED
    assert raised.value.message.startswith("silver.events refused 3 of 3 rows of 1.csv, more than 20%.\n")
    assert lake.store.version("gold.daily_kpis") == gold
    assert [run.status for run in lake.ledger.runs()] == ["published", "failed"]
    assert lake.ledger.published() == lake.ledger.runs()[0]


def test_a_category_above_itself_stops_the_run(spark, lake, tmp_path):
    land(lake, tmp_path, "1433152800000,1,view,7,")
    land(lake, tmp_path, "1,2", "2,1", header="categoryid,parentid\n")
    with pytest.raises(LakehouseError, match="categories: 2 rows break “no category is above itself”") as raised:
        runner.run(lake, print)
    assert raised.value.code == Exit.REFUSED
    assert lake.ledger.published() is None


def test_a_table_left_by_a_run_that_died_is_built_again(spark, lake, tmp_path):
    land(lake, tmp_path, "1433152800000,1,view,7,")
    runner.run(lake, print)
    lake.store.overwrite(lake.tables["gold.activity"], lake.store.read("gold.activity").limit(0), "died")
    (step,) = plan(lake)
    assert (step.table.name, step.mode, step.reason) == (
        "gold.activity",
        "full_refresh",
        "left unfinished by a run that died",
    )
    runner.run(lake, print)
    assert lake.store.rows("gold.activity") == 1


def test_nothing_landed_is_a_matter_of_usage_that_names_the_command(lake):
    with pytest.raises(LakehouseError) as raised:
        runner.run(lake, print)
    assert raised.value.code == Exit.USAGE
    assert raised.value.remedy.startswith("lakehouse land")


def test_a_second_writer_is_refused_and_told_who_writes(lake):
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(lake.settings, ready, done))
    other.start()
    try:
        assert ready.wait(60)
        with pytest.raises(LakehouseError) as raised:
            runner.run(lake, print)
    finally:
        done.set()
        other.join()
    assert raised.value.code == Exit.ENVIRONMENT
    assert f"process {other.pid} (lakehouse run, since " in raised.value.message
    assert lock.holder(lake.settings) is None


def _hold(settings, ready, done) -> None:
    with lock.hold(settings, "lakehouse run"):
        ready.set()
        done.wait(60)
