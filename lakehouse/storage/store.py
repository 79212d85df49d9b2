"""storage.store — the only input and output of tables: where they lie, how they are read and written."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, QueryBuilder, Transaction, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lakehouse import error_messages, failpoints
from lakehouse.engine import spark
from lakehouse.engine.frames import difference, without
from lakehouse.errors import LakehouseError
from lakehouse.expectations import counted, counts
from lakehouse.runs import lock
from lakehouse.settings import Settings
from lakehouse.storage import log
from lakehouse.storage.data_skipping import Bounds
from lakehouse.storage.parquet_writer import DataFile, Writer
from lakehouse.storage.schema import check_columns, delta_schema
from lakehouse.table import Table

PROPERTIES = {
    "delta.checkpointInterval": "10",
    "delta.enableChangeDataFeed": "false",  # what changed is told by the files that came and went
    "delta.logRetentionDuration": "interval 90 days",
}


@dataclass(frozen=True)
class Written:
    """What a write did: the table's version after it, rows added and removed, and added rows that break each rule."""

    version: int
    rows: int = 0
    removed: int = 0
    broken: dict[str, int] = field(default_factory=dict)


class Store:
    """The tables of one lake. Looking at versions and rows needs no Java; a session starts at the first frame."""

    def __init__(self, settings: Settings) -> None:
        """Look at the lake that the settings name."""
        self.settings = settings

    @cached_property
    def _session(self) -> tuple[SparkSession, int]:
        session = spark.session(self.settings)
        return session, spark.jvm_process_id(session)

    @property
    def spark(self) -> SparkSession:
        """The Spark session, started when it is first needed; whoever holds the lake's lock notes its JVM there."""
        session, jvm = self._session
        lock.note_jvm(self.settings, jvm)
        return session

    @property
    def is_alive(self) -> bool:
        """Whether the JVM of the session still runs."""
        return lock.is_java(self._session[1])

    def uri(self, name: str) -> str:
        """Return where a table lies: `<lake>/<layer>/<table>`."""
        root = self.settings.lake.tables_uri or str(self.settings.lake_path)
        return "/".join([root.rstrip("/"), *name.split(".")])

    def object_uri(self, name: str) -> str:
        """Return the same for whoever is not Hadoop."""
        return self.uri(name).replace("s3a://", "s3://")

    def delta(self, name: str, version: int | None = None) -> DeltaTable:
        """Open a table's log without Java, at a version if given.

        Raises:
            LakehouseError: the log is damaged (exit code 3), or of a newer protocol (4).
        """
        try:
            return DeltaTable(self.object_uri(name), version=version)
        except TableNotFoundError:
            raise
        except DeltaError as error:
            raise error_messages.of_log(name, self.uri(name), error, self.settings) from error

    def exists(self, name: str) -> bool:
        """Say whether the table was ever created."""
        return DeltaTable.is_deltatable(self.object_uri(name))

    def version(self, name: str) -> int:
        """Return the table's latest version."""
        return self.delta(name).version()

    def rows(self, name: str, version: int | None = None) -> int:
        """Count the table's rows from its log."""
        return sum(int(each["num_records"]) for each in log.files(self.delta(name, version)))

    def consumed(self, name: str) -> int:
        """Return the highest receipt number whose rows the table holds, 0 for none; the table's own log says so."""
        return self.delta(name).transaction_version(name) or 0

    def create(self, table: Table) -> None:
        """Create the table empty, with its contract, unless it is there with this very schema.

        The log is written without Java, a hundred times faster than by Spark.

        Raises:
            LakehouseError: a table of landed files is there with another schema.
        """
        if self.exists(table.name):
            there, properties = DeltaTable(self.object_uri(table.name)), _properties(table)
            if there.schema() == delta_schema(table):
                if there.metadata().configuration | properties != there.metadata().configuration:
                    there.alter.set_table_properties(properties)
                return
            if table.refresh.kind == "append":
                message = f"{table.name} has another schema than its contract, and landed rows are never rewritten."
                raise LakehouseError(message, "land the files into a new lake: LAKEHOUSE_LAKE=dir")
        self._create(table)
        failpoints.reach(f"created.{table.name}")

    def read(self, name: str, version: int | None = None, within: Bounds | None = None) -> DataFrame:
        """Read a table as a frame, at a version and only what lies within bounds if given.

        Its log tells without Java which files to read: Delta's reader version 1 promises that the rows of a table are
        those of its files. Only a table of another version, which is none of ours, takes Delta's own reader; that one
        runs some jobs first to find the same files.
        """
        delta, bounds = self.delta(name, version), within or Bounds()
        if is_plain(delta):
            frame = self._parquet(delta, name, [unquote(each["path"]) for each in bounds.files(delta)])
        else:
            frame = self.spark.read.format("delta").option("versionAsOf", delta.version()).load(self.uri(name))
        return frame.where(bounds.predicate()) if within else frame

    def appended(self, name: str, after: int, upto: int) -> DataFrame:
        """Read the rows that came after a version, up to another, to a table that only grows: its columns."""
        came, went = self._moved(name, after, upto)
        return came if went is None else came.exceptAll(went)

    def changes(self, name: str, after: int, upto: int) -> DataFrame:
        """Read by which rows two versions differ, both images of a changed one: the table's columns.

        A row that was only written again is no difference.
        """
        came, went = self._moved(name, after, upto)
        return came if went is None else difference(came, went).drop("_sign")

    def lost(self, name: str, after: int, upto: int) -> list[Path]:
        """Return the files by which commits changed a table that are on this machine's disk no more."""
        if "://" in self.uri(name):
            return []
        paths = [Path(self.uri(name), path) for each in log.moved(self.delta(name), after, upto) for path in each]
        return [path for path in paths if not path.exists()]

    def _moved(self, name: str, after: int, upto: int) -> tuple[DataFrame, DataFrame | None]:
        """Read the files that commits added, and those that they removed; None where they only added."""
        delta = self.delta(name, upto)
        added, removed = log.moved(delta, after, upto)
        return self._parquet(delta, name, added), self._parquet(delta, name, removed) if removed else None

    def _parquet(self, delta: DeltaTable, name: str, paths: Sequence[str]) -> DataFrame:
        """Read files in a table's folder, whole."""
        schema = T.StructType.fromJson(json.loads(delta.schema().to_json()))
        if not paths:
            return self.spark.createDataFrame([], schema).limit(0)  # by its limit Spark knows that it is empty
        return self.spark.read.schema(schema).parquet(*[f"{self.uri(name)}/{path}" for path in paths])

    def arrow(self, name: str, version: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table without Java, at a version and only some columns if given."""
        return self.delta(name, version).to_pyarrow_table(columns=list(columns) if columns else None)

    def records(self, name: str) -> list[dict[str, Any]]:
        """Read a small table's rows without Java, and without what takes half a second to import."""
        reader = QueryBuilder().register("small", self.delta(name)).execute("SELECT * FROM small")
        return pa.RecordBatchReader.from_stream(reader).read_all().to_pylist()

    def overwrite(self, table: Table, frame: DataFrame, run_id: str) -> Written:
        """Replace all rows of the table in one commit."""
        seen = Observation()
        observed = frame.observe(seen, F.count(F.lit(1)).alias("rows"), *counts(table.output_rules))
        files, delta = self._write(table, observed), self.delta(table.name)
        if not is_plain(delta):
            delta = self._create(table)  # takes back what another program switched on
        version = self._commit(table, files, run_id, removed=log.files(delta), mode="overwrite")
        return Written(version, int(seen.get.get("rows", 0)), broken=counted(table.output_rules, seen.get))

    def ingest(self, table: Table, files: Sequence[DataFile], run_id: str, receipt_number: int) -> Written:
        """Add the rows of landed files up to a receipt's number; the number enters the log with them."""
        version = self._commit(table, files, run_id, transactions=[Transaction(table.name, receipt_number)])
        return Written(version, sum(file.rows for file in files))

    def append(self, table: Table, frame: DataFrame, run_id: str) -> int:
        """Add rows in one commit, none where there are none; return the table's version."""
        files = self._write(table, frame)
        return self._commit(table, files, run_id) if files else self.version(table.name)

    def replace(
        self, table: Table, gone: DataFrame, added: DataFrame, within: Bounds, num_gone: int, run_id: str
    ) -> int:
        """Take rows away by their keys and add others, in one commit; return the table's new version.

        Args:
            table: the table.
            gone: the rows that go.
            added: the rows that come.
            within: limits of the rows that go; what else their files hold is written again.
            num_gone: how many they are.
            run_id: the run.
        """
        delta = self.delta(table.name)
        old = within.files(delta)
        there = self._parquet(delta, table.name, [unquote(each["path"]) for each in old])
        files = self._write(table, without(there, gone, table.key).unionByName(added))
        copied = sum(int(each["num_records"]) for each in old) - num_gone
        metrics = {"numCopiedRows": copied, "numDeletedRows": num_gone}
        return self._commit(table, files, run_id, removed=old, metrics=metrics)

    def delete(self, name: str, where: str, run_id: str, note: Mapping[str, str]) -> int:
        """Delete rows without Java; a note enters the log with it. Return the new version."""
        properties = CommitProperties(custom_metadata={"userMetadata": run_id, **note})
        self.delta(name).delete(where, commit_properties=properties)
        failpoints.reach(f"written.{name}")
        return self.version(name)

    def append_arrow(self, name: str, rows: pa.Table) -> int:
        """Add rows without Java; create the table with them, and add columns that it lacks. Return the new version."""
        write_deltalake(self.object_uri(name), rows, mode="append", schema_mode="merge")
        failpoints.reach(f"written.{name}")
        return self.version(name)

    def compact(self, name: str) -> None:
        """Put a table's small files together without Java, and sum its log up; older versions stay readable a week."""
        delta = self.delta(name)
        delta.optimize.compact()
        delta.create_checkpoint()
        delta.vacuum(dry_run=False)

    def _write(self, table: Table, frame: DataFrame) -> list[DataFile]:
        check_columns(table, frame)
        return Writer.of(table, self.object_uri(table.name)).spread(frame)

    def _create(self, table: Table) -> DeltaTable:
        return DeltaTable.create(
            self.object_uri(table.name),
            delta_schema(table),
            mode="overwrite",
            name=table.name,
            description=table.comment,
            configuration=_properties(table),
        )

    def _commit(
        self,
        table: Table,
        files: Sequence[DataFile],
        run_id: str,
        removed: Sequence[Mapping[str, Any]] = (),
        metrics: Mapping[str, int] | None = None,
        transactions: Sequence[Transaction] = (),
        mode: str = "append",
    ) -> int:
        """Write an entry into the table's log, which alone makes the files the table's; return the new version."""
        now, delta = int(time.time() * 1000), self.delta(table.name)
        actions: list[Any] = [AddAction(each.path, each.size, {}, now, True, each.statistics) for each in files]
        if mode == "append":  # an overwrite finds by itself what it removes
            actions += [RemoveAction(each["path"], True, now, each["size_bytes"], {}) for each in removed]
        facts = {
            "numFiles": len(files),
            "numOutputRows": sum(each.rows for each in files),
            "numOutputBytes": sum(each.size for each in files),
            "numRemovedFiles": len(removed),
            **(metrics or {}),
        }
        custom = {"userMetadata": run_id, "operationMetrics": {name: str(fact) for name, fact in facts.items()}}
        properties = CommitProperties(custom_metadata=custom, app_transactions=list(transactions))
        delta.create_write_transaction(actions, mode, delta.schema(), commit_properties=properties)
        failpoints.reach(f"written.{table.name}")
        return self.version(table.name)


def _properties(table: Table) -> dict[str, str]:
    if not table.cluster_by:
        return PROPERTIES | {"delta.dataSkippingNumIndexedCols": "0"}
    return PROPERTIES | {"delta.dataSkippingStatsColumns": ",".join(table.cluster_by)}


def is_plain(delta: DeltaTable) -> bool:
    """Say whether the rows of a table are those of its files, in the files' own columns."""
    return delta.protocol().min_reader_version == 1 and not delta.metadata().partition_columns
