"""What keeps a lake in order works where it lies in an object store, and a lost or damaged file is told there too."""

import re

import pytest

from bronze import landing
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.landing import retraction
from lakehouse.maintenance.optimize import optimize
from lakehouse.maintenance.restore import restore
from lakehouse.maintenance.vacuum import vacuum
from lakehouse.privacy import erasure
from lakehouse.privacy.subject import DataSubject
from lakehouse.quarantine import review, selection
from lakehouse.runs import runner
from lakehouse.runs.planner import Request
from lakehouse.storage import log
from lakehouse.storage.folder import Folder

from ...object_stores import objects, settings_in

HEADER = "timestamp,visitorid,event,itemid,transactionid"
NOON, DAY = 1433160000000, 86_400_000
CANARY = "8675309"


@pytest.fixture
def lake(object_server, tmp_path, monkeypatch) -> Lake:
    """A lake in the store after three runs; the canary has visits in the first file and the last."""
    monkeypatch.setenv("LAKEHOUSE_LAYERS", '["bronze", "silver"]')
    lake = open_lake(settings_in(object_server, tmp_path / "lake", tmp_path.name))
    for day in range(3):
        path = tmp_path / f"day-{day}.csv"
        rows = [f"{NOON + day * DAY + i * 60_000},{day * 10 + i},view,{i % 3}," for i in range(6)]
        rows += [f"{NOON + day * DAY},{CANARY},view,1,"] * (day != 1) + ["x,1,view,7,"] * (day == 0)
        path.write_text("\n".join([HEADER, *rows]) + "\n")
        landing.accept(lake.landing, path)
        runner.run(lake, print)
    return lake


def visitors(lake: Lake, version: int | None = None) -> list[int]:
    return sorted(lake.store.arrow("silver.events", version)["visitor_id"].to_pylist())


def test_optimize_and_vacuum_leave_the_rows_and_fewer_objects(lake):
    before, there = visitors(lake), len(objects(lake.settings))
    optimize(lake, print)
    removed = vacuum(lake, print, hours=0, is_applied=True)
    assert sum(each.size.files for each in removed) > 0
    assert len(objects(lake.settings)) < there
    assert visitors(lake) == before
    assert runner.run(open_lake(lake.settings), print) is None


def test_a_restored_version_holds_the_rows_of_then_until_the_next_run(lake):
    counts = [lake.store.rows("silver.sessions", each) for each in range(lake.store.version("silver.sessions"))]
    wanted = next(version for version, count in enumerate(counts) if count)
    restored = restore(lake, print, "silver.sessions", wanted, is_applied=True)
    assert lake.store.rows("silver.sessions") == restored.rows_wanted < restored.rows_present


def test_an_erased_visitor_is_in_no_object_of_the_store(lake):
    before = visitors(lake)
    assert before.count(int(CANARY)) == 2
    erasure.erase(lake, DataSubject(int(CANARY)), print, is_applied=True)
    assert visitors(lake) == [each for each in before if each != int(CANARY)]
    folder = Folder(lake.settings.root, lake.settings.object_store)
    assert [
        name for name in objects(lake.settings) if re.search(rb"\D8675309\D", b" " + folder.read(name) + b" ")
    ] == []
    assert runner.run(open_lake(lake.settings), print) is None


def test_a_file_that_was_taken_back_leaves_the_tables(lake):
    retraction.mark(lake.landing, 3, "wrong shop")
    runner.run(lake, print)
    assert visitors(lake).count(int(CANARY)) == 1
    assert f"landing/{lake.landing.receipt(3).place}" in objects(lake.settings)


@pytest.mark.parametrize("what", ["is missing", "is damaged"])
def test_a_lost_or_changed_data_file_stops_the_run_and_its_remedy_mends_it(lake, what):
    folder = lake.store.folder("silver.session_events")
    path = log.files(lake.store.delta("silver.session_events"))[0]["path"]
    content = folder.read(path)
    folder.remove(path) if what == "is missing" else folder.put(path, content[:-9] + b"X" + content[-8:])
    again = open_lake(lake.settings)
    with pytest.raises(LakehouseError, match=f"A file of silver.session_events {what}: s3://") as raised:
        runner.run(again, print, Request(full_refresh=("silver.sessions",)))
    assert (raised.value.code, raised.value.remedy) == (
        Exit.REFUSED,
        "lakehouse run --full-refresh silver.session_events",
    )
    before = lake.store.rows("silver.session_events")
    runner.run(again, print, Request(full_refresh=("silver.session_events",)))
    assert again.store.arrow("silver.session_events").num_rows == before


def test_refused_lines_are_shown_as_they_landed(lake):
    choice = selection.choose(lake, "silver.events")
    assert [row["line"] for row in review.rows(lake, choice)] == ["x,1,view,7,"]
