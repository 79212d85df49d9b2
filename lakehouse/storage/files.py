"""storage.files — data files and log entries on a disk: read whole, and made to outlast a power cut."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs


def read(uri: str, schema: pa.Schema) -> pa.Table:
    """Read a data file by Arrow, checksums of its pages compared; columns that it lacks are NULL."""
    system, path = fs.FileSystem.from_uri(uri) if "://" in uri else (fs.LocalFileSystem(), uri)
    with system.open_input_file(path) as source:
        rows = pq.ParquetFile(source, page_checksum_verification=True).read()
    missing = [field for field in schema if field.name not in rows.column_names]
    for column in missing:
        rows = rows.append_column(column, pa.nulls(len(rows), column.type))
    return rows.select(schema.names).cast(schema)


def sync_folder(folder: str) -> None:
    """Make the names in a folder of this machine durable."""
    if "://" not in folder:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_log(table: str) -> None:
    """Make a table's newest log entries durable, by content and by name."""
    if "://" in table:
        return
    log = Path(table, "_delta_log")
    for path in sorted(log.glob("[0-9]*.json"))[-2:]:
        with path.open("rb") as entry:
            os.fsync(entry.fileno())
    sync_folder(str(log))
