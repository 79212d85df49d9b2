"""lakehouse.store — the only input and output of tables: where they lie, how they are read and written."""

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
from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lakehouse import commits, failpoints, faults, lock, spark
from lakehouse.bounds import Bounds
from lakehouse.errors import LakehouseError
from lakehouse.expectations import counted, counts
from lakehouse.landed import DataFile
from lakehouse.schema import check_columns, delta_schema
from lakehouse.settings import Settings
from lakehouse.table import Table

PROPERTIES = {"delta.enableChangeDataFeed": "true", "delta.logRetentionDuration": "interval 90 days"}
FEED = ["_commit_version", "_commit_timestamp"]  # what Delta's change feed adds to a row, beside its kind
KIND = "_change_type"
IS_NEW = f"{KIND} IN ('insert', 'update_postimage')"


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
            raise faults.of_log(name, self.uri(name), error, self.settings) from error

    def exists(self, name: str) -> bool:
        """Say whether the table was ever created."""
        return DeltaTable.is_deltatable(self.object_uri(name))

    def version(self, name: str) -> int:
        """Return the table's latest version."""
        return self.delta(name).version()

    def rows(self, name: str, version: int | None = None) -> int:
        """Count the table's rows from its log."""
        return sum(int(each["num_records"]) for each in commits.files(self.delta(name, version)))

    def consumed(self, name: str) -> int:
        """Return the highest receipt number whose rows the table holds, 0 for none; the table's own log says so."""
        return self.delta(name).transaction_version(name) or 0

    def create(self, table: Table) -> None:
        """Create the table empty, with its contract, unless it is there with this very schema.

        The log is written without Java, a hundred times faster than by Spark.

        Raises:
            LakehouseError: a table of landed files is there with another schema.
        """
        uri = self.object_uri(table.name)
        schema = delta_schema(table)
        statistics = {"delta.dataSkippingStatsColumns": ",".join(table.cluster_by)}
        if not table.cluster_by:
            statistics = {"delta.dataSkippingNumIndexedCols": "0"}
        properties = PROPERTIES | statistics
        if DeltaTable.is_deltatable(uri):
            there = DeltaTable(uri)
            if there.schema() == schema:
                if there.metadata().configuration | properties != there.metadata().configuration:
                    there.alter.set_table_properties(properties)
                return
            if table.refresh.kind == "append":
                message = f"{table.name} has another schema than its contract, and landed rows are never rewritten."
                raise LakehouseError(message, "land the files into a new lake: LAKEHOUSE_LAKE=dir")
        created = DeltaTable.create(
            uri, schema, mode="overwrite", name=table.name, description=table.comment, configuration=properties
        )
        if created.version() == 0 and "://" not in uri:
            _write_checksum(Path(uri, "_delta_log"))
        failpoints.reach(f"created.{table.name}")

    def read(self, name: str, version: int | None = None, within: Bounds | None = None) -> DataFrame:
        """Read a table as a frame, at a version and only what lies within bounds if given.

        Its log tells without Java which files to read: Delta's reader version 1 promises that the rows of a table are
        those of its files. Only a table of another version, which is none of ours, takes Delta's own reader; that one
        runs some jobs first to find the same files.
        """
        delta, bounds = self.delta(name, version), within or Bounds()
        if _is_plain(delta):
            frame = self._parquet(delta, name, [unquote(each["path"]) for each in bounds.files(delta)])
        else:
            frame = self.spark.read.format("delta").option("versionAsOf", delta.version()).load(self.uri(name))
        return frame.where(bounds.predicate()) if within else frame

    def appended(self, name: str, after: int, upto: int) -> DataFrame:
        """Read the rows that came after a version, up to another: the table's columns."""
        return self._feed(name, after, upto)[0]

    def changes(self, name: str, after: int, upto: int) -> DataFrame:
        """Read by which rows two versions differ, both images of a changed one: the table's columns.

        A row that was only written again is no difference.
        """
        came, went = self._feed(name, after, upto)
        return came if went is None else difference(came, went).drop("_sign")

    def _feed(self, name: str, after: int, upto: int) -> tuple[DataFrame, DataFrame | None]:
        """Read the rows that commits added, and those that they removed; None where they only added."""
        delta = self.delta(name, upto)
        if not _is_plain(delta):
            options = {"readChangeFeed": "true", "startingVersion": str(after + 1), "endingVersion": str(upto)}
            images = self.spark.read.format("delta").options(**options).load(self.uri(name)).drop(*FEED)
            return images.where(IS_NEW).drop(KIND), images.where(f"NOT {IS_NEW}").drop(KIND)
        feed = commits.feed(delta, after, upto)
        came, went = self._parquet(delta, name, feed.added), self._parquet(delta, name, feed.removed)
        if not feed.removed and not feed.images:
            return came, None
        images = self._parquet(delta, name, feed.images, T.StructField(KIND, T.StringType()))
        new, old = images.where(IS_NEW).drop(KIND), images.where(f"NOT {IS_NEW}").drop(KIND)
        return came.unionByName(new), went.unionByName(old)

    def _parquet(self, delta: DeltaTable, name: str, paths: Sequence[str], *more: T.StructField) -> DataFrame:
        """Read files in a table's folder: its columns, and more that they hold."""
        schema = T.StructType([*T.StructType.fromJson(json.loads(delta.schema().to_json())), *more])
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
        """Replace all rows of the table in one commit; where there are none, Spark need not look for them."""
        mode = "overwrite" if commits.files(self.delta(table.name)) else "append"
        return self._observed(table, frame, mode, {"userMetadata": run_id})

    def ingest(self, table: Table, files: Sequence[DataFile], run_id: str, receipt_number: int) -> Written:
        """Add the rows of landed files up to a receipt's number, without Java; the number enters the log with them."""
        rows, at = sum(file.rows for file in files), int(time.time() * 1000)
        adds: list[AddAction | RemoveAction] = [
            AddAction(file.path, file.size, {}, at, True, json.dumps({"numRecords": file.rows})) for file in files
        ]
        facts = {"numFiles": len(files), "numOutputRows": rows, "numOutputBytes": sum(file.size for file in files)}
        metrics = {name: str(fact) for name, fact in facts.items()}
        properties = CommitProperties(
            custom_metadata={"userMetadata": run_id, "operationMetrics": metrics},
            app_transactions=[Transaction(table.name, receipt_number)],
        )
        delta = self.delta(table.name)
        delta.create_write_transaction(adds, "append", delta.schema(), commit_properties=properties)
        failpoints.reach(f"written.{table.name}")
        return Written(self.version(table.name), rows)

    def append(self, table: Table, frame: DataFrame, run_id: str) -> int:
        """Add rows in one commit; return the table's new version."""
        return self._save(table, frame, "append", {"userMetadata": run_id})

    def replace(self, table: Table, frame: DataFrame, where: str, run_id: str) -> int:
        """Put rows in the place of those for which a predicate of literals holds, in one commit; return the version."""
        return self._save(table, frame, "overwrite", {"userMetadata": run_id, "replaceWhere": where})

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

    def _observed(self, table: Table, frame: DataFrame, mode: str, options: Mapping[str, str]) -> Written:
        seen = Observation()
        observed = frame.observe(seen, F.count(F.lit(1)).alias("rows"), *counts(table.output_rules))
        version = self._save(table, observed, mode, options)
        return Written(version, int(seen.get.get("rows", 0)), broken=counted(table.output_rules, seen.get))

    def _save(self, table: Table, frame: DataFrame, mode: str, options: Mapping[str, str]) -> int:
        check_columns(table, frame)
        frame.write.format("delta").mode(mode).options(**options).save(self.uri(table.name))
        failpoints.reach(f"written.{table.name}")
        return self.version(table.name)


