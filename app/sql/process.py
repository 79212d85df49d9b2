"""sql.process — the parent's side of a worker: start it, ask it, and kill it with all that it started."""

import json
import os
import pickle
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any

import pyarrow as pa

from app.sql import limits
from app.sql.text import Refused
from lakehouse import private
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import PROJECT, Settings, environment

KEPT = ("PATH", "JAVA_HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH")  # of the environment; a worker gets nothing else
LOG = "query.log"
MODULE = "app.sql.worker"
SECONDS_BETWEEN_LOOKS = 0.05


class Stopped(LakehouseError):
    """A query that was ended: by who asked it, or because its time was up (exit code 1)."""


class Died(LakehouseError):
    """A worker that ended itself in the middle of a query, most likely for want of memory (exit code 1)."""


@dataclass(frozen=True)
class Reply:
    """What a worker told, and the rows that it gave; None where it gave none."""

    told: Mapping[str, Any]
    rows: pa.Table | None = None


@dataclass(frozen=True)
class Sink:
    """Where all rows of a query go.

    Attributes:
        take: given them part by part, first a part without rows.
        tell: told how many tasks of Spark's are done, of how many.
    """

    take: Callable[[pa.Table], None]
    tell: Callable[[int, int], None]


class Process:
    """A worker for one lake. It takes seconds to start; ask it only when it is ready."""

    def __init__(self, settings: Settings, parent: Path | None = None) -> None:
        """Start it; `wait` waits until it can be asked.

        Args:
            settings: whose lake.
            parent: the folder in which it gets a folder of its own; the system's for passing files if there is none.
        """
        self.settings = settings
        self.used_at = time.monotonic()
        self._scratch = Path(tempfile.mkdtemp(prefix="lakehouse-query-", dir=parent))
        self._unread = b""
        command = [sys.executable, "-P", "-m", MODULE]
        with private.open_log(settings, LOG) as log:
            self._child = subprocess.Popen(
                command,
                env=_environment(self._scratch),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # its process group is killed whole
            )
        self._ready: Mapping[str, Any] | None = None
        self._write(pickle.dumps((_resolved(settings), self._scratch)))

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._child.poll() is None

    @property
    def pid(self) -> int:
        """Its process id, and that of its group."""
        return self._child.pid

    def wait(self, stop: Event | None = None) -> Mapping[str, Any]:
        """Wait until it is ready; return what it told: under `open` what the system did not let be taken from it.

        Raises:
            LakehouseError: it cannot start, as without Java (exit code 4).
        """
        if self._ready is None:
            try:
                self._ready = self._read(limits.START_SECONDS, stop).told
            except Died as error:
                raise LakehouseError(
                    "The process for queries ended while it started.", self._log, Exit.ENVIRONMENT
                ) from error
        return self._ready

    def ask(
        self,
        act: str,
        sql: str,
        tables: Mapping[str, Any],
        stop: Event | None = None,
        sink: Sink | None = None,
    ) -> Reply:
        """Have a query judged and run, planned or only judged.

        Args:
            act: `run`, `export`, `plan` or `check`.
            sql: the query.
            tables: view -> name, version and id of the table that it shows.
            stop: when set, the query is ended.
            sink: of `export`.

        Raises:
            Refused: a rule refuses it (exit code 3).
            Stopped: it took too long, or was stopped.
            Died: its process ended itself.
            LakehouseError: it failed (exit code 1).
        """
        self.wait(stop)
        self.used_at = time.monotonic()
        self._write(json.dumps({"act": act, "sql": sql, "tables": tables}).encode() + b"\n")
        try:
            return self._read(limits.EXPORT_SECONDS if sink else limits.SECONDS, stop, sink)
        finally:
            self.used_at = time.monotonic()

    def kill(self) -> None:
        """End it, its JVM, and all that either started; remove what they wrote."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def __enter__(self) -> "Process":
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it."""
        self.kill()

    @property
    def _log(self) -> str:
        return f"its last words are in {self.settings.lake_path / 'logs' / LOG}"

    def _write(self, message: bytes) -> None:
        assert self._child.stdin
        with suppress(BrokenPipeError):  # that it is gone is seen when its answer is read
            self._child.stdin.write(message)
            self._child.stdin.flush()

    def _read(self, seconds: float, stop: Event | None, sink: Sink | None = None) -> Reply:
        """Read an answer; when time is up, or somebody stops it, cancel the query, and soon kill its process."""
        assert self._child.stdout
        began, cancelled_at, reason = time.monotonic(), 0.0, ""
        with selectors.DefaultSelector() as selector:
            selector.register(self._child.stdout, selectors.EVENT_READ)
            while (reply := self._complete(sink)) is None:
                now = time.monotonic()
                if not cancelled_at and ((stop and stop.is_set()) or now > began + seconds):
                    cancelled_at = now
                    is_asked = stop is not None and stop.is_set()
                    reason = "The query was cancelled." if is_asked else f"The query took more than {seconds:.0f} s."
                    self._write(b'{"act": "cancel"}\n')
                if cancelled_at and now > cancelled_at + limits.GRACE_SECONDS:
                    self.kill()
                    raise Stopped(reason, "" if "cancelled" in reason else "read fewer days, or sum up first")
                if selector.select(SECONDS_BETWEEN_LOOKS):
                    found = os.read(self._child.stdout.fileno(), 1 << 20)
                    if not found:
                        self.kill()
                        raise Died(
                            reason or f"The query needed more than the {limits.MEMORY} of memory that it may have.",
                            "read fewer days, or sum up first",
                        )
                    self._unread += found
        if "error" in reply.told:
            message, remedy, code = reply.told["error"]
            if reply.told.get("rule"):
                raise Refused(reply.told["rule"], message.partition(". ")[2], remedy)
            if reason:
                raise Stopped(reason, "" if "cancelled" in reason else "read fewer days, or sum up first")
            raise LakehouseError(message, remedy, Exit(code))
        return reply

    def _complete(self, sink: Sink | None) -> Reply | None:
        """Return the answer once all of it is there; what comes before it goes into the sink."""
        while (reply := self._message()) is not None:
            if sink and "tasks" in reply.told:
                sink.tell(*reply.told["tasks"])
            elif sink and "is_part" in reply.told:
                self._pour(reply.rows, sink)
            else:
                return reply
        return None

    def _pour(self, rows: pa.Table | None, sink: Sink) -> None:
        try:
            sink.take(rows)
        except BaseException:
            self.kill()  # as on a full disk: the rest of the rows is nobody's, and the next answer would begin with it
            raise

    def _message(self) -> Reply | None:
        line, end, rest = self._unread.partition(b"\n")
        if not end:
            return None
        told = json.loads(line)
        if len(rest) < told["bytes"]:
            return None
        self._unread = rest[told["bytes"] :]
        rows = pa.ipc.open_stream(rest[: told["bytes"]]).read_all() if told["bytes"] else None
        return Reply(told, rows)


def _resolved(settings: Settings) -> Settings:
    """Return settings that mean the same in a process without environment and home."""
    java = replace(settings.java, cache=str(settings.cache_path))
    origins = {**settings.origins, "java.cache": "resolved"}
    return replace(settings, lake=replace(settings.lake, path=str(settings.lake_path)), java=java, origins=origins)


def _environment(scratch: Path) -> dict[str, str]:
    kept = {name: value for name, value in environment().items() if name in KEPT}
    modules = os.pathsep.join(dict.fromkeys([str(PROJECT), *(each for each in sys.path if each)]))
    own = {"PYTHONPATH": modules, "HOME": str(scratch), "TMPDIR": str(scratch), "PYTHONUTF8": "1"}
    return kept | own | {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "localhost"}
