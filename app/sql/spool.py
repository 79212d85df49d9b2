"""sql.spool — all rows of a query: Spark writes them into the worker's own folder, from where they go in parts.

So no heap has to hold them, and their order stays: Spark numbers the files of a sorted result.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import SparkContext
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, StringType, StructField

from app.sql import limits
from lakehouse.errors import Exit, LakehouseError

FOLDER = "rows"
SECONDS_BETWEEN_LOOKS = 0.5
ROW_GROUP_BYTES = 16 << 20  # what is read of a file at a time
ATOMIC = ("bigint", "boolean", "date", "decimal", "double", "float", "int", "smallint", "timestamp", "tinyint")
NOT_OF_PARQUET = ("void", "interval")  # types that Parquet has not; they become texts
Tell = Callable[[int, int], None]


def write(frame: DataFrame, scratch: Path, group: str, tell: Tell) -> Path:
    """Have Spark write the rows of a query; return the folder of the files.

    Args:
        frame: the rows.
        scratch: the worker's own folder.
        group: the name of the query's jobs, which are cancelled once the files are too large.
        tell: told how many of how many tasks are done.

    Raises:
        LakehouseError: the rows take too much room (exit code 1).
    """
    folder = scratch / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    too_large = threading.Event()
    try:
        with _watched(frame.sparkSession.sparkContext, folder, group, too_large, tell):
            writer = bounded(frame).write.option("parquet.block.size", ROW_GROUP_BYTES)
            writer.parquet(str(folder), compression="zstd")
    except Exception:
        if too_large.is_set():
            raise refusal() from None
        raise
    return folder


def bounded(frame: DataFrame) -> DataFrame:
    """Return rows as Parquet can hold them, columns by place; a cell that is too long fails the query."""
    plain = frame.toDF(*(f"c{place}" for place in range(len(frame.columns))))
    fields = zip(plain.schema.fields, frame.columns, strict=True)
    return plain.select(*(_bounded(field, name).alias(field.name) for field, name in fields))


def _bounded(field: StructField, name: str) -> Column:
    kind, column = field.dataType, F.col(field.name)
    if kind.simpleString().partition("(")[0] in ATOMIC:
        return column
    if any(each in kind.simpleString() for each in NOT_OF_PARQUET):
        column = column.cast(StringType())
    long = F.octet_length(column) if isinstance(kind, BinaryType) else F.length(column.cast(StringType()))
    message = f"A cell of {name} has more than {limits.LONGEST_CELL:,} characters."
    return F.when(long > limits.LONGEST_CELL, F.raise_error(F.lit(message))).otherwise(column)


def parts(folder: Path, names: list[str]) -> Iterator[pa.Table]:
    """Yield the rows in their order, first none of them, for the types."""
    files = sorted(folder.glob("part-*.parquet"))
    yield pq.read_schema(files[0]).empty_table().rename_columns(names)
    for path in files:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(limits.ROWS_AT_A_TIME):
                yield pa.Table.from_batches([batch]).rename_columns(names)


def refusal() -> LakehouseError:
    """Return the error of a query whose rows take too much room."""
    message = f"All rows together have more than {limits.MOST_EXPORT_BYTES / 1e9:.0f} GB, the most there may be."
    return LakehouseError(message, "select fewer columns or rows, or sum them up", Exit.FAILED)


@contextmanager
def _watched(context: SparkContext, folder: Path, group: str, too_large: threading.Event, tell: Tell) -> Iterator[None]:
    """Tell how far Spark is, and cancel what it does once its files are too large."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            if _size(folder) > limits.MOST_EXPORT_BYTES:
                too_large.set()
                context.cancelJobGroup(group)
            tell(*_tasks(context, group))

    watcher = threading.Thread(target=look, name="spool", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*.parquet"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # it was renamed meanwhile
            continue
    return total


def _tasks(context: SparkContext, group: str) -> tuple[int, int]:
    """Return how many tasks are done, of how many that Spark knows of by now."""
    tracker = context.statusTracker()
    jobs = [tracker.getJobInfo(each) for each in tracker.getJobIdsForGroup(group)]
    stages = [tracker.getStageInfo(each) for job in jobs if job for each in job.stageIds]
    known = [each for each in stages if each]
    return sum(each.numCompletedTasks for each in known), sum(each.numTasks for each in known)
