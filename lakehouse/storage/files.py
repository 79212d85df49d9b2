"""storage.files — data files and log entries: read at once, removed, and on a disk made to outlast a power cut."""

import os
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse.storage.folder import Folder, sync_folder

ENTRY = re.compile(r"(?:^|/)\.?(\d{20})\.[^/]*$")


def read(folder: Folder, path: str, schema: pa.Schema) -> pa.Table:
    """Read a data file by Arrow, checksums of its pages compared; columns that it lacks are NULL."""
    with folder.open(path) as source:
        rows = pq.ParquetFile(source, page_checksum_verification=True).read()
    missing = [field for field in schema if field.name not in rows.column_names]
    for column in missing:
        rows = rows.append_column(column, pa.nulls(len(rows), column.type))
    return rows.select(schema.names).cast(schema)


def data_files(table: Folder) -> dict[str, int]:
    """Return every data file in a table's folder: path -> bytes."""
    found = table.sizes()
    return {
        path: size for path, size in found.items() if path.endswith(".parquet") and not path.startswith("_delta_log/")
    }


def shorten_log(table: Folder, version: int) -> None:
    """Remove the log's entries before the newest checkpoint that is not newer than a version."""
    log = table.below("_delta_log")
    numbered = [(int(named[1]), path) for path in log.sizes() if (named := ENTRY.search(path))]
    checkpoints = [number for number, path in numbered if ".checkpoint." in path and number <= version]
    for number, path in numbered:
        if checkpoints and number < max(checkpoints):
            log.remove(path)


def sync_table(table: Folder) -> None:
    """Make a small table durable, which another library wrote: its newest data files, then its log."""
    if table.is_local:
        for path in sorted(Path(table.uri).glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)[-2:]:
            with path.open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(table.uri)
    sync_log(table)


def sync_log(table: Folder) -> None:
    """Make a table's newest log entries, and what sums up those before, durable by content and by name."""
    if not table.is_local:  # an object is durable when its store has answered
        return
    log = Path(table.uri, "_delta_log")
    sums = [*sorted(log.glob("[0-9]*.checkpoint.parquet"))[-1:], *log.glob("_last_checkpoint")]
    for path in [*sorted(log.glob("[0-9]*.json"))[-2:], *sums]:
        with path.open("rb") as entry:
            os.fsync(entry.fileno())
    sync_folder(str(log))
