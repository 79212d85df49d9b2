"""bronze.watch — land what is dropped into a folder, and run, on one session, until told to stop."""

import os
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bronze import landing
from lakehouse import error_messages
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing.preflight import printable
from lakehouse.reports import unread
from lakehouse.runs import lock, runner

Say = Callable[[str], None]

UNFINISHED = (".part", ".tmp")  # what programs call a file that they still write
SETTLE_SECONDS = 1.0  # a file that did not change for so long is complete, if its last line ends
OPEN_SECONDS = 60.0  # and if it does not: its writer may pause in the middle of a number
RETRY_SECONDS = 60.0  # after a failure that lies in the machine: no space, no memory


@dataclass(frozen=True)
class Mark:
    """What distinguishes a file from other content under the same name."""

    name: str
    size: int
    changed_at: int


@dataclass(frozen=True)
class Done:
    """What a run of the watch did: files, their receipts and lines that came since the one before, and how it ended."""

    files: list[str]
    receipts: list[int]
    rows: int
    seconds: float
    run_id: str | None
    error: str = ""

    def __str__(self) -> str:
        """Return it as one line."""
        count = f"{len(self.files)} file{'' if len(self.files) == 1 else 's'}"
        end = f"published as run {self.run_id}" if self.run_id else f"failed: {self.error}"
        return f"{count} · {self.rows:,} rows · {self.seconds:.1f} s · {end}"

    @property
    def facts(self) -> dict[str, Any]:
        """What a program wants to know of it."""
        return vars(self) | {"status": "failed" if self.error else "published"}


@dataclass
class Watch:
    """A watched folder, and what is known of it.

    Attributes:
        lake: where files land.
        folder: where they are dropped; they stay there.
        say: receives refusals and what is waited for.
        show: receives the progress of a run.
        tried: the highest receipt number that was read or that a run was tried with.
        is_due: whether to run without a new file: at first, to finish what another process left.
        since: mark -> when it was first seen, by the monotonic clock.
        known: marks of files that landed or were refused.
        is_open: mark -> whether the last line of the file lacks its end.
        last_said: the last line about something that lasts.
        retry_at: not to run before, by the monotonic clock.
    """

    lake: Lake
    folder: Path
    say: Say
    show: Say
    tried: int
    is_due: bool = True
    since: dict[Mark, float] = field(default_factory=dict)
    known: set[Mark] = field(default_factory=set)
    is_open: dict[Mark, bool] = field(default_factory=dict)
    last_said: str = ""
    retry_at: float = 0.0

    def look(self) -> Done | None:
        """Land what is complete, and run if something has landed that no run was tried with."""
        for path, mark in self._complete():
            self._land(path, mark)
        arrived = self.lake.landing.receipts(after=self.tried)
        if not (arrived or (self.is_due and self.lake.landing.entries())):
            return None
        if time.monotonic() < self.retry_at or self._is_locked():
            return None
        started, error, run = time.monotonic(), None, None
        try:
            with unread.telling_ignored(self.lake, self.say):
                run = runner.run(self.lake, self.show, command=f"lakehouse watch {self.folder}")
        except Exception as raised:  # whatever it is, the next file may go through
            error = error_messages.explain(raised, self.lake.settings)
            if error.code == Exit.ENVIRONMENT and self._is_locked():
                return None
        if error and error.code == Exit.ENVIRONMENT:
            self.retry_at = time.monotonic() + RETRY_SECONDS
        else:
            self.tried, self.is_due = max([self.tried, *(each.number for each in arrived)]), False
        if run is None and error is None:
            return None
        return Done(
            files=[each.name for each in arrived],
            receipts=[each.number for each in arrived],
            rows=sum(each.lines for each in arrived),
            seconds=round(time.monotonic() - started, 1),
            run_id=run.run_id if run else None,
            error=str(error) if error else "",
        )

    def _complete(self) -> list[tuple[Path, Mark]]:
        """Return the files that nobody writes any more and that are not known yet, in the order of their names."""
        now, found = time.monotonic(), dict(self._marks())
        self.since = {mark: self.since.get(mark, now) for mark in found}
        self.known &= found.keys()
        self.is_open = {mark: is_open for mark, is_open in self.is_open.items() if mark in found}
        settled = [mark for mark, at in self.since.items() if mark not in self.known and now - at >= SETTLE_SECONDS]
        ready = [
            mark
            for mark in sorted(settled, key=lambda mark: mark.name)
            if now - self.since[mark] >= OPEN_SECONDS or not self._is_open(mark, found[mark])
        ]
        return [(found[mark], mark) for mark in ready]

    def _is_open(self, mark: Mark, path: Path) -> bool:
        """Say whether the last line of a file lacks its end, and mention it once."""
        if mark not in self.is_open:
            try:
                self.is_open[mark] = not landing.has_line_end(path)
            except OSError:
                self.is_open[mark] = False  # it cannot be read, which landing it will tell
            if self.is_open[mark]:
                name = printable(path.name)
                self.say(f"{name} ends within a line; it is taken when it has not changed for {OPEN_SECONDS:.0f} s.")
        return self.is_open[mark]

    def _marks(self) -> Iterator[tuple[Mark, Path]]:
        try:
            entries = list(os.scandir(self.folder))
        except OSError as error:
            self._say_once(f"{self.folder} cannot be read: {error.strerror}.")
            return
        for entry in entries:
            if not entry.name.startswith(".") and not entry.name.lower().endswith(UNFINISHED):
                try:
                    about = entry.stat()
                except OSError:  # it is gone again
                    continue
                if entry.is_file():
                    yield Mark(entry.name, about.st_size, about.st_mtime_ns), Path(entry.path)

    def _land(self, path: Path, mark: Mark) -> None:
        try:
            receipt, is_new = landing.accept(self.lake.landing, path)
        except (LakehouseError, OSError) as raised:
            if isinstance(raised, OSError) and raised.filename == str(path):
                shown = printable(str(path))
                remedy = shlex.join(["ls", "-l", str(path)])
                error = LakehouseError(f"{shown} cannot be read: {raised.strerror}.", remedy, Exit.REFUSED)
            else:
                error = error_messages.explain(raised, self.lake.settings)
            self.say(f"✗ {error}")
            if error.code == Exit.ENVIRONMENT:
                self.since[mark] = time.monotonic() + RETRY_SECONDS
                return
        else:
            if not is_new:
                self.say(f"✓ {printable(path.name)}: already received on {receipt.received_at} as {receipt.label}")
        self.known.add(mark)

    def _is_locked(self) -> bool:
        other = lock.holder(self.lake.settings)
        if other is not None:
            self._say_once(f"Waiting for process {other.pid} ({other.command}) to leave the lake.")
        else:
            self.last_said = ""
        return other is not None

    def _say_once(self, line: str) -> None:
        if line != self.last_said:
            self.say(line)
        self.last_said = line


