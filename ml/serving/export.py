"""ml.serving.export — the champion's predictions as a file, for a spreadsheet or a notebook."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.storage.ledger import Run
from ml.predictions import table

FORMULA = r"^[=+\-@\t\r]"  # how a cell begins that a spreadsheet would take for a formula
SESSION_ID = pa.field("session_id", pa.string())
LEFT_OUT = ("features_hash", "superseded_at")


class CsvFile:
    """A CSV that is written by batches. Instants are put into words here: Arrow's writer takes ten times as long."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Begin the file with its header."""
        self._schema = pa.schema([_in_words(field) for field in schema])
        self._file = csv.CSVWriter(path, self._schema)

    def __enter__(self) -> "CsvFile":
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the file."""
        self.close()

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Add rows of the schema; an instant is in UTC."""
        columns = [_words(cells) if pa.types.is_timestamp(cells.type) else cells for cells in batch.columns]
        self._file.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def close(self) -> None:
        """End the file."""
        self._file.close()


WRITERS: dict[str, Callable[[Path, pa.Schema], CsvFile | pq.ParquetWriter]] = {
    ".csv": CsvFile,
    ".parquet": pq.ParquetWriter,
}


def check(path: Path) -> None:
    """Refuse a file that cannot be written, before anything is scored for it.

    Raises:
        LakehouseError: its name has another ending, or its folder is not there (exit code 2).
    """
    if path.suffix not in WRITERS:
        message = f"{path} ends neither with .csv nor with .parquet."
        raise LakehouseError(message, "lakehouse ml score --output predictions.csv", Exit.USAGE)
    if not path.absolute().parent.is_dir():
        raise LakehouseError(f"There is no folder {path.absolute().parent}.", "make it, or name another", Exit.USAGE)


def write(lake: Lake, publication: Run, model_version: int, path: Path) -> int:
    """Write a model version's predictions that are not superseded, batch by batch; return their number.

    The file is there when it is whole. A text in it that a spreadsheet would take for a formula begins with an
    apostrophe.

    Args:
        lake: the lake.
        publication: names the version of ml.predictions.
        model_version: of the model.
        path: CSV or Parquet, by its ending; a file that is there is replaced.
    """
    rows, partial = 0, path.with_name(f".{path.name}.part")
    reader = _reader(lake, publication, model_version)
    try:
        with WRITERS[path.suffix](partial, reader.schema.insert(0, SESSION_ID)) as file:
            for batch in reader:
                file.write_batch(formula_safe(with_session_id(batch)))
                rows += batch.num_rows
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    return rows


def formula_safe(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Put an apostrophe before each text that a spreadsheet would take for a formula."""
    for place, field in enumerate(batch.schema):
        if pa.types.is_string(field.type):
            cells = batch.column(place)
            is_formula = pc.match_substring_regex(cells, FORMULA)
            safe = pc.if_else(is_formula, pc.binary_join_element_wise("'", cells, ""), cells)
            batch = batch.set_column(place, field, safe)
    return batch


def safe_schema(schema: pa.Schema) -> pa.Schema:
    """Put an apostrophe before each name of a column that a spreadsheet would take for a formula."""
    return pa.schema([field.with_name(neutral(field.name)) for field in schema])


def neutral(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{text}" if re.match(FORMULA, text) else text


def _reader(lake: Lake, publication: Run, model_version: int) -> pa.RecordBatchReader:
    """Read the predictions by batches."""
    rows = lake.store.delta(table.name, publication.versions[table.name]).to_pyarrow_dataset()
    kept = [column.name for column in table.columns if column.name not in LEFT_OUT]
    is_wanted = (pc.field("model_version") == model_version) & pc.field("superseded_at").is_null()
    return rows.scanner(columns=kept, filter=is_wanted).to_reader()


def with_session_id(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Put the visit's readable name, visitor and start in epoch milliseconds, before its columns."""
    millis = pc.cast(pc.cast(batch["started_at"], pa.timestamp("ms", "UTC"), safe=False), pa.int64())
    parts = [pc.cast(ids, pa.string()) for ids in (batch["visitor_id"], millis)]
    return batch.add_column(0, SESSION_ID, pc.binary_join_element_wise(*parts, "-"))


def _in_words(field: pa.Field) -> pa.Field:
    return field.with_type(pa.string()) if pa.types.is_timestamp(field.type) else field


def _words(instants: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(instants.cast(pa.timestamp(instants.type.unit)).cast(pa.string()), "Z", "")
