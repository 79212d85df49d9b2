"""storage.parquet_writer — rows as Parquet files in a table's folder, which are the table's once its log names them.

The engine spreads the work and Arrow does it, so every engine writes the same files, and the log needs no JVM. A file
holds one slice of the table, or a few that lie side by side: the day after reads and rewrites days, not everything.
"""

import hashlib
import json
import pickle
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import Column, DataFrame
from pyspark.sql import types as T

from lakehouse.storage.folder import Folder
from lakehouse.storage.limits import Limits
from lakehouse.storage.schema import delta_schema
from lakehouse.table import Table

GROUP = 1 << 20  # rows that a task holds in memory, and sorts
RESULT = T.StructType([T.StructField("measured", T.BinaryType())])
PACKED = 4  # how much smaller than in memory a file is at a first guess; the first one's size says better


@dataclass(frozen=True)
class DataFile:
    """A Parquet file that no log names yet.

    Attributes:
        path: its name in the table's folder.
        size: bytes.
        rows: rows in it.
        statistics: what the log shall say of its rows, as Delta's JSON.
    """

    path: str
    size: int
    rows: int
    statistics: str


@dataclass(frozen=True)
class Measured:
    """What was written, and what was counted on the way.

    Attributes:
        files: the files.
        counts: name -> rows for which a condition held.
        limits: name -> lowest and highest value, of a DATE all values; empty where there was none.
    """

    files: list[DataFile] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    limits: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows written."""
        return sum(file.rows for file in self.files)


@dataclass(frozen=True)
class Writer:
    """Writes files of one table; the engine sends it to its tasks.

    Attributes:
        name: the table.
        folder: where it lies.
        schema: its columns; None takes rows as they come.
        cluster_by: the columns whose lowest and highest value the log shall know; by the first the rows are cut.
        sort_by: a column by which the rows came sorted; a filter on it reads its own pages alone.
        file_bytes: how large a file shall be where rows are cut.
        is_kept: whether files outlast a power cut and name their digest; what is soon read and removed does without.
    """

    name: str
    folder: Folder
    schema: pa.Schema | None
    cluster_by: list[str] = field(default_factory=list)
    sort_by: str | None = None
    file_bytes: int = 2_000_000
    is_kept: bool = True

    @classmethod
    def of(cls, table: Table, folder: Folder, file_bytes: int = 2_000_000) -> "Writer":
        """Return the writer of a contract's table."""
        return cls(table.name, folder, pa.schema(delta_schema(table)), table.cluster_by, table.sort_by, file_bytes)

    def spread(
        self,
        frame: DataFrame,
        counts: Mapping[str, Column] | None = None,
        limits: Mapping[str, Column] | None = None,
        check: Callable[[Sequence[T.StructField]], None] | None = None,
    ) -> Measured:
        """Write a frame with the table's columns.

        Args:
            frame: the rows.
            counts: name -> condition whose rows are counted.
            limits: name -> value whose lowest and highest are found, of a DATE all.
            check: is called with the frame's columns, before anything is computed; an engine is asked for them once.

        Raises:
            PythonException: a row holds NULL where the contract says NOT NULL.
        """
        counts, limits = counts or {}, limits or {}
        extra = [each.alias(f"_count_{i}") for i, each in enumerate(counts.values())]
        extra += [each.alias(f"_limit_{i}") for i, each in enumerate(limits.values())]
        rows = frame.select("*", *extra) if extra else frame
        if check:
            fields = rows.schema.fields
            check(fields[: len(fields) - len(extra)])
        results = rows.mapInArrow(_Task(self, list(counts), list(limits)), RESULT).toArrow()
        return sum_up([pickle.loads(each) for each in results["measured"].to_pylist()], counts, limits)

    def write(self, rows: Iterable[pa.Table]) -> list[DataFile]:
        """Write groups of rows: those of a table that is cut by slice as several files, others as one file."""
        groups = (self._to_schema(group) for group in rows if len(group))
        if self.cluster_by:
            return [file for group in groups for file in self._cut(group)]
        first = next(groups, None)
        return [] if first is None else [self._file(first.schema, chain([first], groups))]

    def _cut(self, group: pa.Table) -> Iterator[DataFile]:
        """Sort a group by slice and cut it into files of about the size wanted."""
        slices = group[self.cluster_by[0]].combine_chunks()
        ordered = group.take(pc.array_sort_indices(slices)) if len(pc.unique(slices)) > 1 else group
        start, rows = 0, max(1, len(ordered) * PACKED * self.file_bytes // max(1, ordered.nbytes))
        while start < len(ordered):
            left = len(ordered) - start
            rows = left if left < 1.5 * rows else rows
            file = self._file(ordered.schema, [ordered.slice(start, rows)])
            start += rows
            rows = max(1, int(self.file_bytes * file.rows / file.size))
            yield file

    def _file(self, schema: pa.Schema, groups: Iterable[pa.Table]) -> DataFile:
        """Write rows as one file, in one stroke: made in memory, digested, stored, synced."""
        sink, rows, limits = pa.BufferOutputStream(), 0, Limits()
        with pq.ParquetWriter(
            sink,
            schema,
            compression="zstd",
            compression_level=1,
            dictionary_pagesize_limit=1 << 16,  # a column of many values gives up its dictionary at once
            write_statistics=[self.sort_by] if self.sort_by else False,
            write_page_index=self.sort_by is not None,
            write_page_checksum=self.is_kept,
            store_schema=not self.is_kept,
        ) as file:
            for group in groups:
                file.write_table(group, row_group_size=GROUP)
                rows += len(group)
                limits.see({column: group[column] for column in self.cluster_by})
        content = sink.getvalue()
        digest = f"-{hashlib.sha256(content).hexdigest()}" if self.is_kept else ""
        path = f"part-{uuid.uuid4()}{digest}.parquet"
        self.folder.put(path, content, self.is_kept)
        return DataFile(path, content.size, rows, json.dumps({"numRecords": rows, **limits.statistics()}))

    def _to_schema(self, group: pa.Table) -> pa.Table:
        if self.schema is None:
            return group
        for column in self.schema:
            if not column.nullable and group[column.name].null_count:
                raise ValueError(f"{self.name}: a row has no {column.name}, which is NOT NULL.")
        return group.select(self.schema.names).cast(self.schema)


@dataclass(frozen=True)
class _Task:
    """What a task of the engine does with its share of the rows."""

    writer: Writer
    counts: list[str]
    limits: list[str]

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        counts, limits = dict.fromkeys(self.counts, 0), Limits()

        def measured() -> Iterator[pa.Table]:
            for group in _groups(batches):
                for i, name in enumerate(self.counts):
                    counts[name] += pc.sum(group[f"_count_{i}"]).as_py() or 0
                limits.see({name: group[f"_limit_{i}"] for i, name in enumerate(self.limits)})
                extra = [name for name in group.column_names if name.startswith(("_count_", "_limit_"))]
                yield group.drop_columns(extra)

        files = self.writer.write(measured())
        result = Measured(files, counts, limits.values)
        yield pa.RecordBatch.from_pydict({"measured": [pickle.dumps(result)]})


def _groups(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= GROUP:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if rows:
        yield pa.Table.from_batches(waiting)


def sum_up(parts: Sequence[Measured], counts: Iterable[str], limits: Iterable[str] = ()) -> Measured:
    """Put together what was written in parts, and the counts and limits of these names."""
    return Measured(
        [file for part in parts for file in part.files],
        {name: sum(part.counts.get(name, 0) for part in parts) for name in counts},
        {name: Limits.merge([part.limits.get(name, []) for part in parts]) for name in limits},
    )
