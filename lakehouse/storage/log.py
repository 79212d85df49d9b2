"""storage.log — what a table's log tells without Java: its commits, and how much of it a filter touches."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.fs import DeltaStorageHandler
from pyarrow import fs

# They move rows between files, or none at all: whoever reads the table sees no change.
NEUTRAL = ("OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES")


@dataclass(frozen=True)
class DataSize:
    """How much is read or written: files, and their bytes."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "DataSize") -> "DataSize":
        """Add up both."""
        return DataSize(self.files + other.files, self.bytes + other.bytes)


@dataclass(frozen=True)
class Commit:
    """One version of a table.

    Attributes:
        version: the version it made.
        operation: Delta's name of what was done.
        run_id: the run that did it, empty if it was no run.
        is_whole: whether it put other rows in the place of all.
        rows: rows written.
        extent: files and bytes written.
        at: when, UTC.
    """

    version: int
    operation: str
    run_id: str
    is_whole: bool
    rows: int
    extent: DataSize
    at: datetime

    @property
    def is_neutral(self) -> bool:
        """Whether the table's rows are the same before and after."""
        return self.operation in NEUTRAL


def since(table: DeltaTable, version: int) -> list[Commit]:
    """Return the commits after a version, oldest first."""
    count = table.version() - version
    return [_commit(each) for each in reversed(table.history(count))] if count > 0 else []


def actions(table: DeltaTable, version: int) -> list[tuple[str, dict[str, Any]]]:
    """Return an entry of a table's log: what it does, by Delta's name, and to what."""
    log = fs.PyFileSystem(DeltaStorageHandler(table.table_uri))
    lines = log.open_input_stream(f"_delta_log/{version:020d}.json").read().splitlines()
    return [action for line in lines for action in json.loads(line).items()]


def moved(table: DeltaTable, after: int, upto: int) -> tuple[list[str], list[str]]:
    """Return the files by which commits after a version, up to another, changed a table's rows.

    Returns:
        Those that they added and those that they removed, as paths in the table's folder.
    """
    found: dict[str, list[str]] = {"add": [], "remove": []}
    for version in range(after + 1, upto + 1):
        for kind, action in actions(table, version):
            if kind in found and action["dataChange"]:
                found[kind].append(unquote(action["path"]))
    return found["add"], found["remove"]


def files(table: DeltaTable) -> list[dict[str, Any]]:
    """Return what the log says of each file: path, size_bytes, num_records, and statistics as min.x and max.x."""
    adds = table.get_add_actions(flatten=True)
    return pa.RecordBatchReader.from_stream(adds).read_all().to_pylist()  # pa.table would import pandas


def extent(table: DeltaTable) -> DataSize:
    """Return how much a table's files are."""
    return extent_of(files(table))


def extent_of(files: Sequence[Mapping[str, Any]]) -> DataSize:
    """Return how much some of a table's files are."""
    return DataSize(len(files), sum(int(each["size_bytes"]) for each in files))


def total(extents: Iterable[DataSize]) -> DataSize:
    """Add up extents."""
    return sum(extents, DataSize())


def rows(commits: Sequence[Commit]) -> int:
    """Add up the rows that commits wrote, those that moved no rows left out."""
    return sum(commit.rows for commit in commits if not commit.is_neutral)


def _commit(info: Mapping[str, Any]) -> Commit:
    parameters, metrics = info.get("operationParameters", {}), info.get("operationMetrics", {})
    operation = str(info["operation"])
    is_overwrite = operation == "WRITE" and parameters.get("mode") == "Overwrite" and not parameters.get("predicate")
    return Commit(
        version=int(info["version"]),
        operation=operation,
        run_id=str(info.get("userMetadata") or ""),
        is_whole=is_overwrite or operation.startswith(("CREATE", "REPLACE", "RESTORE")),
        rows=_rows(operation, metrics),
        extent=DataSize(int(metrics.get("numFiles", 0)), int(metrics.get("numOutputBytes", 0))),
        at=datetime.fromtimestamp(int(info["timestamp"]) / 1000, UTC),
    )


def _rows(operation: str, metrics: Mapping[str, Any]) -> int:
    """Count the rows that a commit changed; one that replaces rows also writes others again that stay as they are."""
    if operation == "MERGE":
        return sum(int(metrics.get(f"numTargetRows{each}", 0)) for each in ("Inserted", "Updated", "Deleted"))
    written, copied, deleted = (int(metrics.get(f"num{each}Rows", 0)) for each in ("Output", "Copied", "Deleted"))
    return written - copied + deleted
