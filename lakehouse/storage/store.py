"""storage.store — the only input and output of tables: where they lie, how they are read and written."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import Transaction
from deltalake.exceptions import DeltaError, TableNotFoundError
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import types as T

from lakehouse import error_messages, failpoints
from lakehouse.engine import session
from lakehouse.engine.frames import anti_join, difference
from lakehouse.engine.session import Engine
from lakehouse.expectations import conditions, enforce
from lakehouse.settings import Settings
from lakehouse.storage import evolution, integrity, log, log_entries, reading
from lakehouse.storage.data_skipping import Bounds
from lakehouse.storage.folder import Folder, TableLog
from lakehouse.storage.log_entries import Change
from lakehouse.storage.parquet_writer import DataFile, Measured, Writer, sum_up
from lakehouse.storage.schema import check_columns
from lakehouse.table import Table


@dataclass(frozen=True)
class Written:
    """What a write did: the table's version after it, rows added and removed, and added rows that break each rule."""

    version: int
    rows: int = 0
    removed: int = 0
    broken: dict[str, int] = field(default_factory=dict)


class Store:
    """The tables of one lake. Looking at versions and rows needs no engine; one starts at the first frame."""

    def __init__(self, settings: Settings) -> None:
        """Look at the lake that the settings name."""
        self.settings = settings
        self._pinned: dict[str, TableLog] | None = None

    @cached_property
    def engine(self) -> Engine:
        """The engine, started when it is first needed."""
        return session.start(self.settings)

    @property
    def spark(self) -> SparkSession:
        """The engine's session."""
        return self.engine.spark

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """Open each table once: what is read, and what a commit stands on, is one snapshot. Call it under the lock."""
        self._pinned = {}
        try:
            yield
        finally:
            self._pinned = None

    def uri(self, name: str) -> str:
        """Return where a table lies: `<lake>/<layer>/<table>`."""
        return "/".join([self.settings.root, *name.split(".")])

    def folder(self, name: str) -> Folder:
        """Return the same, with what opens it."""
        return Folder(self.uri(name), self.settings.object_store)

    def delta(self, name: str, version: int | None = None) -> TableLog:
        """Open a table's log, at a version if given.

        Raises:
            LakehouseError: the log is damaged (exit code 3), or of a newer protocol (4).
        """
        if self._pinned is None:
            return self._open(name, version)
        if version is None and name not in self._pinned:
            self._pinned[name] = self._open(name)
        known = self._pinned.get(name)
        return known if known and version in (None, known.version()) else self._open(name, version)

    def id(self, name: str) -> str:
        """Return the table's own id, which another table in its place does not have."""
        return str(self.delta(name).metadata().id)

    def exists(self, name: str) -> bool:
        """Say whether the table was ever created."""
        return bool(self._pinned and name in self._pinned) or TableLog.is_there(self.folder(name))

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
        """Create the table empty if it is not there; let the columns' comments be the contract's.

        A table of landed files gets the columns that it lacks. Any other with another schema stays as it is: the
        build that its changed definition asks for replaces rows and schema together.

        Raises:
            LakehouseError: a table of landed files is there with a schema that cannot become the contract's.
        """
        if not self.exists(table.name):
            log_entries.create(table, self.folder(table.name))
            self.renew(table.name)
            failpoints.reach(f"created.{table.name}")
            return
        there = self.delta(table.name)
        if evolution.adopt(there, table, log_entries.properties(table)):
            self.renew(table.name)

    def read(self, name: str, version: int | None = None, within: Bounds | None = None) -> DataFrame:
        """Read a table as a frame, at a version and only what lies within bounds if given.

        Its log tells which files to read: Delta's reader version 1 promises that the rows of a table are those of its
        files. A table of another version, which is none of ours, is read by Arrow first.

        Raises:
            LakehouseError: a file is missing or damaged (exit code 3).
        """
        delta, bounds = self.delta(name, version), within or Bounds()
        if reading.is_plain(delta):
            frame = self._parquet(delta, name, [unquote(each["path"]) for each in bounds.files(delta)])
        else:
            frame = self.spark.createDataFrame(reading.query(delta).read_all())
        return frame.where(bounds.predicate()) if within else frame

    def appended(self, name: str, after: int, upto: int) -> DataFrame:
        """Read the rows that came after a version, up to another, to a table that only grows: its columns."""
        came, went = self._changed_files(name, after, upto)
        return came if went is None else came.exceptAll(went)

    def changes(self, name: str, after: int, upto: int) -> DataFrame:
        """Read by which rows two versions differ, both images of a changed one: the table's columns.

        A row that was only written again is no difference.
        """
        came, went = self._changed_files(name, after, upto)
        return came if went is None else difference(came, went).drop("_sign")

    def lost(self, name: str, after: int, upto: int) -> list[str]:
        """Return the files by which commits changed a table that are there no more."""
        paths = [path for each in log.changed_files(self.delta(name), after, upto) for path in each]
        there = self.folder(name).sizes(paths) if paths else {}
        return [path for path in paths if path not in there]

    def _changed_files(self, name: str, after: int, upto: int) -> tuple[DataFrame, DataFrame | None]:
        """Read the files that commits added, and those that they removed; None where they only added."""
        delta = self.delta(name, upto)
        added, removed = log.changed_files(delta, after, upto)
        return self._parquet(delta, name, added), self._parquet(delta, name, removed) if removed else None

    def _parquet(self, delta: TableLog, name: str, paths: Sequence[str]) -> DataFrame:
        """Read files in a table's folder after comparing them with their digests."""
        integrity.verify(
            name, delta.folder, paths, self.settings, None if delta.folder.is_local else self.engine.spread
        )
        schema = T.StructType.fromJson(json.loads(delta.schema().to_json()))
        return self.files(schema, self.uri(name), paths)

    def files(self, schema: T.StructType, uri: str, paths: Sequence[str]) -> DataFrame:
        """Read files in a folder as a frame."""
        if not paths:  # an engine takes no file for any file, or for an error
            return self.spark.createDataFrame([], schema)
        return self.spark.read.schema(schema).parquet(*[f"{uri}/{path}" for path in paths])

    def arrow(self, name: str, version: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table without Java, at a version and only some columns if given."""
        return self.delta(name, version).to_pyarrow_table(columns=list(columns) if columns else None)

    def records(self, name: str, columns: str = "*", where: str = "true") -> list[dict[str, Any]]:
        """Read rows of a small table, all unless SQL says which, and without what takes half a second to import."""
        return log.rows_of(reading.query(self.delta(name), columns, where))

    def overwrite(
        self, table: Table, frame: DataFrame, run_id: str, remedy: str = "", further: Sequence[DataFrame] = ()
    ) -> Written:
        """Replace all rows of the table, and its schema by the contract's, in one commit; judge the rows before it.

        Args:
            table: the table.
            frame: its rows.
            run_id: the run.
            remedy: what mends rows that break a rule.
            further: more of its rows; each frame is computed by itself, once the one before is written.

        Raises:
            LakehouseError: rows break a rule of `expect_or_fail` (exit code 3); the table is as it was.
        """
        delta = self.delta(table.name)
        counts, parts = conditions(table.output_rules), []
        try:
            for each in (frame, *further):
                parts.append(self._write(table, each, counts))
            measured = sum_up(parts, counts)
            enforce(table.name, table.output_rules, measured.counts, *[remedy] if remedy else [])
        except Exception:
            log_entries.discard(delta.folder, [file for part in parts for file in part.files])
            raise
        if not reading.is_plain(delta):
            log_entries.create(table, delta.folder)  # takes back what another program switched on
            delta = self._open(table.name)
        change = Change(measured.files, run_id, log.files(delta), mode="overwrite")
        version = self.commit(table, delta, change)
        return Written(version, measured.rows, broken=measured.counts)

    def ingest(self, table: Table, files: Sequence[DataFile], run_id: str, receipt_number: int) -> Written:
        """Add the rows of landed files up to a receipt's number; the number enters the log with them."""
        change = Change(files, run_id, transactions=[Transaction(table.name, receipt_number)])
        version = self.commit(table, self.delta(table.name), change)
        return Written(version, sum(file.rows for file in files))

    def append(self, table: Table, frame: DataFrame, run_id: str) -> int:
        """Add rows in one commit, none where there are none; return the table's version."""
        delta = self.delta(table.name)
        measured = self._write(table, frame)
        return self.commit(table, delta, Change(measured.files, run_id)) if measured.files else delta.version()

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
        measured = self._write(table, anti_join(there, gone, table.key).unionByName(added))
        copied = sum(int(each["num_records"]) for each in old) - num_gone
        metrics = {"numCopiedRows": copied, "numDeletedRows": num_gone}
        return self.commit(table, delta, Change(measured.files, run_id, old, metrics=metrics))

    def _open(self, name: str, version: int | None = None) -> TableLog:
        try:
            return TableLog(self.folder(name), version)
        except TableNotFoundError:
            raise
        except DeltaError as error:
            raise error_messages.of_log(name, self.uri(name), error, self.settings) from error

    def renew(self, name: str) -> int:
        """Open a table again after a commit of our own; return its version."""
        delta = self._open(name)
        if self._pinned is not None:
            self._pinned[name] = delta
        return delta.version()

    def writer(self, table: Table) -> Writer:
        """Return what writes files of a table."""
        file_bytes = int(self.settings.maintenance.file_mb * 1_000_000)
        return Writer.of(table, self.folder(table.name), file_bytes)

    def _write(self, table: Table, frame: DataFrame, counts: Mapping[str, Column] | None = None) -> Measured:
        try:
            return self.writer(table).spread(frame, counts, check=partial(check_columns, table))
        except AnalysisException:
            check_columns(table, frame.schema.fields)  # of a column that a rule misses the contract says more
            raise

    def commit(self, table: Table, delta: TableLog, change: Change) -> int:
        """Write an entry into a table's log, on the snapshot that it was computed from; return the new version.

        Raises:
            LakehouseError: another program changed the table meanwhile (exit code 1).
        """
        log_entries.commit(table, delta, change)
        return self.renew(table.name)
