"""storage.ledger — the ledger: what each run read, wrote and refused; its newest published row is the set to read."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa

from lakehouse.storage import log
from lakehouse.storage.log import DataSize
from lakehouse.storage.store import Store

LEDGER = "ledger"
MOST_FILES = 50  # each row comes as a file of its own, and every command reads them all
SCHEMA = pa.schema(
    [
        ("run_id", pa.string()),
        ("command", pa.string()),
        ("status", pa.string()),
        ("started_at", pa.timestamp("us", tz="UTC")),
        ("ended_at", pa.timestamp("us", tz="UTC")),
        ("versions", pa.string()),
        ("reads", pa.string()),
        ("fingerprints", pa.string()),
        ("results", pa.string()),
        ("error", pa.string()),
        ("request", pa.string()),
    ]
)
JSON_COLUMNS = ("versions", "reads", "fingerprints", "results", "request")


@dataclass(frozen=True)
class Result:
    """What a run did to one table.

    Attributes:
        table: its name.
        rows_in: upstream rows it looked at: all of them, or those that changed.
        rows_out: rows written.
        refused: rows set aside, or set aside still after they were judged again.
        seconds: wall time.
        version: the table's version afterwards.
        broken: rule -> written rows that break it.
        way: `whole`, or how it took up a change: append, upsert, replace, rebuild; `unchanged` if nothing was written.
        removed: rows that are no longer there.
        read: files and bytes read.
        wrote: files and bytes written.
        discarded: refused rows that are not kept, as `file`, `rules` and `rows`; None where they were not counted.
    """

    table: str
    rows_in: int
    rows_out: int
    refused: int
    seconds: float
    version: int
    broken: dict[str, int] = field(default_factory=dict)
    way: str = "whole"
    removed: int = 0
    read: DataSize = field(default_factory=DataSize)
    wrote: DataSize = field(default_factory=DataSize)
    discarded: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class Built:
    """How a table stands: the version a run left, the upstream versions behind it, the definition that computed it."""

    version: int
    reads: Mapping[str, int]
    fingerprint: str


@dataclass(frozen=True)
class Run:
    """One row of the ledger.

    Attributes:
        run_id: start and a few random digits.
        command: what was asked for.
        status: `published`, or `failed`.
        started_at: UTC.
        ended_at: UTC.
        versions: table -> version, complete: the set that readers use.
        reads: table -> upstream -> the version that its rows were computed from.
        fingerprints: table -> hash of the contract and code that computed it.
        results: what the run did to each table it built.
        error: why it failed, else empty.
        request: what the command was told, so that `retry` can ask for the same.
    """

    run_id: str
    command: str
    status: str
    started_at: datetime
    ended_at: datetime
    versions: Mapping[str, int] = field(default_factory=dict)
    reads: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    error: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)


class Ledger:
    """The ledger of a lake: an append-only Delta table, read and written without Java."""

    def __init__(self, store: Store) -> None:
        """Look at the lake's ledger; it is made by the first row."""
        self.store = store
        self._read: tuple[object, list[Run]] = (None, [])

    def runs(self) -> list[Run]:
        """Return every row, oldest first."""
        if not self.store.exists(LEDGER):
            return []
        delta = self.store.delta(LEDGER)
        state = delta.metadata().id, delta.version()
        if self._read[0] != state:  # it is asked again and again, and a file is read for every row
            rows = self.store.records(LEDGER)
            self._read = state, sorted((_run(row) for row in rows), key=lambda run: run.ended_at)
        return list(self._read[1])

    def published(self) -> Run | None:
        """Return the newest published row, or None while there is none."""
        return next((run for run in reversed(self.runs()) if run.status == "published"), None)

    def built(self) -> dict[str, Built]:
        """Return how the last run that finished each table left it, also where that run published nothing."""
        found: dict[str, Built] = {}
        for run in self.runs():
            finished = {each.table: each.version for each in run.results}
            for name, reads in run.reads.items():
                version = run.versions[name] if run.status == "published" else finished.get(name)
                is_older = name in found and name not in finished and (version or 0) < found[name].version
                if version is not None and not is_older:
                    found[name] = Built(version, reads, run.fingerprints.get(name, ""))
        return found

    def latest_results(self) -> dict[str, Result]:
        """Return for each table what the newest published run that built it did."""
        return {each.table: each for run in self.runs() if run.status == "published" for each in run.results}

    def discarded(self, table: str) -> dict[tuple[str, tuple[str, ...]], int]:
        """Return which refused rows of a table were discarded: landed file and rules broken -> rows.

        Where the table was built whole, all refused rows were judged, and those counted that stay discarded.
        """
        found: dict[tuple[str, tuple[str, ...]], int] = {}
        for each in [result for run in self.runs() for result in run.results if result.discarded is not None]:
            if each.table == table:
                found = {}
            for row in (each.discarded or []) if each.table in (table, f"{table}_quarantine") else []:
                key = row["file"], tuple(row["rules"])
                found[key] = found.get(key, 0) + row["rows"]
        return found

    def record(self, run: Run) -> None:
        """Add a row. A published row is the publication itself: before it, readers see none of the run."""
        row = asdict(run) | {name: json.dumps(asdict(run)[name]) for name in JSON_COLUMNS}
        if self.store.exists(LEDGER) and len(log.files(self.store.delta(LEDGER))) >= MOST_FILES:
            self.store.compact(LEDGER)  # before the row: once that is written, nothing may fail any more
        self.store.append_arrow(LEDGER, pa.Table.from_pylist([row], SCHEMA))


def new_run_id() -> str:
    """Return an id that sorts by its start."""
    return f"{now():%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"


def now() -> datetime:
    """Return this instant, UTC."""
    return datetime.now(UTC)


def _run(row: dict[str, Any]) -> Run:
    parsed = row | {name: json.loads(row.get(name) or "{}") for name in JSON_COLUMNS}
    return Run(**parsed | {"results": [_result(each) for each in parsed["results"]]})


def _result(values: dict[str, Any]) -> Result:
    extents: dict[str, Any] = {name: DataSize(**values[name]) for name in ("read", "wrote") if name in values}
    return Result(**values | extents)
