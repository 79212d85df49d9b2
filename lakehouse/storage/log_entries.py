"""storage.log_entries — entries of a table's log, each on the very snapshot that its rows were computed from."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from lakehouse import failpoints
from lakehouse.errors import Exit, LakehouseError
from lakehouse.storage import files
from lakehouse.storage.folder import Folder, TableLog, sync_folder
from lakehouse.storage.parquet_writer import DataFile
from lakehouse.storage.schema import delta_schema
from lakehouse.table import Table

PROPERTIES = {
    "delta.checkpointInterval": "10",
    "delta.enableChangeDataFeed": "false",  # what changed is known by the files that came and went
    "delta.enableExpiredLogCleanup": "false",  # a published version needs its entry for as long as it is published
    "delta.logRetentionDuration": "interval 90 days",
}


@dataclass(frozen=True)
class Change:
    """What an entry of the log says.

    Attributes:
        added: files that come.
        removed: files that go, as the log lists them; an overwrite finds by itself what it removes.
        run_id: the run that did it.
        mode: `append`, or `overwrite` for other rows, and the contract's schema, in the place of all.
        metrics: further counts for whoever reads the log.
        transactions: receipts that the table holds now.
        note: what else whoever reads the log shall find.
        is_data_change: whether the rows are other ones, and do not only lie in other files.
    """

    added: Sequence[DataFile]
    run_id: str
    removed: Sequence[Mapping[str, Any]] = ()
    mode: Literal["append", "overwrite"] = "append"
    metrics: Mapping[str, int] = field(default_factory=dict)
    transactions: Sequence[Transaction] = ()
    note: Mapping[str, str] = field(default_factory=dict)
    is_data_change: bool = True


def create(table: Table, folder: Folder) -> None:
    """Write the first entry of a table, with its contract; of one that is there, an entry that empties it."""
    DeltaTable.create(
        folder.uri,
        delta_schema(table),
        mode="overwrite",
        name=table.name,
        description=table.comment,
        configuration=properties(table),
        storage_options=folder.object_store.delta_rs() if folder.object_store else None,
    )
    files.sync_log(folder)


def commit(table: Table, delta: TableLog, change: Change) -> None:
    """Write an entry into a table's log, which alone makes the files the table's, durably.

    Args:
        table: the table.
        delta: the snapshot that was read.
        change: what the entry says.

    Raises:
        LakehouseError: another program changed the table since (exit code 1); the files are removed again.
    """
    now, is_change = int(time.time() * 1000), change.is_data_change
    actions: list[Any] = [AddAction(e.path, e.size, {}, now, is_change, e.statistics) for e in change.added]
    if change.mode == "append":
        actions += [RemoveAction(e["path"], is_change, now, e["size_bytes"], {}) for e in change.removed]
    schema = delta_schema(table) if change.mode == "overwrite" else delta.schema()
    custom = {"userMetadata": change.run_id, "operationMetrics": _metrics(change), **change.note}
    transactions = list(change.transactions)
    commit = CommitProperties(custom_metadata=custom, app_transactions=transactions, max_commit_retries=0)  # no rebase
    folder = delta.folder
    if folder.is_local:
        sync_folder(folder.uri)
    try:
        if TableLog(folder).metadata().id != delta.metadata().id:
            raise CommitFailedError("another table took its place")
        delta.create_write_transaction(actions, change.mode, schema, commit_properties=commit)
    except CommitFailedError as error:
        discard(folder, change.added)
        message = f"Another program changed {table.name} while it was being written; what was computed is stale."
        raise LakehouseError(message, "lakehouse run", Exit.FAILED) from error
    files.sync_log(folder)
    failpoints.reach(f"written.{table.name}")


def discard(folder: Folder, written: Sequence[DataFile]) -> None:
    """Remove files that no log is going to name."""
    for file in written:
        folder.remove(file.path)


def _metrics(change: Change) -> dict[str, str]:
    facts = {
        "numFiles": len(change.added),
        "numOutputRows": sum(each.rows for each in change.added),
        "numOutputBytes": sum(each.size for each in change.added),
        "numRemovedFiles": len(change.removed),
        **change.metrics,
    }
    return {name: str(fact) for name, fact in facts.items()}


def properties(table: Table) -> dict[str, str]:
    """Return the properties of Delta that a table shall have."""
    if not table.cluster_by:
        return PROPERTIES | {"delta.dataSkippingNumIndexedCols": "0"}
    return PROPERTIES | {"delta.dataSkippingStatsColumns": ",".join(table.cluster_by)}
