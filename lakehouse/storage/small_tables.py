"""storage.small_tables — tables of a few rows, written by delta-rs alone: the ledger is one."""

import pyarrow as pa
from deltalake import write_deltalake

from lakehouse import failpoints
from lakehouse.storage import files
from lakehouse.storage.store import Store


def append(store: Store, name: str, rows: pa.Table, is_anew: bool = False) -> int:
    """Add rows, or put them in the place of all; return the new version.

    The table is created with them, and gets columns that it lacks.
    """
    folder = store.folder(name)
    options = folder.object_store.delta_rs() if folder.object_store else None
    if is_anew:
        write_deltalake(folder.uri, rows, mode="overwrite", schema_mode="overwrite", storage_options=options)
    else:
        write_deltalake(folder.uri, rows, mode="append", schema_mode="merge", storage_options=options)
    files.sync_table(folder)
    failpoints.reach(f"written.{name}")
    return store.renew(name)


def compact(store: Store, name: str) -> None:
    """Put a table's small files together, and sum its log up; older versions stay readable a week."""
    delta = store.delta(name)
    delta.optimize.compact()
    delta.create_checkpoint()
    delta.vacuum(dry_run=False)
