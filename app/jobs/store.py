"""jobs.store — the table of jobs: one SQLite file, written by the site and by the workers, in short transactions.

    queued → running ⇄ waiting → done, failed or cancelled; what failed or was cancelled may be queued again

Each change names the states that it starts from. So of two that come at once, a cancel and an end, one wins and the
other is told.
"""

import json
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from app.data.database import Database
from lakehouse import private, processes
from lakehouse.errors import Exit, LakehouseError

FILE = "jobs.sqlite"
QUEUED, RUNNING, WAITING, DONE, FAILED, CANCELLED = "queued", "running", "waiting", "done", "failed", "cancelled"
WORKING = (RUNNING, WAITING)
ACTIVE = (QUEUED, *WORKING)
ENDED = (DONE, FAILED, CANCELLED)
MOST_ACTIVE = 100  # jobs of a site; more are refused
SCHEMA = """
    CREATE TABLE IF NOT EXISTS jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, title TEXT NOT NULL, lake TEXT NOT NULL, arguments TEXT NOT NULL,
        owner TEXT NOT NULL, writes_lake INTEGER NOT NULL, state TEXT NOT NULL,
        done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, sentence TEXT NOT NULL DEFAULT '',
        created REAL NOT NULL, started REAL, ended REAL, heartbeat REAL, pid INTEGER, pid_started REAL,
        result TEXT NOT NULL DEFAULT '{}', error TEXT NOT NULL DEFAULT '', remedy TEXT NOT NULL DEFAULT '');
"""


@dataclass(frozen=True)
class Job:
    """One job. Instants are seconds since 1970.

    Attributes:
        id: names it, and its folder; not to be guessed.
        kind: what it does, a module of `jobs.kinds`.
        title: the same for people.
        lake: the dataset it works on, by the name under which the site offers it.
        arguments: what the kind wants to know.
        owner: the browser that asked for it.
        writes_lake: whether it waits for the lake's lock.
        state: one of ACTIVE or ENDED.
        done: how much of `total` is done; of a total of 0 nobody knows how much there is.
        total: rows, bytes or steps.
        sentence: what it does at this moment.
        created: when it was asked for.
        started: when a worker took it up.
        ended: when it ended.
        heartbeat: when its worker was last heard of.
        pid: the worker's process.
        pid_started: when that began, which with its id names it for good.
        result: what came of it: `files` by name, `rows`, and what the kind says.
        error: why it failed.
        remedy: what mends it.
    """

    id: str
    kind: str
    title: str
    lake: str
    arguments: Mapping[str, Any]
    owner: str
    writes_lake: bool
    state: str
    created: float
    done: int = 0
    total: int = 0
    sentence: str = ""
    started: float | None = None
    ended: float | None = None
    heartbeat: float | None = None
    pid: int | None = None
    pid_started: float | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    remedy: str = ""


COLUMNS = ", ".join(each.name for each in fields(Job))
SELECT = f"SELECT {COLUMNS} FROM jobs"


