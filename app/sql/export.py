"""sql.export — all rows of a query as one CSV or Parquet file, written part by part while they come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from app.sql import asking, limits, published, results, spool
from app.sql.history import Asked, History
from app.sql.process import Process, Sink
from lakehouse.settings import Settings
from lakehouse.storage.ledger import Run

FORMS = ("csv", "parquet")
Take = Callable[[pa.Table], None]
Tell = Callable[[int, int, str], None]


def export(
    settings: Settings, sql: str, run: Run, asked_by: str, target: BinaryIO, form: str, folder: Path | None, tell: Tell
) -> Asked:
    """Write all rows of a query into a file, by a worker of its own, and the query into the log.

    Args:
        settings: of the lake.
        sql: the query.
        run: whose tables it reads.
        asked_by: as the log names who asks.
        target: the open file.
        form: one of `FORMS`.
        folder: in which the worker may make its own; the system's for passing files if there is none.
        tell: told what is done, of how much, and a sentence.

    Returns:
        What the log says of it.

    Raises:
        LakehouseError: a rule refuses it (exit code 3), it fails, takes too long or is too large (1), or nothing is
            published (2).
    """
    tables, written = published.tables(run), 0

    def at_work(done: int, total: int) -> None:
        tell(done, total, f"Spark works: {done:,} of {total:,} tasks are done.")

    with Process(settings, folder) as process, writing(target, form) as write:

        def take(rows: pa.Table) -> None:
            nonlocal written
            write(rows)
            written += rows.num_rows
            tell(0, 0, f"{written:,} rows are written.")

        tell(0, 0, "Spark starts.")
        _, asked = asking.ask(
            process, History(settings.lake_path), sql, tables, run, asked_by, None, "export", Sink(take, at_work)
        )
    return asked


@contextmanager
def writing(target: BinaryIO, form: str) -> Iterator[Take]:
    """Open a file for rows that come in parts; the first part tells the columns.

    Raises:
        LakehouseError: it grows too large (exit code 1).
    """
    size = 0
    parquet: pq.ParquetWriter | None = None

    def take_csv(rows: pa.Table) -> None:
        nonlocal size
        text = results.as_csv(rows, with_header=size == 0).encode()
        size += len(text)
        if size > limits.MOST_EXPORT_BYTES:
            raise spool.refusal()
        target.write(text)

    def take_parquet(rows: pa.Table) -> None:
        nonlocal parquet
        named = rows.rename_columns(results.distinct(rows.column_names))
        parquet = parquet or pq.ParquetWriter(target, named.schema, compression="zstd")
        if named.num_rows:
            parquet.write_table(named)

    try:
        yield take_csv if form == "csv" else take_parquet
    finally:
        if parquet is not None:
            parquet.close()
