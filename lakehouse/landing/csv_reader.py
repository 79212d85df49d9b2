"""landing.csv_reader — landed CSV files as rows of a bronze table, each line read by its file's own header.

The engine spreads the work and Arrow does it: the files are cut at line ends, and a task parses some 64 MB of lines and
writes them as one Parquet file, column by column. As rows of an engine they would cost three times as much.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import accumulate, groupby

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from lakehouse.engine.session import Engine
from lakehouse.landing.lines import fields_of
from lakehouse.landing.receipts import Landing, Receipt
from lakehouse.storage.folder import Folder, ReadableFile
from lakehouse.storage.parquet_writer import DataFile, Writer
from lakehouse.table import Table

PART = 64 << 20  # bytes of text that become one file


@dataclass(frozen=True)
class Part:
    """Whole lines of a landed file, behind its header.

    Attributes:
        path: where the file lies.
        receipt: what is known of it.
        start: the first byte.
        stop: the byte behind the last.
    """

    path: ReadableFile
    receipt: Receipt
    start: int
    stop: int


def write(
    engine: Engine, landing: Landing, table: Table, receipts: Iterable[Receipt], folder: Folder, run_id: str
) -> list[DataFile]:
    """Write the rows of landed files into a bronze table's folder; they are none of its rows until its log names them.

    Args:
        engine: what spreads the work.
        landing: the lake's landing folder.
        table: the bronze table; its delivered columns are found in each header by name.
        receipts: the files to read.
        folder: where the table lies.
        run_id: what `_run_id` shall say.

    Returns:
        The files written.

    Raises:
        LakehouseError: a landed file is missing or was changed since it came in (exit code 3).
    """
    batches = split_into_parts(landing, receipts)
    task = partial(_write, writer=Writer.of(table, folder), run_id=run_id)
    return engine.spread(task, batches)


def split_into_parts(landing: Landing, receipts: Iterable[Receipt], size: int = PART) -> list[list[Part]]:
    """Cut landed files at line ends into parts of some size, and put smaller ones together.

    Raises:
        LakehouseError: a landed file is missing or was changed since it came in (exit code 3).
    """
    parts: list[Part] = []
    for receipt in receipts:
        landing.verify(receipt)
        parts += split_file(landing.file(receipt), receipt, size)
    starts = accumulate((part.stop - part.start for part in parts), initial=0)
    numbered = zip((start // size for start in starts), parts, strict=False)
    return [[part for _, part in batch] for _, batch in groupby(numbered, key=lambda each: each[0])]


def split_file(path: ReadableFile, receipt: Receipt, size: int) -> Iterator[Part]:
    """Cut a file at line ends into parts of some size."""
    with path.open("rb") as file:
        file.readline()
        start = file.tell()
        while start < receipt.size:
            stop = receipt.size
            if start + size < stop:
                file.seek(start + size)
                file.readline()
                stop = min(file.tell(), stop)
            yield Part(path, receipt, start, stop)
            start = stop


def read_rows(parts: Sequence[Part], schema: pa.Schema, run_id: str) -> pa.Table:
    """Read lines as rows of a bronze table.

    A line whose number of fields is not its header's has NULL in every delivered column and its text in `_rest`;
    elsewhere `_rest` holds the fields of columns that the contract does not name. Blank lines (spaces at most) and
    a header that comes again are no rows.

    Args:
        parts: the lines, at least one part.
        schema: the table's columns.
        run_id: what `_run_id` shall say.

    Returns:
        The columns of the table; those that hold one text in many rows are dictionaries.
    """
    return pa.concat_tables([_read_part(part, schema, run_id) for part in parts]).unify_dictionaries().combine_chunks()


def _read_part(part: Part, schema: pa.Schema, run_id: str) -> pa.Table:
    names, delivered = part.receipt.columns, [name for name in schema.names if not name.startswith("_")]
    plain, quoted = _read_lines(part)
    fields, malformed = _split(plain, len(names))
    unquoted = [(line, fields_of(line)) for line in quoted]
    malformed += [line for line, each in unquoted if len(each) != len(names)]
    complete = [each for _, each in unquoted if len(each) == len(names)]
    fields = pa.concat_tables([fields, _columns([each[i] for each in complete] for i in range(len(names)))])

    beyond = [column for name, column in zip(names, fields.columns, strict=True) if name not in delivered]
    rest = pc.binary_join_element_wise(*beyond, ",") if beyond else pa.nulls(len(fields), pa.string())
    table = pa.table({name: fields[names.index(name)] for name in delivered} | {"_rest": rest})
    table = pa.concat_tables([table, pa.table({"_rest": pa.array(malformed, pa.string())})], promote_options="default")

    received_at = pa.scalar(datetime.fromisoformat(part.receipt.received_at), schema.field("_ingested_at").type)
    table = table.append_column("_source_file", _repeat(part.receipt.file_name, len(table)))
    table = table.append_column("_ingested_at", pa.repeat(received_at, len(table)))
    return table.append_column("_run_id", _repeat(run_id, len(table))).select(schema.names)


def _read_lines(part: Part) -> tuple[bytes, list[str]]:
    """Return the lines that hold no quote, and those that do, without a header that comes again."""
    with part.path.open("rb") as file:
        file.seek(part.start)
        text = file.read(part.stop - part.start)
    header = part.receipt.header.encode()
    if b'"' not in text and header not in text:
        return text, []
    lines = [line for line in (each.removesuffix(b"\r") for each in text.split(b"\n")) if line != header]
    quoted = [line.decode() for line in lines if b'"' in line]
    return b"\n".join(line for line in lines if b'"' not in line), quoted


def _split(text: bytes, count: int) -> tuple[pa.Table, list[str]]:
    """Split lines without quotes at commas; return those of `count` fields as columns, and the other lines."""
    others: list[str] = []

    def set_aside(row: arrow_csv.InvalidRow) -> str:
        if row.text.strip(" "):
            others.append(row.text)
        return "skip"

    names = [str(i) for i in range(count)]
    if not text:
        return _columns([] for _ in names), others
    table = arrow_csv.read_csv(
        pa.BufferReader(text),
        arrow_csv.ReadOptions(column_names=names, use_threads=False),
        arrow_csv.ParseOptions(quote_char=False, invalid_row_handler=set_aside),
        arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    return table, others


def _columns(columns: Iterable[list[str]]) -> pa.Table:
    return pa.table({str(i): pa.array(column, pa.string()) for i, column in enumerate(columns)})


def _repeat(text: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count), pa.array([text]))


def _write(parts: Sequence[Part], writer: Writer, run_id: str) -> list[DataFile]:
    """Write lines as a file of their own, if they hold rows."""
    table = read_rows(parts, writer.schema, run_id)
    return writer.write([_sort(table, writer.sort_by) if writer.sort_by else table])


def _sort(table: pa.Table, column: str) -> pa.Table:
    """Sort rows by the place of their value among the column's few."""
    codes = table[column].combine_chunks().dictionary_encode()
    places = pc.array_sort_indices(pc.array_sort_indices(codes.dictionary))
    encoded = table.set_column(table.column_names.index(column), column, codes)
    return encoded.take(pc.array_sort_indices(places.take(codes.indices)))
