"""storage.reading — rows of a table for Arrow, without an engine and what takes long to import."""

import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import QueryBuilder

from lakehouse.storage import log
from lakehouse.storage.folder import TableLog


class _NoPandas(MetaPathFinder):
    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("This process does without pandas.", name=name)


def forgo_pandas() -> None:
    """Keep pandas out of this process.

    Arrow imports it for its datasets wherever it is installed: a third of a second and 40 MB, of which a server has
    nothing. And Plotly, which looks for it among the imported modules, takes one that another thread is still
    importing for whole.
    """
    sys.meta_path.insert(0, _NoPandas())


def is_plain(delta: TableLog) -> bool:
    """Say whether the rows of a table are those of its files, in the files' own columns."""
    return delta.protocol().min_reader_version == 1 and not delta.metadata().partition_columns


def query(delta: TableLog, columns: str = "*", where: str = "true") -> pa.RecordBatchReader:
    """Read rows of a small table by delta-rs's own engine, which heeds what only its log says of rows.

    Args:
        delta: the table, called `rows`.
        columns: SQL of what is read.
        where: SQL of which rows.
    """
    reader = QueryBuilder().register("rows", delta).execute(f"SELECT {columns} FROM rows WHERE {where}")
    return pa.RecordBatchReader.from_stream(reader)


def stream(delta: TableLog, columns: Sequence[str]) -> pa.RecordBatchReader:
    """Read columns of all rows batch by batch, in the order of the files.

    Arrow's datasets, which read an object store while other threads go on, take long to import.
    """
    if not is_plain(delta):
        return query(delta, ", ".join(columns))
    if not delta.folder.is_local:
        return delta.to_pyarrow_dataset().scanner(columns=list(columns)).to_reader()
    whole = pa.schema(delta.schema().to_arrow())
    schema = pa.schema([whole.field(name) for name in columns])
    return pa.RecordBatchReader.from_batches(schema, _batches(delta, schema))


def _batches(delta: TableLog, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Read columns of a table's files, one file after the other; what an older file does not have is NULL."""
    for each in log.files(delta):
        with delta.folder.open(unquote(each["path"])) as source, pq.ParquetFile(source) as file:
            there = set(file.schema_arrow.names)
            for batch in file.iter_batches(columns=[name for name in schema.names if name in there]):
                cells = [
                    batch[field.name].cast(field.type) if field.name in there else pa.nulls(len(batch), field.type)
                    for field in schema
                ]
                yield pa.RecordBatch.from_arrays(cells, schema=schema)
