"""reports.history — the versions of a table, and by which rows two of them differ; needs no engine."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.reports.text import grid, several, size
from lakehouse.storage import log
from lakehouse.storage.folder import TableLog
from lakehouse.table import Table

if TYPE_CHECKING:
    import pyarrow.dataset as ds


@dataclass(frozen=True)
class Difference:
    """By which rows two versions of a table differ.

    Attributes:
        columns: the columns compared: those that both versions have.
        counts: `added`, `removed` and `changed` -> rows; a changed row has its key in both versions.
        examples: the same -> some of the rows; of a changed one its key, and column -> before and after.
    """

    columns: list[str]
    counts: dict[str, int]
    examples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def versions(lake: Lake, name: str, limit: int) -> list[dict[str, Any]]:
    """Return the newest versions of a table: when, by what, what was written, and which run published it first."""
    table, published = _open(lake, name), dict[int, str]()
    for run in lake.ledger.runs():
        is_this = run.ids.get(name, "") in ("", str(table.metadata().id))
        if run.status == "published" and name in run.versions and is_this:
            published.setdefault(run.versions[name], run.run_id)
    newest = log.since(table, max(-1, table.version() - limit))[::-1]
    return [
        {
            "version": each.version,
            "at": each.at,
            "operation": each.operation,
            "run_id": each.run_id,
            "rows": each.rows,
            **asdict(each.size),
            "published_by": published.get(each.version, ""),
        }
        for each in newest
    ]


def versions_text(found: Sequence[dict[str, Any]]) -> str:
    """Return versions as the terminal lists them."""
    heads = ["version", "at", "operation", "by run", "rows", "files", "bytes", "published by"]
    return grid(heads, [[*list(each.values())[:6], size(each["bytes"]), each["published_by"]] for each in found])


def latest(lake: Lake, name: str) -> int:
    """Return the newest version of a table, published or not."""
    return _open(lake, name).version()


def difference(lake: Lake, contract: Table, before: int, after: int, examples: int) -> Difference:
    """Compare two versions of a table, reading only the files that one of them lacks.

    Args:
        lake: the lake.
        contract: the table; rows with the same key are told as changed.
        before: a version.
        after: another.
        examples: how many rows of each kind to return.

    Raises:
        LakehouseError: there is no such version, or its files were vacuumed (exit code 2).
    """
    tables = [_open(lake, contract.name, version) for version in (before, after)]
    names = [set(table.file_uris()) for table in tables]
    old, new = (_rows(table, own - other) for table, own, other in zip(tables, names, names[::-1], strict=True))
    columns = [name for name in new.schema.names if name in old.schema.names]
    with duckdb.connect() as database:
        try:
            return _compare(database, old, new, columns, contract.key, examples)
        except (OSError, duckdb.Error) as error:
            message = f"{contract.name} no longer holds all files of version {before} or {after}."
            raise LakehouseError(message, f"lakehouse history {contract.name}", Exit.USAGE) from error


def difference_text(found: Difference, title: str) -> str:
    """Return a difference as the terminal shows it."""
    counts = [
        several(count, f"row {kind}").replace(f"row {kind}s", f"rows {kind}") for kind, count in found.counts.items()
    ]
    parts = [f"{title}: {' · '.join(counts)}"]
    for kind, rows in found.examples.items():
        lines = [", ".join(f"{name}={_shown(value)}" for name, value in row.items()) for row in rows]
        parts += ["\n".join([kind, *[f"  {line}" for line in lines]])] if rows else []
    return "\n\n".join(parts)


def _shown(value: Any) -> str:
    return f"{value['before']} → {value['after']}" if isinstance(value, dict) else str(value)


def _open(lake: Lake, name: str, version: int | None = None) -> TableLog:
    if not lake.store.exists(name):
        raise LakehouseError(f"{name} was never built.", "lakehouse run", Exit.USAGE)
    latest = lake.store.version(name)
    if version is not None and not 0 <= version <= latest:
        message = f"{name} has no version {version}; its versions are 0 to {latest}."
        raise LakehouseError(message, f"lakehouse history {name}", Exit.USAGE)
    return lake.store.delta(name, version)


def _rows(table: TableLog, uris: set[str]) -> "ds.Dataset":
    """Return the rows of some files of a table."""
    import pyarrow.dataset as ds  # it imports pandas, which whoever asks for nothing of this pays for, too

    dataset = table.to_pyarrow_dataset()
    endings = {uri.rsplit("/", 1)[-1] for uri in uris}
    chosen = [each for each in dataset.get_fragments() if each.path.rsplit("/", 1)[-1] in endings]
    return ds.FileSystemDataset(chosen, dataset.schema, ds.ParquetFileFormat(), dataset.filesystem)


def _compare(
    database: duckdb.DuckDBPyConnection,
    old: "ds.Dataset",
    new: "ds.Dataset",
    columns: list[str],
    key: list[str],
    examples: int,
) -> Difference:
    listed = ", ".join(f'"{name}"' for name in columns)
    database.register("old", old)
    database.register("new", new)
    database.sql(f"CREATE TEMP TABLE gone AS SELECT {listed} FROM old EXCEPT ALL SELECT {listed} FROM new")
    database.sql(f"CREATE TEMP TABLE come AS SELECT {listed} FROM new EXCEPT ALL SELECT {listed} FROM old")
    same = " AND ".join(f'gone."{name}" IS NOT DISTINCT FROM come."{name}"' for name in key) or "false"
    added = f"FROM come WHERE NOT EXISTS (FROM gone WHERE {same})"
    removed = f"FROM gone WHERE NOT EXISTS (FROM come WHERE {same})"
    changed = f"FROM gone JOIN come ON {same}"
    counts = {
        kind: int(database.sql(f"SELECT count(*) {source}").fetchall()[0][0])
        for kind, source in (("added", added), ("removed", removed), ("changed", changed))
    }
    pairs = ", ".join([f'gone."{name}" AS "b {name}", come."{name}" AS "a {name}"' for name in columns])
    shown = {
        "added": _fetch(database, f"SELECT * {added}", examples),
        "removed": _fetch(database, f"SELECT * {removed}", examples),
        "changed": [_pair(row, columns, key) for row in _fetch(database, f"SELECT {pairs} {changed}", examples)],
    }
    return Difference(columns, counts, shown)


def _fetch(database: duckdb.DuckDBPyConnection, query: str, count: int) -> list[dict[str, Any]]:
    rows: pa.Table = database.sql(f"{query} ORDER BY ALL LIMIT {count}").to_arrow_table()
    return rows.to_pylist()


def _pair(row: dict[str, Any], columns: list[str], key: list[str]) -> dict[str, Any]:
    differs = [name for name in columns if name not in key and row[f"b {name}"] != row[f"a {name}"]]
    return {name: row[f"a {name}"] for name in key} | {
        name: {"before": row[f"b {name}"], "after": row[f"a {name}"]} for name in differs
    }
