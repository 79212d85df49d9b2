"""storage.parquet_writer — rows as Parquet files in a table's folder, which are the table's once its log names them.

Spark spreads the work and Arrow does it. So the log can be written without Java, which takes Delta's own writer a
dozen queries for rows that replace others, and a file is the same whether it comes from a frame or from landed lines.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import fs
from pyspark.sql import DataFrame

from lakehouse.storage.schema import delta_schema
from lakehouse.table import Table

GROUP = 1 << 20  # rows that a task holds in memory, and that stand together in a file


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
class Writer:
    """Writes files of one table; Spark sends it to its tasks.

    Attributes:
        name: the table.
        uri: its folder.
        schema: its columns.
        cluster_by: the columns whose lowest and highest value the log shall know.
        sort_by: a column by which the rows are sorted; a filter on it reads its own pages alone.
    """

    name: str
    uri: str
    schema: pa.Schema
    cluster_by: list[str]
    sort_by: str | None

    @classmethod
    def of(cls, table: Table, uri: str) -> "Writer":
        """Return the writer of a contract's table."""
        return cls(table.name, uri, pa.schema(delta_schema(table)), table.cluster_by, table.sort_by)

    def spread(self, frame: DataFrame) -> list[DataFile]:
        """Write a frame with the table's columns, a file for each of its partitions that holds rows.

        Raises:
            PythonException: a row holds NULL where the contract says NOT NULL.
        """
        files = frame.mapInArrow(self._task, "path STRING, size BIGINT, rows BIGINT, statistics STRING").collect()
        return [DataFile(**row.asDict()) for row in files]

    def write(self, tables: Iterable[pa.Table]) -> list[DataFile]:
        """Write rows as one file, or none where there are no rows."""
        filled = (table for table in tables if len(table))
        first = next(filled, None)
        if first is None:
            return []
        system, folder = fs.FileSystem.from_uri(self.uri) if "://" in self.uri else (fs.LocalFileSystem(), self.uri)
        path, rows, limits = f"part-{uuid.uuid4()}.parquet", 0, _Limits(self.cluster_by)
        with pq.ParquetWriter(
            f"{folder}/{path}",
            first.schema,
            filesystem=system,
            compression="zstd",
            compression_level=1,
            dictionary_pagesize_limit=1 << 16,  # a column of many values gives up its dictionary at once
            write_statistics=[self.sort_by] if self.sort_by else False,
            write_page_index=self.sort_by is not None,
            write_page_checksum=True,  # a damaged page is refused instead of read as other values
            store_schema=False,
        ) as file:
            for table in chain([first], filled):
                file.write_table(table, row_group_size=GROUP)
                rows += len(table)
                limits.take(table)
        size = system.get_file_info(f"{folder}/{path}").size
        return [DataFile(path, size, rows, json.dumps({"numRecords": rows, **limits.statistics()}))]

    def _task(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for file in self.write(self._groups(batches)):
            yield pa.RecordBatch.from_pylist([asdict(file)])

    def _groups(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(each.num_rows for each in waiting) >= GROUP:
                yield self._checked(waiting)
                waiting = []
        if waiting:
            yield self._checked(waiting)

    def _checked(self, batches: list[pa.RecordBatch]) -> pa.Table:
        table = pa.Table.from_batches(batches)
        for field in self.schema:
            if not field.nullable and table[field.name].null_count:
                raise ValueError(f"{self.name}: a row has no {field.name}, which is NOT NULL.")
        return table.cast(self.schema)


class _Limits:
    """The lowest and the highest value of columns."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._values: dict[str, list[Any]] = {column: [] for column in columns}

    def take(self, table: pa.Table) -> None:
        """See further rows."""
        for column, values in self._values.items():
            found = pc.min_max(table[column]).as_py()
            values += [limit for limit in found.values() if limit is not None]

    def statistics(self) -> dict[str, Any]:
        """Return them as Delta's log keeps them."""
        known = {column: values for column, values in self._values.items() if values}
        return {
            "minValues": {column: _plain(min(values)) for column, values in known.items()},
            "maxValues": {column: _plain(max(values)) for column, values in known.items()},
        }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
    return value if isinstance(value, int) else str(value)
