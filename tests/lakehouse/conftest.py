"""What these tests may ask for: a command called in this process, on its one Spark session; and small lakes."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bronze import landing
from lakehouse.cli import main
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import runner

from ..conftest import MadeOnce, settings_of
from ..deliveries import FIRST, SECOND, Delivery

EVENTS = "timestamp,visitorid,event,itemid,transactionid"
NOON = 1433160000000  # 2015-06-01 12:00 UTC
VIEW = f"{NOON},1,view,7,"
NEXT_DAY = f"{NOON + 86_400_000},1,view,7,"
BAD = "x,1,view,7,"
SHORT = "1,2,3"


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Said]
Land = Callable[..., None]


@pytest.fixture
def no_gold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the lake hold bronze and silver alone, where gold has no part in what is tested; ask for it first."""
    monkeypatch.setenv("LAKEHOUSE_LAYERS", '["bronze", "silver"]')


@pytest.fixture
def call(lake: Lake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call `lakehouse …` on this test's lake; however much changes, no table gets a full refresh for it."""
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(lake.settings.lake_path))
    monkeypatch.setenv("LAKEHOUSE_RUN__MAX_CHANGED_SHARE", "1.0")

    def command(*arguments: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main.main(list(arguments))
        return Said(int(str(ended.value.code)), *capsys.readouterr())

    return command


@pytest.fixture
def land(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Land:
    """Land lines below a header as a file of a name."""

    def file(name: str, *lines: str, header: str = EVENTS) -> None:
        path = tmp_path_factory.mktemp("files") / name
        path.write_text("\n".join([header, *lines]) + "\n")
        landing.accept(lake.landing, path)

    return file


@pytest.fixture(scope="session")
def first_run(spark: object, made_once: MadeOnce) -> Path:
    """A lake with one file, first.csv, of two days, eight views that are two and two refused lines; run once."""

    def make(folder: Path) -> None:
        lake = open_lake(settings_of(folder / "lake"))
        path = folder / "first.csv"
        path.write_text("\n".join([EVENTS, VIEW, *[NEXT_DAY] * 7, BAD, SHORT]) + "\n")
        landing.accept(lake.landing, path)
        runner.run(lake, print)

    return made_once("first", make) / "lake"


@pytest.fixture
def run_once(first_run: Path, lake: Lake) -> Lake:
    """This test's lake, a copy of `first_run`."""
    shutil.copytree(first_run, lake.settings.lake_path)
    return lake


@pytest.fixture
def synced(monkeypatch) -> set[str]:
    """The paths that were made durable."""
    found: set[str] = set()
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: found.add(os.readlink(f"/proc/self/fd/{file}")) or sync(file))
    return found


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 3 MB of memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"this process may not mount: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def delivered(*deliveries: Delivery) -> Callable[[Path], None]:
    """Return what makes a lake of deliveries, by one run."""

    def make(folder: Path) -> None:
        lake = open_lake(settings_of(folder / "lake"))
        for delivery in deliveries:
            delivery.land(lake, folder)
        runner.run(lake, print)

    return make


@pytest.fixture(scope="session")
def sound(spark, made_once: MadeOnce) -> Lake:
    """What one run makes of the first delivery. Read only."""
    return open_lake(settings_of(made_once("sound", delivered(FIRST)) / "lake"))


@pytest.fixture(scope="session")
def whole(spark, made_once: MadeOnce) -> Lake:
    """What one full run makes of both deliveries. Read only."""
    return open_lake(settings_of(made_once("whole", delivered(FIRST, SECOND)) / "lake"))


@pytest.fixture
def copy(sound, tmp_path) -> Lake:
    """A lake of the first delivery, to do with what one likes."""
    return copied(sound, tmp_path / "lake")


@pytest.fixture
def damaged(copy, tmp_path) -> Lake:
    """A copy to which the second delivery has come."""
    SECOND.land(copy, tmp_path)
    return copy


def copied(lake: Lake, folder: Path) -> Lake:
    shutil.copytree(lake.settings.lake_path, folder)
    return open_lake(settings_of(folder))
