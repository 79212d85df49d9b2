"""storage.ledger_rows — what a row of the ledger says: a run, what it did, and how the lake stands after it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa

from lakehouse.storage.log import DataSize

SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("run_id", pa.string()),
        ("command", pa.string()),
        ("status", pa.string()),
        ("started_at", pa.timestamp("us", tz="UTC")),
        ("ended_at", pa.timestamp("us", tz="UTC")),
        ("versions", pa.string()),
        ("ids", pa.string()),
        ("reads", pa.string()),
        ("read_ids", pa.string()),
        ("fingerprints", pa.string()),
        ("results", pa.string()),
        ("error", pa.string()),
        ("request", pa.string()),
        ("state", pa.string()),
    ]
)
JSON_COLUMNS = ("versions", "ids", "reads", "read_ids", "fingerprints", "results", "request")

# `incremental`: what changed was taken up; `discard`: refused rows were deleted; `unchanged`: nothing was written.
Mode = Literal["full_refresh", "incremental", "discard", "unchanged"]

# Rows of the first format have `way` instead, which named the refresh.
MODE_OF_WAY: Mapping[str, Mode] = {
    "whole": "full_refresh",
    "rebuild": "full_refresh",
    "append": "incremental",
    "upsert": "incremental",
    "replace": "incremental",
    "discard": "discard",
    "unchanged": "unchanged",
}

Discarded = dict[tuple[str, tuple[str, ...]], int]


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
        mode: how it was built, see `Mode`.
        removed: rows that are no longer there.
        read: files and bytes read.
        wrote: files and bytes written.
        discarded: refused rows that are not kept, as `file`, `rules` and `rows`; None where they were not counted.
        retracted: numbers of the receipts whose rows it took out of a table of landed files, or passed over.
    """

    table: str
    rows_in: int
    rows_out: int
    refused: int
    seconds: float
    version: int
    broken: dict[str, int] = field(default_factory=dict)
    mode: Mode = "full_refresh"
    removed: int = 0
    read: DataSize = field(default_factory=DataSize)
    wrote: DataSize = field(default_factory=DataSize)
    discarded: list[dict[str, Any]] | None = None
    retracted: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Built:
    """How a table stands.

    Attributes:
        version: the version that a run left.
        reads: upstream -> the version behind it.
        fingerprint: of the definition that computed it.
        id: the table's own id, empty where a lake of an earlier release does not say it.
        read_ids: upstream -> its id; a model has none.
        quarantine_id: the id of its quarantine when it was built; empty where it has none, or it is not known.
    """

    version: int
    reads: Mapping[str, int]
    fingerprint: str
    id: str = ""
    read_ids: Mapping[str, str] = field(default_factory=dict)
    quarantine_id: str = ""


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
        request: what the command was asked for, so that `retry` can ask for the same.
        ids: table -> its own id; a version counts only with it.
        read_ids: table -> upstream -> the upstream's id.
        number: running number, given when the row is recorded; a higher one came later, whatever the clock says.
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
    ids: Mapping[str, str] = field(default_factory=dict)
    read_ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True)
class State:
    """How the lake stands after a run. Every row carries all of it, so that a start reads the newest row alone.

    Attributes:
        number: of the newest row.
        published: number of the newest published row, 0 for none.
        built: table -> how the last run that finished it left it, also where that run published nothing.
        built_by: table -> number of the newest published row that built it.
        published_at: table -> when its published version was published first, UTC, ISO 8601.
        discarded: table -> its discarded rows, as `file`, `rules` and `rows`.
        retracted: table of landed files -> numbers of the receipts whose rows were taken out of it, or passed over.
        cut_at: the same -> the version at which that was done last.
    """

    number: int = 0
    published: int = 0
    built: Mapping[str, Built] = field(default_factory=dict)
    built_by: Mapping[str, int] = field(default_factory=dict)
    published_at: Mapping[str, str] = field(default_factory=dict)
    discarded: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    retracted: Mapping[str, list[int]] = field(default_factory=dict)
    cut_at: Mapping[str, int] = field(default_factory=dict)


