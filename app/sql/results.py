"""sql.results — the rows of a query: small enough to be shown, and written in a form that is asked for."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.sql import limits
from lakehouse.errors import Exit, LakehouseError

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # with which a cell is a formula to a spreadsheet
WIDEST_COLUMN = 60  # characters of a column of a printed table


def require_small(rows: pa.Table) -> pa.Table:
    """Return rows that may be given away.

    Raises:
        LakehouseError: they are too large, or one cell is (exit code 1).
    """
    if rows.nbytes > limits.MOST_BYTES:
        message = f"The result has {rows.nbytes / 1e6:.0f} MB; {limits.MOST_BYTES // 1_000_000} MB are the most."
        raise LakehouseError(message, "select fewer columns or rows, or sum them up", Exit.FAILED)
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if _longest(column) > limits.LONGEST_CELL:
            message = f"A cell of {name} has more than {limits.LONGEST_CELL:,} characters."
            raise LakehouseError(message, "take a part of it, by substring() or slice()", Exit.FAILED)
    return rows


def _longest(column: pa.ChunkedArray) -> int:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return int(pc.max(pc.utf8_length(column)).as_py() or 0)
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return max((len(str(each)) for each in column.to_pylist()), default=0)
    return 0


def as_csv(rows: pa.Table, with_header: bool = True) -> str:
    """Return rows as CSV, below a header if it is wanted; no cell or name is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if with_header:
        writer.writerow([neutral(name) for name in rows.column_names])
    writer.writerows([[neutral(_flat(cell)) for cell in row] for row in lists(rows)])
    return text.getvalue()


def as_json(rows: pa.Table) -> str:
    """Return rows as JSON: columns, and a list of lists, since names may come twice."""
    found = [[plain(cell) for cell in row] for row in lists(rows)]
    return json.dumps({"columns": rows.column_names, "rows": found}, ensure_ascii=False)


def as_parquet(rows: pa.Table) -> bytes:
    """Return rows as a Parquet file; a name that comes again gets a number."""
    sink = io.BytesIO()
    pq.write_table(rows.rename_columns(distinct(rows.column_names)), sink, compression="zstd")
    return sink.getvalue()


def as_table(rows: pa.Table) -> str:
    """Return rows as a text table for a terminal."""
    cells = [rows.column_names, *([_short(_flat(cell)) for cell in row] for row in lists(rows))]
    widths = [max(len(row[i]) for row in cells) for i in range(rows.num_columns)]
    lines = ["  ".join(each.ljust(width) for each, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:]])


def lists(rows: pa.Table) -> list[tuple[Any, ...]]:
    """Return rows as tuples of Python's values."""
    columns = [column.to_pylist() for column in rows.columns]
    return list(zip(*columns, strict=True)) if columns else []


def distinct(names: Sequence[str]) -> list[str]:
    """Return names of which none comes twice."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return found


def neutral(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(DANGEROUS) else cell


def plain(value: Any) -> Any:
    """Return a value as JSON writes it: instants and days in ISO 8601, decimals as numbers of their digits."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _flat(value: Any) -> Any:
    """Return a value as a cell: a list or a structure as JSON."""
    if isinstance(value, Decimal):
        return str(value)
    found = plain(value)
    if isinstance(found, bool):
        return str(found).lower()
    return json.dumps(found, ensure_ascii=False) if isinstance(found, dict | list) else "" if found is None else found


def _short(cell: Any) -> str:
    words = " ".join(str(cell).split())
    return words if len(words) <= WIDEST_COLUMN else words[: WIDEST_COLUMN - 1] + "…"
