"""runs.lock — one writer per lake, by a lock of the operating system that frees itself when its holder dies."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from lakehouse import private, processes
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

LOOK_SECONDS = 0.5  # `holder` takes the lock for an instant; that is no writer
_held: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())  # lakes that this call chain writes
JVM_GRACE_SECONDS = 20  # a JVM notices the death of its Python driver after about two


@dataclass(frozen=True)
class Holder:
    """Who holds the lock: the process, its command, its start (UTC); its JVM once there is one, and when that began."""

    pid: int
    command: str
    started_at: str
    jvm_pid: int | None = None
    jvm_started: float | None = None


def _path(settings: Settings) -> Path:
    return settings.lake_path / ".lock"


def holder(settings: Settings) -> Holder | None:
    """Return who holds the lake's lock at this moment, or None."""
    if not _path(settings).exists():
        return None
    with _path(settings).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(file.read())
    return None


@contextmanager
def hold(settings: Settings, command: str) -> Iterator[None]:
    """Hold the lake's lock, after the JVM of a killed holder is gone. What holds it already may hold it again.

    Raises:
        LakehouseError: another process holds it (exit code 4, at once), or the JVM of a killed run does not end.
    """
    if settings.lake_path in _held.get():
        yield
        return
    private.make_lake(settings)
    with _path(settings).open("a+") as file:
        is_free = _acquire(file)
        file.seek(0)
        previous = _read(file.read())
        if not is_free:
            who = f"process {previous.pid} ({previous.command}, since {previous.started_at})" if previous else "another"
            raise LakehouseError(
                f"The lake {settings.lake_path} is being written by {who}.",
                "wait until it has ended; the lock frees itself",
                Exit.ENVIRONMENT,
            )
        _wait_for_jvm(previous)
        _write(settings, Holder(os.getpid(), command, datetime.now(UTC).isoformat(timespec="seconds")))
        token = _held.set(_held.get() | {settings.lake_path})
        try:
            yield
        finally:
            _held.reset(token)
            file.truncate(0)


def note_jvm(settings: Settings, jvm_pid: int | None) -> None:
    """Write which process is the JVM beside the holder's, so that a later run can wait for its end."""
    current = _read(_path(settings).read_text()) if _path(settings).exists() else None
    if jvm_pid and current and current.pid == os.getpid() and current.jvm_pid != jvm_pid:
        _write(settings, replace(current, jvm_pid=jvm_pid, jvm_started=processes.started_at(jvm_pid)))


def _acquire(file: IO[str]) -> bool:
    end = time.monotonic() + LOOK_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.05)


def _write(settings: Settings, who: Holder) -> None:
    _path(settings).write_text(json.dumps(asdict(who)))


def _read(text: str) -> Holder | None:
    try:
        return Holder(**json.loads(text))
    except (ValueError, TypeError):
        return None


def _wait_for_jvm(dead: Holder | None) -> None:
    """Wait until the JVM of a dead holder is gone; a process that has its id by now is not that one."""
    if dead is None or dead.jvm_pid is None:
        return
    end = time.monotonic() + JVM_GRACE_SECONDS
    while processes.is_java(dead.jvm_pid) and processes.is_same(dead.jvm_pid, dead.jvm_started):
        if time.monotonic() > end:
            is_ours = dead.jvm_started is not None  # else its id alone is known, which may be another's by now
            raise LakehouseError(
                f"The JVM of a killed run (process {dead.jvm_pid}, {dead.command}) is still alive.",
                f"kill {dead.jvm_pid}" if is_ours else f"see what it does: ps -f -p {dead.jvm_pid}",
                Exit.ENVIRONMENT,
            )
        time.sleep(0.1)