def advance(state: State, run: Run, before: Run | None) -> State:
    """Return the state after a run.

    Args:
        state: the state that it found.
        run: the run, with its number.
        before: the row that was published before it.
    """
    is_published = run.status == "published"
    cut = [each for each in run.results if each.retracted]
    taken = {each.table: sorted({*state.retracted.get(each.table, []), *each.retracted}) for each in cut}
    later = replace(
        state,
        number=run.number,
        built=_built(state, run),
        discarded=_add_discarded(state, run),
        retracted={**state.retracted, **taken},
        cut_at={**state.cut_at, **{each.table: each.version for each in cut}},
    )
    if not is_published:
        return later
    old = (
        {}
        if before is None
        else {name: (version, before.ids.get(name, "")) for name, version in before.versions.items()}
    )
    new = {name: (version, run.ids.get(name, "")) for name, version in run.versions.items()}
    at = run.ended_at.isoformat()
    return replace(
        later,
        published=run.number,
        built_by={**state.built_by, **{each.table: run.number for each in run.results}},
        published_at={n: state.published_at.get(n, at) if old.get(n) == new[n] else at for n in new},
    )


def row_of(run: Run, state: State) -> dict[str, Any]:
    """Return a run and the state after it as a row of the ledger."""
    values = asdict(run)
    return values | {name: json.dumps(values[name]) for name in JSON_COLUMNS} | {"state": json.dumps(asdict(state))}


def run_of(row: Mapping[str, Any]) -> Run:
    """Return a row as a run; columns that this release does not know, or does not find, are passed over."""
    parsed = {name: value for name, value in row.items() if name not in JSON_COLUMNS and value is not None}
    parsed |= {name: json.loads(row.get(name) or "{}") for name in JSON_COLUMNS}
    results = [_result(each) for each in parsed["results"]]
    return Run(**_known_fields(Run, parsed) | {"results": results})


def state_of(row: Mapping[str, Any]) -> State:
    """Return the state that a row carries."""
    values = json.loads(row.get("state") or "{}")
    built = {name: Built(**_known_fields(Built, each)) for name, each in values.get("built", {}).items()}
    return State(**_known_fields(State, values) | {"built": built})


def _built(state: State, run: Run) -> dict[str, Built]:
    found, finished = dict(state.built), {each.table: each.version for each in run.results}
    for name, reads in run.reads.items():
        version = run.versions.get(name) if run.status == "published" else finished.get(name)
        if version is None:
            continue
        after = Built(version, reads, run.fingerprints.get(name, ""), run.ids.get(name, ""), run.read_ids.get(name, {}))
        known = run.ids.get(f"{name}_quarantine", "") if name in finished or name not in found else ""
        after = replace(after, quarantine_id=known or (found[name].quarantine_id if name in found else ""))
        is_older = name in found and after.id == found[name].id and version < found[name].version
        if name in finished or not is_older:  # a run of other tables publishes what was published of this one before
            found[name] = after
    return found


def _add_discarded(state: State, run: Run) -> dict[str, list[dict[str, Any]]]:
    """Add the rows that were discarded; a full refresh judged all rows, and counted those that stay discarded."""
    found = dict(state.discarded)
    for each in [result for result in run.results if result.discarded is not None]:
        name = each.table.removesuffix("_quarantine")
        found[name] = [*(found.get(name, []) if name != each.table else []), *(each.discarded or [])]
    return {name: rows for name, rows in found.items() if rows}


def _result(values: Mapping[str, Any]) -> Result:
    converted: dict[str, Any] = {name: DataSize(**values[name]) for name in ("read", "wrote") if name in values}
    if "way" in values:
        converted["mode"] = MODE_OF_WAY.get(values["way"], "full_refresh")
    return Result(**_known_fields(Result, values) | converted)


def _known_fields(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in values.items() if name in names}
