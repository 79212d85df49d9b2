"""storage.rewriting — rows changed, or put into other files, by Arrow alone, file by file; needs no engine."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa

from lakehouse.storage import files, integrity, log
from lakehouse.storage.log_entries import Change
from lakehouse.storage.parquet_writer import DataFile
from lakehouse.storage.store import Store
from lakehouse.table import Table

if TYPE_CHECKING:
    import pyarrow.dataset as ds


def rewrite(
    store: Store,
    table: Table,
    change: Callable[[pa.Table], pa.Table],
    run_id: str,
    note: Mapping[str, str] | None = None,
) -> int:
    """Change the rows of a table, file by file, in one commit; return the table's version.

    Args:
        store: the lake's tables.
        table: the table.
        change: returns the rows that take the place of a file's; the very same object where they stay as they are.
        run_id: the run, or whatever does it.
        note: what the log shall say of it besides.

    Raises:
        LakehouseError: a file is missing or damaged (exit code 3), or another program changed the table meanwhile (1).
    """
    delta = store.delta(table.name)
    found = log.files(delta)
    integrity.verify(table.name, delta.folder, [unquote(each["path"]) for each in found], store.settings)
    old, new, num_gone = [], [], 0
    for each in found:
        rows = files.read(delta.folder, unquote(each["path"]), pa.schema(delta.schema()))
        changed = change(rows)
        if changed is not rows:
            old.append(each)
            new += store.writer(table).write([changed])
            num_gone += max(0, len(rows) - len(changed))
    if not old:
        return delta.version()
    copied = sum(int(each["num_records"]) for each in old) - num_gone
    metrics = {"numCopiedRows": copied, "numDeletedRows": num_gone}
    return store.commit(table, delta, Change(new, run_id, old, metrics=metrics, note=note or {}))


def regroup(store: Store, table: Table, old: Sequence[Mapping[str, Any]], new: Sequence[DataFile], run_id: str) -> int:
    """Let files take the place of others that hold the same rows, which changes nothing for whoever reads."""
    metrics = {"numCopiedRows": sum(file.rows for file in new)}
    return store.commit(table, store.delta(table.name), Change(new, run_id, old, metrics=metrics, is_data_change=False))


def dataset(store: Store, name: str, paths: Sequence[str]) -> "ds.Dataset":
    """Open some files of a table for Arrow, after comparing them with their digests; the columns are the table's."""
    import pyarrow.dataset as ds  # it imports pandas, half a second for every command

    integrity.verify(name, store.folder(name), [unquote(path) for path in paths], store.settings)
    dataset = store.delta(name).to_pyarrow_dataset()
    chosen = {unquote(path).rsplit("/", 1)[-1] for path in paths}
    fragments = [each for each in dataset.get_fragments() if each.path.rsplit("/", 1)[-1] in chosen]
    return ds.FileSystemDataset(fragments, dataset.schema, ds.ParquetFileFormat(), dataset.filesystem)
