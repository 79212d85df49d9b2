"""A watched folder, by the real command: one process, one Spark session, told to stop by a signal."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import pytest

from bronze import watch
from lakehouse.lake import open_lake
from lakehouse.runs import lock
from lakehouse.settings import PROJECT

from ..conftest import settings_of
from ..deliveries import FIRST, SECOND
from ..killing import CHEAP, kill

PATIENCE = 240
HEADER = "timestamp,visitorid,event,itemid,transactionid\n"


class Watching:
    """A `lakehouse watch` that runs; its lines arrive as they are printed."""

    def __init__(self, folder: Path, drop: Path) -> None:
        self.lake, self.drop = open_lake(settings_of(folder / "lake")), drop
        command = [sys.executable, "-m", "lakehouse.cli", "watch", str(drop), "--every", "0.2", "--json"]
        environment = {**os.environ, **CHEAP, "LAKEHOUSE_LAKE": str(folder / "lake"), "PYTHONPATH": str(PROJECT)}
        self.process = subprocess.Popen(
            command, env=environment, start_new_session=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.runs: Queue[str] = Queue()
        self.lines: Queue[str] = Queue()
        self.told: list[str] = []
        for stream, queue in ((self.process.stdout, self.runs), (self.process.stderr, self.lines)):
            threading.Thread(target=self.collect, args=(stream, queue), daemon=True).start()

    def collect(self, stream, queue: Queue[str]) -> None:
        for line in stream:
            queue.put(line)

    def run(self) -> dict:
        """Wait for the next run and return what is printed of it."""
        return json.loads(self.runs.get(timeout=PATIENCE))

    def wait_for(self, text: str) -> str:
        """Wait for a line of progress that holds a text."""
        while True:
            self.told.append(self.lines.get(timeout=PATIENCE))
            if text in self.told[-1]:
                return self.told[-1]

    def put(self, name: str, content: str) -> None:
        """Drop a file as a careful program does: under another name until it is whole."""
        partial = self.drop / f"{name}.part"
        partial.write_text(content)
        partial.rename(self.drop / name)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def watching(folder: Path, drop: Path) -> Iterator[Watching]:
    watch = Watching(folder, drop)
    try:
        yield watch
    finally:
        kill(watch.process)
        watch.process.wait()


@pytest.fixture(scope="module")
def story(tmp_path_factory) -> dict:
    """Drop one thing after the other, and keep what the watch says of it."""
    folder = tmp_path_factory.mktemp("watch")
    FIRST.write(folder / "drop")
    seen = {}
    with watching(folder, folder / "drop") as watch:
        seen["first"] = watch.run()
        watch.put("later.csv", "\n".join([*SECOND.write(folder / "second")[0].read_text().splitlines()]))
        seen["second"] = watch.run()
        watch.put("bad.csv", "a;b\n1;2\n")
        seen["bad"] = watch.wait_for("bad.csv")
        watch.put("\x1b[2Jagain.csv", (folder / "drop" / "events.csv").read_text())
        seen["again"] = watch.wait_for("again.csv")
        (watch.drop / "growing.csv.part").write_text("never read")
        (watch.drop / ".hidden.csv").write_text("never read")
        (watch.drop / "browser.csv.TMP").write_text("never read")
        watch.put("spoiled.csv", HEADER + "x,1,view,1,\n" * 9)
        seen["spoiled"] = watch.run()
        seen["holder"] = lock.holder(watch.lake.settings)
        watch.put("half.csv", f"{HEADER}1433160000000,90001,view,7,\n1433160000000,90002,view,")
        seen["half"] = watch.wait_for("half.csv")
        with (watch.drop / "half.csv").open("a") as file:
            file.write("7,\n")
        seen["whole"] = watch.run()
        with lock.hold(watch.lake.settings, "lakehouse ml train"):
            watch.put("tree.csv", "categoryid,parentid\n1,\n2,1\n3,1\n4,2\n5,\n6,5\n")
            seen["waits"] = watch.wait_for("Waiting for process")
        seen["after the wait"] = watch.run()
        seen["code"] = watch.stop()
        while not watch.lines.empty():
            watch.told.append(watch.lines.get())
        seen["told"], seen["lake"] = watch.told, watch.lake
        seen["files"] = sorted(path.name for path in watch.drop.iterdir())
    return seen


def test_files_that_are_there_at_the_start_are_landed_and_published(story):
    run = story["first"]
    assert (run["status"], run["files"]) == ("published", ["category_tree.csv", "events.csv", "item_properties.csv"])
    assert run["rows"] == sum(receipt.lines for receipt in story["lake"].landing.receipts()[:3])


def test_a_file_that_comes_later_is_a_run_of_its_own_on_the_same_session(story):
    assert (story["second"]["status"], story["second"]["files"]) == ("published", ["later.csv"])


def test_a_refused_file_is_told_once_and_ends_nothing(story):
    assert "separated by semicolons" in story["bad"]
    assert sum("bad.csv" in line for line in story["told"]) == 1


def test_the_same_content_under_another_name_is_no_run(story):
    assert "already received on" in story["again"]
    assert "\x1b" not in story["again"]
    assert not any("again" in name for run in ("spoiled", "after the wait") for name in story[run]["files"])


def test_a_run_that_the_data_refuses_is_told_and_the_watch_goes_on(story):
    assert (story["spoiled"]["status"], story["spoiled"]["files"]) == ("failed", ["spoiled.csv"])
    assert "silver.events refused 9 of 9 rows of spoiled.csv" in story["spoiled"]["error"]
    assert story["after the wait"]["files"] == ["tree.csv"]


def test_the_lock_is_held_during_a_run_only_and_a_locked_lake_is_waited_out(story):
    assert story["holder"] is None
    assert f"Waiting for process {os.getpid()} (lakehouse ml train)" in story["waits"]


def test_files_stay_where_they_are_and_unfinished_ones_are_not_read(story):
    assert {"bad.csv", "later.csv", "growing.csv.part", ".hidden.csv", "browser.csv.TMP"} <= set(story["files"])
    assert not any(name in line for line in story["told"] for name in ("growing", "hidden", "browser"))


def test_a_file_whose_last_line_has_no_end_is_waited_for_and_told_once(story):
    assert "half.csv ends within a line; it is taken when it has not changed for 60 s." in story["half"]
    assert sum("half.csv ends within" in line for line in story["told"]) == 1
    assert (story["whole"]["files"][-1], story["whole"]["rows"]) == ("half.csv", 2)


def test_a_file_that_stays_without_a_line_end_is_taken_when_its_time_is_over(lake, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "SETTLE_SECONDS", 0.0)
    (tmp_path / "half.csv").write_text(f"{HEADER}1433160000000,1,view,7,")
    told: list[str] = []
    watched = watch.Watch(lake, tmp_path, told.append, print, tried=0)
    assert watched._complete() == []
    assert watched._complete() == []
    monkeypatch.setattr(watch, "OPEN_SECONDS", 0.0)
    assert [path.name for path, _ in watched._complete()] == ["half.csv"]
    assert len(told) == 1


def test_a_file_of_which_nothing_is_read_is_told(spark, lake, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "SETTLE_SECONDS", 0.0)
    (tmp_path / "events.csv").write_text(f"{HEADER}1433160000000,1,view,7,\n")
    (tmp_path / "strange.csv").write_text("timestamp,itemid,property,value\n1433160000000,7,price,n5\n")
    told: list[str] = []
    watched = watch.Watch(lake, tmp_path, told.append, print, tried=0)
    done = watched.look()
    assert (done.files, done.receipts) == (["events.csv", "strange.csv"], [1, 2])
    assert "strange.csv, receipt 2: none of its 1 rows changes a table" in told[0]


def test_an_idle_watch_ends_well_on_sigterm(story):
    assert story["code"] == 0


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory) -> tuple[int, dict]:
    """A watch that is interrupted while its first run is under way, and what it printed."""
    folder = tmp_path_factory.mktemp("interrupted")
    FIRST.write(folder / "drop")
    with watching(folder, folder / "drop") as watch:
        while lock.holder(watch.lake.settings) is None:
            assert watch.process.poll() is None
        code = watch.stop(signal.SIGINT)
        return code, watch.run()


def test_a_run_under_way_ends_before_an_interrupted_watch_does(interrupted):
    code, run = interrupted
    assert (code, run["status"]) == (0, "published")