class Store:
    """The jobs of a site."""

    def __init__(self, folder: Path) -> None:
        """Look at the folder that holds them, `jobs` in the site's own lake; its file comes with the first job."""
        remedy = "free some space, or see whether the lake can be written"
        self._database = Database(
            (folder / FILE).absolute(), SCHEMA, f"The table of jobs, {private.JOBS}/{FILE}", remedy
        )

    def add(self, job: Job) -> None:
        """Queue a job.

        Raises:
            LakehouseError: too many wait already (exit code 2), or the file cannot be written (4).
        """
        with self._database.writing() as connection:
            if len(_among(connection, f"state IN {ACTIVE}")) >= MOST_ACTIVE:
                message = f"{MOST_ACTIVE} jobs are waiting already."
                raise LakehouseError(message, "wait for some to end, or cancel them", Exit.USAGE)
            values = [getattr(job, each.name) for each in fields(Job)]
            values = [json.dumps(each) if isinstance(each, Mapping) else each for each in values]
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO jobs ({COLUMNS}) VALUES ({marks})", values)

    def get(self, identity: str, owner: str | None = None) -> Job | None:
        """Return a job; None where there is none, or where it is another owner's."""
        found = self._read("id = ?", identity)
        return found[0] if found and owner in (None, found[0].owner) else None

    def of(self, owner: str) -> list[Job]:
        """Return the jobs of an owner, the newest first."""
        return self._read("owner = ? ORDER BY number DESC", owner)

    def among(self, states: Sequence[str]) -> list[Job]:
        """Return all jobs in some states, the oldest first."""
        return self._read(f"state IN ({', '.join('?' * len(states))}) ORDER BY number", *states)

    def take(self, most: int) -> Job | None:
        """Give the oldest queued job to a worker if fewer than `most` work; of those that write lakes one at a time."""
        if not self._database.is_there:
            return None
        with self._database.writing() as connection:
            working = _among(connection, f"state IN {WORKING}")
            if len(working) >= most:
                return None
            is_next = "AND writes_lake = 0" if any(job.writes_lake for job in working) else ""
            found = _among(connection, f"state = ? {is_next} ORDER BY number LIMIT 1", QUEUED)
            if not found:
                return None
            now = time.time()
            change = (
                "UPDATE jobs SET state = ?, started = ?, heartbeat = ?, pid = NULL, pid_started = NULL WHERE id = ?"
            )
            connection.execute(change, (RUNNING, now, now, found[0].id))
            return found[0]

    def begin(self, identity: str) -> bool:
        """Note that this process works on a job; say whether it still should."""
        pid = os.getpid()
        return self._change(identity, (RUNNING,), pid=pid, pid_started=processes.started_at(pid), heartbeat=time.time())

    def tell(self, identity: str, **told: Any) -> bool:
        """Note how far a job is (state, done, total, sentence); say whether it should go on."""
        return self._change(identity, WORKING, heartbeat=time.time(), **told)

    def finish(self, identity: str, result: Mapping[str, Any]) -> bool:
        """Note that a job is done; say whether it was not cancelled before."""
        told = {"result": json.dumps(result), "sentence": "", "ended": time.time()}
        return self._change(identity, WORKING, state=DONE, **told)

    def fail(self, identity: str, error: str, remedy: str) -> bool:
        """Note why a job failed; say whether it was still going on."""
        told = {"error": error, "remedy": remedy, "sentence": "", "ended": time.time()}
        return self._change(identity, WORKING, state=FAILED, **told)

    def cancel(self, identity: str) -> bool:
        """Note that nobody wants a job any more; say whether it had not ended."""
        return self._change(identity, ACTIVE, state=CANCELLED, sentence="", ended=time.time())

    def retry(self, identity: str) -> bool:
        """Queue a job that failed or was cancelled once more; say whether it was one."""
        fresh: dict[str, Any] = {"started": None, "ended": None, "heartbeat": None, "pid": None, "pid_started": None}
        fresh |= {"done": 0, "total": 0, "sentence": "", "error": "", "remedy": "", "result": "{}"}
        return self._change(identity, (FAILED, CANCELLED), state=QUEUED, **fresh)

    def remove(self, identity: str) -> bool:
        """Remove a job that has ended; say whether there was one."""
        if not self._database.is_there:
            return False
        with self._database.writing() as connection:
            sql = f"DELETE FROM jobs WHERE id = ? AND state IN {ENDED}"
            return connection.execute(sql, (identity,)).rowcount > 0

    def _change(self, identity: str, states: tuple[str, ...], **values: Any) -> bool:
        named = ", ".join(f"{name} = ?" for name in values)
        marks = ", ".join("?" * len(states))
        if not self._database.is_there:
            return False
        with self._database.writing() as connection:
            sql = f"UPDATE jobs SET {named} WHERE id = ? AND state IN ({marks})"
            return connection.execute(sql, (*values.values(), identity, *states)).rowcount > 0

    def _read(self, where: str, *values: str) -> list[Job]:
        return _jobs(self._database.rows(f"{SELECT} WHERE {where}", *values))


def new_id() -> str:
    """Return an id that nobody can guess."""
    return uuid.uuid4().hex


def _among(connection: sqlite3.Connection, where: str, *values: str) -> list[Job]:
    """Return the jobs that meet a condition, within a transaction."""
    return _jobs(connection.execute(f"{SELECT} WHERE {where}", values).fetchall())


def _jobs(rows: Sequence[tuple[Any, ...]]) -> list[Job]:
    names = [each.name for each in fields(Job)]
    found = [dict(zip(names, row, strict=True)) for row in rows]
    read: dict[str, Callable[[Any], Any]] = {"arguments": json.loads, "result": json.loads, "writes_lake": bool}
    return [Job(**{name: read[name](value) if name in read else value for name, value in row.items()}) for row in found]
