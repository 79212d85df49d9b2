"""A failing machine is told in a sentence with its remedy, nothing is published, and the next run goes on."""

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

from lakehouse import processes
from lakehouse.cli import main
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import lock, runner
from lakehouse.settings import PROJECT

from .. import invariants
from ..conftest import settings_of
from ..killing import RUN, kill, start


def refused(lake: Lake) -> LakehouseError:
    with pytest.raises(LakehouseError) as raised:
        runner.run(lake, print)
    return raised.value


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


@pytest.fixture
def other_java(tmp_path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of somebody else's, by the name of java."""
    shutil.copy(shutil.which("sleep"), tmp_path / "java")
    with subprocess.Popen([tmp_path / "java", "60"]) as process:
        wait_for(lambda: processes.is_java(process.pid))
        yield process
        process.kill()


def note(lake: Lake, jvm_pid: int, jvm_started: float | None) -> None:
    """Leave the lock file of a run that died."""
    facts = {"pid": 1, "command": "lakehouse run", "started_at": "2026-01-01T00:00:00+00:00", "jvm_pid": jvm_pid}
    lake.settings.lake_path.mkdir()
    (lake.settings.lake_path / ".lock").write_text(json.dumps(facts | {"jvm_started": jvm_started}))


def test_a_java_that_got_the_id_of_a_dead_runs_jvm_holds_nobody_up(lake, other_java):
    note(lake, other_java.pid, processes.started_at(other_java.pid) - 3600)
    began = time.monotonic()
    with lock.hold(lake.settings, "lakehouse run"):
        assert time.monotonic() - began < 1


def test_a_java_of_which_only_the_id_is_known_is_not_to_be_killed(lake, other_java, monkeypatch):
    monkeypatch.setattr(lock, "JVM_GRACE_SECONDS", 0.2)
    note(lake, other_java.pid, None)
    with pytest.raises(LakehouseError) as raised, lock.hold(lake.settings, "lakehouse run"):
        pass
    assert (raised.value.code, "kill" in raised.value.remedy) == (Exit.ENVIRONMENT, False)


def test_a_run_after_the_death_of_the_driver_alone_waits_until_its_jvm_is_gone(damaged):
    path = damaged.settings.lake_path / ".lock"
    with start(damaged.settings.lake_path, *RUN, LAKEHOUSE_ENGINE__NAME="spark") as driver:
        try:
            wait_for(lambda: json.loads(path.read_text() or "{}").get("jvm_pid"))
            jvm = json.loads(path.read_text())["jvm_pid"]
            os.kill(driver.pid, signal.SIGKILL)
            driver.wait()
            assert processes.is_java(jvm)
            with lock.hold(damaged.settings, "lakehouse run"):
                assert not processes.is_java(jvm)
        finally:
            end(driver)


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
    runner.run(lake, print)
    assert invariants.difference(lake, whole) == []


def test_a_read_only_lake_is_told(damaged, small_disk):
    shutil.copytree(damaged.settings.lake_path, small_disk / "lake")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    lake = small_disk / "lake"
    done = cli(lake, "run")
    assert f"✗ The lake {lake} cannot be written: it is read-only, or belongs to another user.\n  → " in done.stderr
    assert (done.returncode, "Traceback" in done.stderr) == (Exit.ENVIRONMENT, False)


def test_a_heap_that_is_too_small_is_told_with_its_setting(damaged):
    done = cli(damaged.settings.lake_path, "run", LAKEHOUSE_ENGINE__NAME="spark", LAKEHOUSE_SPARK__DRIVER_MEMORY="256m")
    assert "✗ Spark's memory of 256m (spark.driver_memory; for models 1g) is too small" in done.stderr
    assert (done.returncode, "Traceback" in done.stderr) == (Exit.ENVIRONMENT, False)


def test_a_panic_of_a_library_is_told_like_any_error_and_keeps_its_trace(lake, monkeypatch, capsys):
    class PanicException(BaseException):
        """As libraries in Rust raise it."""

    def panic(*_: object) -> None:
        raise PanicException("index out of range, fs.s3a.secret.key=hunter2")

    monkeypatch.setenv("LAKEHOUSE_LAKE", str(lake.settings.lake_path))
    monkeypatch.setattr(main, "mount", panic)
    with pytest.raises(SystemExit) as ended:
        main.main(["status"])
    (trace,) = (lake.settings.lake_path / "logs").glob("*.log")
    told = capsys.readouterr().err
    assert (ended.value.code, f"the trace is in {trace}" in told) == (1, True)
    assert told.startswith("✗ PanicException: index out of range")
    assert "hunter2" not in told + trace.read_text()


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
