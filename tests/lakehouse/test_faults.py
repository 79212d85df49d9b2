"""A damaged lake or machine is told in a sentence with its remedy, nothing is published, and the remedy mends it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakehouse import lock, pipeline
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.plan import Request
from lakehouse.settings import PROJECT

from .. import invariants
from ..conftest import settings_of
from ..deliveries import FIRST, SECOND
from ..killing import RUN, kill, start


@pytest.fixture(scope="module")
def sound(spark, tmp_path_factory) -> Lake:
    """A small lake, run once. Read only."""
    folder = tmp_path_factory.mktemp("sound")
    lake = open_lake(settings_of(folder / "lake"))
    FIRST.land(lake, folder)
    pipeline.run(lake, print)
    return lake


@pytest.fixture
def copy(sound, tmp_path) -> Lake:
    shutil.copytree(sound.settings.lake_path, tmp_path / "lake")
    return open_lake(settings_of(tmp_path / "lake"))


@pytest.fixture
def damaged(copy, tmp_path) -> Lake:
    """A copy to which more was delivered."""
    SECOND.land(copy, tmp_path)
    return copy


@pytest.fixture(scope="module")
def whole(spark, tmp_path_factory) -> Lake:
    """A lake that took both deliveries at once, and was never damaged."""
    folder = tmp_path_factory.mktemp("whole")
    lake = open_lake(settings_of(folder / "lake"))
    for delivery in (FIRST, SECOND):
        delivery.land(lake, folder)
    pipeline.run(lake, print)
    return lake


def entries(table: Path) -> list[Path]:
    return sorted((table / "_delta_log").glob("*.json"))


def newest_file(table: Path) -> Path:
    """The newest data file."""
    return max(table.glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)


def cut_half(table: Path) -> None:
    entry = entries(table)[-1]
    entry.write_bytes(entry.read_bytes()[: entry.stat().st_size // 2])


def cut_all(table: Path) -> None:
    entries(table)[-1].write_bytes(b"")


def cut_a_line(table: Path) -> None:
    entry = entries(table)[-1]
    entry.write_text("".join(entry.read_text().splitlines(keepends=True)[:-1]))


def delete_file(table: Path) -> None:
    newest_file(table).unlink()


def flip_byte(table: Path) -> None:
    path = newest_file(table)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    path.with_name(f".{path.name}.crc").unlink()  # Hadoop's own checksum, which copies of a lake may lack


def upgrade(table: Path) -> None:
    future = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": ["timeless"],
        "writerFeatures": ["timeless"],
    }
    entry = table / "_delta_log" / f"{len(entries(table)):020d}.json"
    entry.write_text(
        json.dumps({"commitInfo": {"operation": "UPGRADE PROTOCOL"}}) + "\n" + json.dumps({"protocol": future})
    )


def refused(lake: Lake) -> LakehouseError:
    with pytest.raises(LakehouseError) as raised:
        pipeline.run(lake, print)
    return raised.value


def by_remedy(lake: Lake, error: LakehouseError) -> None:
    """Do what the sentence says."""
    removed, _, table = error.remedy.partition(" && ")[0].partition("rm -r ")
    del removed
    if table:
        shutil.rmtree(table.strip("'"))
        pipeline.run(lake, print)
    else:
        name = error.remedy.removeprefix("lakehouse run --full-refresh ")
        pipeline.run(lake, print, Request(full_refresh=(name,)))


# the damage, the table, and what is said of it
OF_LOGS: dict[str, tuple[Callable[[Path], None], str]] = {
    "the newest log entry is cut in half": (cut_half, "gold.activity"),
    "the newest log entry is empty": (cut_all, "gold.funnel"),
    "the newest log entry lacks a line": (cut_a_line, "gold.item_performance"),
    "the ledger's newest entry is empty": (cut_all, "ledger"),
}
OF_FILES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a file of silver is deleted": (delete_file, "silver.sessions", "is missing"),
    "a file of bronze is deleted": (delete_file, "bronze.item_properties", "is missing"),
    "a byte of a file is flipped": (flip_byte, "silver.session_events", "is damaged"),
}


@pytest.mark.parametrize("case", OF_LOGS)
def test_a_log_cut_short_is_refused_and_its_remedy_makes_the_table_anew(copy, sound, case):
    damage, name = OF_LOGS[case]
    table = copy.settings.lake_path / name.replace(".", "/")
    damage(table)
    error = refused(copy)
    assert error.message.startswith(f"The log of {name} is damaged (")
    assert error.message.endswith(f"last entry {entries(table)[-1]}.")
    assert error.code == Exit.REFUSED
    by_remedy(copy, error)
    assert invariants.difference(copy, sound) == []


def test_a_table_made_anew_while_a_file_arrives_takes_along_all_that_follows(damaged, whole):
    cut_all(damaged.settings.lake_path / "bronze" / "events")
    by_remedy(damaged, refused(damaged))
    assert invariants.difference(damaged, whole) == []
    assert invariants.unaccounted(damaged, [FIRST, SECOND]) == []


@pytest.mark.parametrize("case", OF_FILES)
def test_a_lost_or_damaged_file_is_named_and_its_remedy_mends_the_table(damaged, whole, case):
    damage, name, what = OF_FILES[case]
    before = damaged.ledger.published()
    table = damaged.settings.lake_path / name.replace(".", "/")
    damage(table)
    error = refused(damaged)
    assert error.message.startswith(f"A file of {name} {what}: {table}/part-")
    assert error.code == Exit.REFUSED
    assert damaged.ledger.published() == before
    by_remedy(damaged, error)
    assert invariants.difference(damaged, whole) == []


def test_a_table_of_a_newer_protocol_is_left_alone(damaged):
    upgrade(damaged.settings.lake_path / "silver" / "sessions")
    error = refused(damaged)
    assert error.message.startswith("silver.sessions was written by a newer version of Delta than this one reads")
    assert error.code == Exit.ENVIRONMENT


def test_of_two_runs_at_once_the_second_names_the_first_and_leaves_within_two_seconds(damaged):
    with start(damaged.settings.lake_path, *RUN) as first:
        try:
            wait_for(lambda: lock.holder(damaged.settings))
            began = time.monotonic()
            error = refused(damaged)
            assert time.monotonic() - began < 2
        finally:
            end(first)
    assert f"is being written by process {first.pid} (lakehouse run, since " in error.message
    assert error.code == Exit.ENVIRONMENT


def test_a_lock_file_of_a_dead_process_holds_nobody_up(damaged):
    dead = subprocess.Popen(["true"])
    dead.wait()
    note = {"pid": dead.pid, "command": "lakehouse run", "started_at": "2026-01-01T00:00:00+00:00", "jvm_pid": dead.pid}
    (damaged.settings.lake_path / ".lock").write_text(json.dumps(note))
    began = time.monotonic()
    with lock.hold(damaged.settings, "lakehouse run"):
        assert time.monotonic() - began < 1


def test_a_run_after_the_death_of_the_driver_alone_waits_until_its_jvm_is_gone(damaged):
    path = damaged.settings.lake_path / ".lock"
    with start(damaged.settings.lake_path, *RUN) as driver:
        try:
            wait_for(lambda: json.loads(path.read_text() or "{}").get("jvm_pid"))
            jvm = json.loads(path.read_text())["jvm_pid"]
            os.kill(driver.pid, signal.SIGKILL)
            driver.wait()
            assert lock.is_java(jvm)
            with lock.hold(damaged.settings, "lakehouse run"):
                assert not lock.is_java(jvm)
        finally:
            end(driver)


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


def test_a_full_disk_is_told_and_a_run_with_space_recovers(damaged, whole, small_disk):
    shutil.copytree(damaged.settings.lake_path, small_disk / "lake")
    lake = open_lake(settings_of(small_disk / "lake"))
    before = lake.ledger.published()
    fill(small_disk)
    error = refused(lake)
    assert error.message == f"There is no space left for the lake {small_disk / 'lake'}; nothing was published."
    assert error.code == Exit.ENVIRONMENT
    assert lake.ledger.published() == before
    subprocess.run(["mount", "-o", "remount,size=100m", str(small_disk)], check=True)
    pipeline.run(lake, print)
    assert invariants.difference(lake, whole) == []


def test_a_read_only_lake_is_told(damaged, small_disk):
    shutil.copytree(damaged.settings.lake_path, small_disk / "lake")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    lake = small_disk / "lake"
    done = cli(lake, "run")
    assert f"✗ The lake {lake} cannot be written: it is read-only, or belongs to another user.\n  → " in done.stderr
    assert (done.returncode, "Traceback" in done.stderr) == (Exit.ENVIRONMENT, False)


def test_a_heap_that_is_too_small_is_told_with_its_setting(damaged):
    done = cli(damaged.settings.lake_path, "run", LAKEHOUSE_SPARK__DRIVER_MEMORY="256m")
    assert "✗ Spark's memory of 256m (spark.driver_memory) is too small" in done.stderr
    assert (done.returncode, "Traceback" in done.stderr) == (Exit.ENVIRONMENT, False)


def test_a_path_that_delta_cannot_read_is_refused_at_once(tmp_path):
    with pytest.raises(LakehouseError, match=r"holds %, which Delta cannot read") as raised:
        open_lake(settings_of(tmp_path / "50%"))
    assert raised.value.code == Exit.USAGE


def wait_for(found: Callable[[], object]) -> None:
    """Ask again and again until there is something."""
    limit = time.monotonic() + 120
    while not found():
        assert time.monotonic() < limit
        time.sleep(0.02)


def end(process: subprocess.Popen[str]) -> None:
    kill(process)
    process.communicate()


def fill(folder: Path, left: int = 60_000) -> None:
    """Leave no more than some bytes."""
    there = os.statvfs(folder)
    (folder / "ballast").write_bytes(b"\0" * (there.f_bavail * there.f_bsize - left))


def cli(lake: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LAKEHOUSE_LAKE": str(lake), "PYTHONPATH": str(PROJECT), **variables}
    command = [sys.executable, "-m", "lakehouse.cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