def _is_plain(delta: DeltaTable) -> bool:
    """Say whether the rows of a table are those of its files, in the files' own columns."""
    return delta.protocol().min_reader_version == 1 and not delta.metadata().partition_columns


def _write_checksum(log: Path) -> None:
    """Write the checksum of an empty table's first version, as Spark does; without it Spark runs a job to open it."""
    entries = [json.loads(line) for line in (log / f"{0:020d}.json").read_text().splitlines()]
    facts = {name: entry[name] for entry in entries for name in ("metaData", "protocol") if name in entry}
    counts = {"tableSizeBytes": 0, "numFiles": 0, "numMetadata": 1, "numProtocol": 1}
    lists: dict[str, list[str]] = {"setTransactions": [], "domainMetadata": [], "allFiles": []}
    checksum = {**counts, **lists, "metadata": facts["metaData"], "protocol": facts["protocol"]}
    partial = log / f".{0:020d}.crc.tmp"
    partial.write_text(json.dumps(checksum))
    partial.rename(log / f"{0:020d}.crc")


def difference(new: DataFrame, old: DataFrame) -> DataFrame:
    """Return the rows that only one of two frames of the same columns holds, `_sign` 1 where it is the new one."""
    signed = new.withColumn("_sign", F.lit(1)).unionByName(old.withColumn("_sign", F.lit(-1)))
    return signed.groupBy(new.columns).agg(F.sum("_sign").alias("_sign")).where("_sign <> 0")


def settle(frame: DataFrame, *observed: Column) -> tuple[DataFrame, dict[str, Any]]:
    """Compute a small frame once, cutting its plan; return it, and the aggregates that were observed meanwhile."""
    seen = Observation()
    settled = frame.observe(seen, F.count(F.lit(1)).alias("rows"), *observed).localCheckpoint()
    return settled, {"rows": 0} | seen.get
