"""storage.log — what a table's log says, read without Java: its commits, and how much of it a filter touches."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.storage.folder import TableLog


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
        replaces_all: whether it put other rows in the place of all.
        rows: rows written.
        size: files and bytes written.
        at: when, UTC.
        is_neutral: whether rows, columns and protocol are the same before and after; the operation's name decides
            nothing, so that another program's OPTIMIZE costs nothing.
        added: files by which it changed the rows, as paths in the table's folder.
        removed: the same, of those that it took away.
    """

    version: int
    operation: str
    run_id: str
    replaces_all: bool
    rows: int
    size: DataSize
    at: datetime
    is_neutral: bool
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def since(table: TableLog, version: int) -> list[Commit]:
    """Return the commits after a version, oldest first. Of an entry that is gone nothing is known but its version."""
    return [commit(table, each) for each in range(version + 1, table.version() + 1)]


def commit(table: TableLog, version: int) -> Commit:
    """Return one commit of a table."""
    try:
        entry = actions(table, version)
    except FileNotFoundError:
        return Commit(version, "gone from the log", "", True, 0, DataSize(), datetime.fromtimestamp(0, UTC), False)
    info = next((action for kind, action in entry if kind == "commitInfo"), {})
    moves = [(kind, action) for kind, action in entry if kind in ("add", "remove") and action["dataChange"]]
    parameters, metrics = info.get("operationParameters") or {}, info.get("operationMetrics") or {}
    operation = str(info.get("operation", ""))
    is_overwrite = operation == "WRITE" and parameters.get("mode") == "Overwrite" and not parameters.get("predicate")
    added = [action for kind, action in moves if kind == "add"]
    return Commit(
        version=version,
        operation=operation,
        run_id=str(info.get("userMetadata") or ""),
        replaces_all=is_overwrite or operation.startswith(("CREATE", "REPLACE", "RESTORE")),
        rows=_rows(operation, metrics, added),
        size=DataSize(len(added), sum(int(each["size"]) for each in added)),
        at=datetime.fromtimestamp(int(info.get("timestamp", 0)) / 1000, UTC),
        is_neutral=not moves and not _changes_form(table, version, entry),
        added=[unquote(each["path"]) for each in added],
        removed=[unquote(action["path"]) for kind, action in moves if kind == "remove"],
    )


def removed_files(table: TableLog, version: int) -> set[str]:
    """Return the paths of the files that a commit removed, also where it only wrote their rows again."""
    return {unquote(action["path"]) for kind, action in actions(table, version) if kind == "remove"}


def actions(table: TableLog, version: int) -> list[tuple[str, dict[str, Any]]]:
    """Return an entry of a table's log: what it does, by Delta's name, and to what.

    Raises:
        FileNotFoundError: the log does not hold it any more.
    """
    lines = table.folder.read(f"_delta_log/{version:020d}.json").splitlines()
    return [action for line in lines for action in json.loads(line).items()]


def changed_files(table: TableLog, after: int, upto: int) -> tuple[list[str], list[str]]:
    """Return the files by which commits after a version, up to another, changed a table's rows.

    Returns:
        Those that they added and those that they removed, as paths in the table's folder; what came and went again is
        left out.
    """
    found = [commit(table, version) for version in range(after + 1, upto + 1)]
    added = [path for each in found for path in each.added]
    removed = [path for each in found for path in each.removed]
    passing = set(added) & set(removed)
    return [path for path in added if path not in passing], [path for path in removed if path not in passing]


def _changes_form(table: TableLog, version: int, entry: Sequence[tuple[str, dict[str, Any]]]) -> bool:
    """Say whether an entry changes columns (their comments aside) or protocol."""
    formal = {kind: action for kind, action in entry if kind in ("metaData", "protocol")}
    if not formal:
        return False
    if version == 0:
        return True
    before = table.at(version - 1)
    schema = formal["metaData"]["schemaString"] if "metaData" in formal else before.schema().to_json()
    protocol, old = formal.get("protocol", {}), before.protocol()
    return _bare(json.loads(schema)) != _bare(json.loads(before.schema().to_json())) or (
        protocol.get("minReaderVersion", old.min_reader_version),
        protocol.get("minWriterVersion", old.min_writer_version),
        sorted(protocol.get("readerFeatures") or old.reader_features or []),
    ) != (old.min_reader_version, old.min_writer_version, sorted(old.reader_features or []))


def _bare(schema: Any) -> Any:
    """Return a schema without comments and other metadata."""
    if isinstance(schema, dict):
        return {name: _bare(part) for name, part in schema.items() if name != "metadata"}
    return [_bare(part) for part in schema] if isinstance(schema, list) else schema


def files(table: DeltaTable) -> list[dict[str, Any]]:
    """Return what the log says of each file: path, size_bytes, num_records, and statistics as min.x and max.x."""
    return rows_of(
        pa.RecordBatchReader.from_stream(table.get_add_actions(flatten=True))
    )  # pa.table would import pandas


def rows_of(reader: pa.RecordBatchReader) -> list[dict[str, Any]]:
    """Return rows whose instants are UTC. Arrow imports pandas for one that has a zone, a third of a second."""
    zoned = [each.name for each in reader.schema if pa.types.is_timestamp(each.type) and each.type.tz]
    fields = [each.with_type(pa.timestamp("us")) if each.name in zoned else each for each in reader.schema]
    rows: list[dict[str, Any]] = reader.read_all().cast(pa.schema(fields)).to_pylist()
    for row in rows:
        row |= {name: row[name].replace(tzinfo=UTC) for name in zoned if row[name] is not None}
    return rows


def size(table: DeltaTable) -> DataSize:
    """Return how much a table's files are."""
    return size_of(files(table))


def size_of(files: Sequence[Mapping[str, Any]]) -> DataSize:
    """Return how much some of a table's files are."""
    return DataSize(len(files), sum(int(each["size_bytes"]) for each in files))


def total(sizes: Iterable[DataSize]) -> DataSize:
    """Add up sizes."""
    return sum(sizes, DataSize())


def rows(commits: Sequence[Commit]) -> int:
    """Add up the rows that commits wrote, those that moved no rows left out."""
    return sum(commit.rows for commit in commits if not commit.is_neutral)


def _rows(operation: str, metrics: Mapping[str, Any], added: Sequence[Mapping[str, Any]]) -> int:
    """Count the rows that a commit changed; one that replaces rows also writes others again that stay as they are."""
    if operation == "MERGE":
        return sum(int(metrics.get(f"numTargetRows{each}", 0)) for each in ("Inserted", "Updated", "Deleted"))
    if "numOutputRows" not in metrics:  # another program's
        return sum(int(json.loads(each.get("stats") or "{}").get("numRecords", 0)) for each in added)
    written, copied, deleted = (int(metrics.get(f"num{each}Rows", 0)) for each in ("Output", "Copied", "Deleted"))
    return written - copied + deleted