def prepare(lake: Lake, folder: Path, say: Say, show: Say) -> Watch:
    """Start Spark and look at what was read already.

    Args:
        lake: where files land.
        folder: where they are dropped.
        say: receives refusals and what is waited for.
        show: receives the progress of a run.

    Raises:
        LakehouseError: there is no such folder (2); Java or a JAR is missing (4).
    """
    if not folder.is_dir():
        remedy = shlex.join(["mkdir", "-p", str(folder)])
        raise LakehouseError(f"{printable(str(folder))} is not a folder.", remedy, Exit.USAGE)
    lake.store.engine  # noqa: B018  (here, so that the first file does not wait for it)
    intake = [name for name, table in lake.tables.items() if table.refresh.kind == "append" and lake.store.exists(name)]
    return Watch(lake, folder, say, show, tried=max(map(lake.store.consumed, intake), default=0))


def watch(watched: Watch, every: float, stop: threading.Event) -> Iterator[Done]:
    """Look into a folder again and again until told to stop; yield what each run did.

    Args:
        watched: what `prepare` returned.
        every: seconds between two looks.
        stop: is set from outside; a run that is under way ends first.

    Raises:
        LakehouseError: the JVM is gone (4).
    """
    watched.say(f"Watching {watched.folder}; Ctrl-C ends it.")
    while not stop.is_set():
        done = watched.look()
        if done:
            yield done
        if not watched.lake.store.engine.is_alive:
            again = shlex.join(["lakehouse", "watch", str(watched.folder)])
            raise LakehouseError("The engine is gone.", again, Exit.ENVIRONMENT)
        stop.wait(every)
