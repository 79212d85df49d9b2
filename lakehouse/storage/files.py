"""storage.files — data files and log entries on a disk: read at once, and made to outlast a power cut."""

import os
import re
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.fs import DeltaStorageHandler
from pyarrow import fs

DATA = re.compile(r"^(?!_delta_log/).*\.parquet$")
ENTRY = re.compile(r"_delta_log/\.?(\d{20})\.[^/]*$")


def read(uri: str, schema: pa.Schema) -> pa.Table:
    """Read a data file by Arrow, checksums of its pages compared; columns that it lacks are NULL."""
    system, path = fs.FileSystem.from_uri(uri) if "://" in uri else (fs.LocalFileSystem(), uri)
    with system.open_input_file(path) as source:
        rows = pq.ParquetFile(source, page_checksum_verification=True).read()
    missing = [field for field in schema if field.name not in rows.column_names]
    for column in missing:
        rows = rows.append_column(column, pa.nulls(len(rows), column.type))
    return rows.select(schema.names).cast(schema)


def data_files(table: str) -> dict[str, int]:
    """Return every data file in a table's folder: path -> bytes."""
    entries = _folder(table).get_file_info(fs.FileSelector("", recursive=True))
    found = {each.path.lstrip("/"): each.size for each in entries if each.is_file}
    return {
        path: size for path, size in found.items() if path.endswith(".parquet") and not path.startswith("_delta_log/")
    }


def remove(table: str, path: str) -> None:
    """Remove a file from a table's folder; one that is gone already is no matter."""
    with suppress(FileNotFoundError):
        _folder(table).delete_file(path)


def shorten_log(table: str, version: int) -> None:
    """Remove the log's entries before the newest checkpoint that is not newer than a version."""
    folder = _folder(table)
    entries = [
        each.path for each in folder.get_file_info(fs.FileSelector("_delta_log", recursive=False)) if each.is_file
    ]
    numbered = [(int(named[1]), path) for path in entries if (named := ENTRY.search(path))]
    checkpoints = [number for number, path in numbered if ".checkpoint." in path and number <= version]
    for number, path in numbered:
        if checkpoints and number < max(checkpoints):
            folder.delete_file(path)


def _folder(table: str) -> fs.FileSystem:
    return fs.PyFileSystem(DeltaStorageHandler(table))


def sync_folder(folder: str) -> None:
    """Make the names in a folder of this machine durable."""
    if "://" not in folder:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_table(table: str) -> None:
    """Make a small table durable, which another library wrote: its newest data files, then its log."""
    if "://" not in table:
        for path in sorted(Path(table).glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)[-2:]:
            with path.open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(table)
    sync_log(table)


def sync_log(table: str) -> None:
    """Make a table's newest log entries, and what sums up those before, durable by content and by name."""
    if "://" in table:
        return
    log = Path(table, "_delta_log")
    sums = [*sorted(log.glob("[0-9]*.checkpoint.parquet"))[-1:], *log.glob("_last_checkpoint")]
    for path in [*sorted(log.glob("[0-9]*.json"))[-2:], *sums]:
        with path.open("rb") as entry:
            os.fsync(entry.fileno())
    sync_folder(str(log))
