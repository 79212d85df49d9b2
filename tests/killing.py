"""Processes that die: started in a session of their own, killed with their JVM at a failpoint or at any time."""

import ast
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lakehouse import failpoints, processes, settings
from lakehouse.lake import open_lake
from lakehouse.runs import runner
from lakehouse.runs.planner import Request
from lakehouse.storage import log_entries, small_tables

# What Python is asked to do; a run takes names of tables.
RUN = (
    "-c",
    """
import sys
from lakehouse import settings
from lakehouse.lake import open_lake
from lakehouse.runs import runner
from lakehouse.runs.planner import Request
runner.run(open_lake(settings.load()), lambda line: print(line, flush=True), Request(tuple(sys.argv[1:])))
""",
)
LAND = ("-m", "lakehouse.cli", "land")
ML = ("-m", "lakehouse.cli", "ml")
# Small: a process does a few queries on a few rows.
CHEAP = {
    "LAKEHOUSE_ENV": "test",
    "LAKEHOUSE_RUN__MAX_CHANGED_SHARE": "9",  # a row that changes counts twice, gone and come
    "LAKEHOUSE_SPARK__DRIVER_MEMORY": "1g",
    "LAKEHOUSE_SPARK__SHUFFLE_PARTITIONS": "1",
}
PATIENCE = 300  # seconds until a process that should have ended is given up


def reached(path: Path) -> list[str]:
    """Return the failpoints that a module names, in the order of its lines; of a composed name its beginning."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = [each.args[0] for each in sorted(calls, key=lambda each: each.lineno) if "reach" in _called(each)]
    return [name.values[0].value if isinstance(name, ast.JoinedStr) else name.value for name in names]


def _called(call: ast.Call) -> tuple[str, str]:
    return getattr(call.func, "attr", ""), getattr(call.func, "id", "")


def start(lake: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start Python on a lake, in a process group of its own."""
    environment = {**os.environ, **CHEAP, "PYTHONPATH": str(settings.PROJECT), "LAKEHOUSE_LAKE": str(lake), **variables}
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a process; return its exit code and what it said."""
    with process:
        try:
            output, _ = process.communicate(timeout=PATIENCE)
        finally:
            kill(process)
    return process.returncode, output


def die(lake: Path, place: str, *arguments: str, **variables: str) -> None:
    """Run a program until it dies at a failpoint; one that it does not reach is a failure."""
    code, output = ended(start(lake, *arguments, LAKEHOUSE_FAILPOINT=place, **variables))
    assert code == -signal.SIGKILL, f"{place} was not reached:\n{output}"
    assert is_jvm_gone(lake), f"the JVM outlived {place}"


class Died(BaseException):
    """What ends a run of this process at a failpoint, as a kill ends a process: nothing more is written after it."""


def die_within(place: str, act: Callable[[], object]) -> None:
    """Act until a failpoint, in this process, and forget all that is not on the disk; not to reach it is a failure."""
    with _dying_at(place):
        try:
            act()
        except Died:
            return
    raise AssertionError(f"{place} was not reached")


def run_within(lake: Path, place: str, tables: tuple[str, ...] = ()) -> None:
    """Run until a failpoint, in this process."""
    loaded = settings.load({**os.environ, **CHEAP, "LAKEHOUSE_LAKE": str(lake)})
    die_within(place, lambda: runner.run(open_lake(loaded), lambda line: None, Request(tables)))


@contextmanager
def _dying_at(place: str) -> Iterator[None]:
    """Let whatever is durable raise `Died` from a failpoint on."""
    is_dead = threading.Event()

    def reach(name: str) -> None:
        if is_dead.is_set() or name == place:
            is_dead.set()
            raise Died(name)

    def unless_dead(act: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any, **named: Any) -> Any:
            if is_dead.is_set():
                raise Died(place)
            return act(*arguments, **named)

        return guarded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(failpoints, "reach", reach)
        for owner, name in (
            (log_entries, "commit"),
            (log_entries, "create"),
            (small_tables, "append"),
            (small_tables, "compact"),
            (runner, "write_results"),
        ):
            patch.setattr(owner, name, unless_dead(getattr(owner, name)))
        yield


def die_forked(place: str, act: Callable[[], object]) -> None:
    """Act in a fork of this process, which gets its signal at a failpoint; the JVM beside this process lives on."""
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            signal.alarm(PATIENCE)
            os.environ[failpoints.VARIABLE] = place
            act()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code == -signal.SIGKILL, f"{place} was not reached: {code}"


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and all that share its group, at once."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_jvm_gone(lake: Path, seconds: float = 5) -> bool:
    """Wait until the JVM that the lake's lock names has ended."""
    note = lake / ".lock"
    pid = json.loads(note.read_text() or "{}").get("jvm_pid") if note.exists() else None
    end = time.monotonic() + seconds
    while pid and processes.is_java(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
