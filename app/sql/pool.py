"""sql.pool — the queries that readers of the site asked: two at once, one of each reader, on workers that wait warm.

A worker starts when somebody opens the Query page; a second one waits warm beside it, and takes over when the first is
killed. Both end after some minutes in which nobody asked.
"""

import atexit
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from threading import Event, RLock, Semaphore, Thread
from typing import Any

from app.sql import asking, limits, published
from app.sql.history import History
from app.sql.process import Process, Reply
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from lakehouse.storage.ledger import Run

WAITING, WORKING, DONE, ENDED = "waiting", "working", "done", "ended"
MOST_WAITING = 20
MOST_KEPT = 40  # results; each has at most 5 MB
SECONDS_BETWEEN_LOOKS = 15.0


class Busy(LakehouseError):
    """A second query of the same reader, or too many of all (exit code 3)."""


@dataclass
class Query:
    """A query of a reader.

    Attributes:
        owner: the reader, as the log names him.
        act: `run` or `plan`.
        sql: its text.
        run: whose tables it reads.
        state: waiting for its turn or a worker, working, done, or ended without rows.
        stop: set to end it.
        reply: what came of it.
        error: why it ended.
        seconds: how long it worked.
        versions: of the tables it read.
    """

    owner: str
    act: str
    sql: str
    run: Run
    id: str = field(default_factory=lambda: token_hex(8))
    state: str = WAITING
    stop: Event = field(default_factory=Event)
    reply: Reply | None = None
    error: LakehouseError | None = None
    seconds: float = 0.0
    versions: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, with or without rows."""
        return self.state in (DONE, ENDED)


class Pool:
    """The workers of a site, and the queries that they are asked."""

    def __init__(self, idle_minutes: float) -> None:
        """Start nothing yet.

        Args:
            idle_minutes: after which workers that nobody asks end.
        """
        self._idle_seconds = 60 * idle_minutes
        self._queries: OrderedDict[str, Query] = OrderedDict()
        self._turns = Semaphore(limits.MOST_AT_ONCE)
        self._lock = RLock()
        self._idle: list[Process] = []
        self._busy: list[Process] = []
        self._watcher: Thread | None = None
        atexit.register(self.close)

    def submit(self, settings: Settings, run: Run, owner: str, act: str, sql: str) -> Query:
        """Take a query; it is worked at in the background.

        Raises:
            Busy: one of this reader is not over, or too many wait.
            LakehouseError: the run published nothing that a query may read (exit code 2).
        """
        tables = published.tables(run)
        with self._lock:
            going = [each for each in self._queries.values() if not each.is_over]
            if any(each.owner == owner for each in going):
                raise Busy("Your last query still runs; one at a time.", "wait for it, or cancel it", Exit.REFUSED)
            if len(going) >= MOST_WAITING:
                raise Busy("Too many queries wait already.", "ask again in a minute", Exit.REFUSED)
            query = Query(owner, act, sql, run)
            self._queries[query.id] = query
            over = [each.id for each in self._queries.values() if each.is_over]
            for identity in over[: max(0, len(self._queries) - MOST_KEPT)]:
                del self._queries[identity]
        Thread(target=self._work, args=(settings, tables, query), name="query", daemon=True).start()
        return query

    def find(self, identity: str, owner: str) -> Query | None:
        """Return a query of a reader; None where there is none, or it is kept no more."""
        query = self._queries.get(identity)
        return query if query and query.owner == owner else None

    def warm(self, settings: Settings) -> None:
        """Start a worker for a lake, if none waits or works."""
        with self._lock:
            self._forget_dead()
            if not [each for each in (*self._idle, *self._busy) if _is_for(each, settings)]:
                self._idle.append(self._start(settings))

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            for process in (*self._idle, *self._busy):
                process.kill()
            self._idle.clear()

    @property
    def processes(self) -> list[int]:
        """The process ids of the workers that live."""
        with self._lock:
            return [each.pid for each in (*self._idle, *self._busy) if each.is_alive]

    def _work(self, settings: Settings, tables: Mapping[str, list[str | int]], query: Query) -> None:
        with self._turns:
            began = time.monotonic()
            try:
                process = self._take(settings)
                try:
                    history = History(settings.lake_path)
                    query.state = WORKING
                    query.reply, asked = asking.ask(
                        process, history, query.sql, tables, query.run, query.owner, query.stop, query.act
                    )
                finally:
                    self._give_back(process, settings)
                query.seconds, query.versions, query.state = asked.seconds, asked.versions, DONE
            except LakehouseError as error:
                query.error, query.seconds, query.state = error, time.monotonic() - began, ENDED
            except Exception as error:  # nobody waits for this thread; the reader does
                query.error = LakehouseError(f"The query could not be asked: {type(error).__name__}.")
                query.state = ENDED

    def _take(self, settings: Settings) -> Process:
        """Return a worker of the lake, the one that waits if there is one; see that another waits then."""
        with self._lock:
            self._forget_dead()
            found = next((each for each in self._idle if _is_for(each, settings)), None)
            if found:
                self._idle.remove(found)
            process = found or self._start(settings)
            self._busy.append(process)
            self._keep_spare(settings)
            return process

    def _give_back(self, process: Process, settings: Settings) -> None:
        with self._lock:
            self._busy.remove(process)
            self._idle.insert(0, process)
            self._forget_dead()
            self._keep_spare(settings)

    def _keep_spare(self, settings: Settings) -> None:
        if len(self._idle) + len(self._busy) < limits.MOST_AT_ONCE:
            self._idle.append(self._start(settings))

    def _start(self, settings: Settings) -> Process:
        """Start a worker; one of another lake that is idle makes room."""
        while self._idle and len(self._idle) + len(self._busy) >= limits.MOST_AT_ONCE:
            self._idle.pop().kill()
        if self._watcher is None or not self._watcher.is_alive():
            self._watcher = Thread(target=self._end_idle, name="query-workers", daemon=True)
            self._watcher.start()
        return Process(settings)

    def _forget_dead(self) -> None:
        for process in [each for each in self._idle if not each.is_alive]:
            process.kill()
            self._idle.remove(process)

    def _end_idle(self) -> None:
        while True:
            time.sleep(min(SECONDS_BETWEEN_LOOKS, self._idle_seconds))
            with self._lock:
                now = time.monotonic()
                if not self._busy and all(now > each.used_at + self._idle_seconds for each in self._idle):
                    self.close()
                    self._watcher = None
                    return


def _is_for(process: Process, settings: Settings) -> bool:
    return process.settings.lake == settings.lake


def state_of(query: Query) -> dict[str, Any]:
    """Return what a reader is told of a query, without its rows."""
    told: dict[str, Any] = {"id": query.id, "state": query.state, "act": query.act, "sql": query.sql}
    told |= {"run": query.run.number, "seconds": round(query.seconds, 2), "versions": dict(query.versions)}
    if query.error:
        told |= {"message": query.error.message, "remedy": query.error.remedy}
        told |= {"rule": getattr(query.error, "rule", "")}
    if query.reply:
        told |= {"is_cut": query.reply.told.get("is_cut", False), "plan": query.reply.told.get("plan", "")}
    return told
