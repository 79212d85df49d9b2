"""privacy.subject — what a lake holds about a visitor, found in tables and landed files without Java.

A table's contract names the column (`person`). Where it is text, as delivered, and in the text of malformed lines, the
id counts where it stands as a whole number. A whole row of someone else may mention it in columns beyond the contract.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.lake import Lake
from lakehouse.landing.receipts import Landing, Receipt
from lakehouse.table import Table, short_name

TEXT = "_rest"  # the column of malformed lines, and of columns beyond the contract
HIDDEN = "…"


@dataclass(frozen=True)
class DataSubject:
    """A visitor by id, and the patterns (for Python, Arrow and Java alike) by which text names it."""

    id: int

    @property
    def digits(self) -> str:
        """The least that a text must hold."""
        return str(abs(self.id))

    @property
    def in_text(self) -> str:
        """The id as a whole number anywhere in a text."""
        return rf"(^|[^0-9]){'-' if self.id < 0 else ''}0*{self.digits}([^0-9]|$)"

    @property
    def in_column(self) -> str:
        """The id in a column of ids: the same digits below zero are another one."""
        return self.in_text if self.id < 0 else rf"(^|[^0-9-])0*{self.digits}([^0-9]|$)"

    @property
    def bare(self) -> str:
        """The id alone, where it stands as a whole number; for Python and Java."""
        return rf"(?<![0-9]){'-' if self.id < 0 else ''}0*{self.digits}(?![0-9])"

    def is_in(self, text: str) -> bool:
        """Say whether a text names the visitor."""
        return self.digits in text and re.search(self.in_text, text) is not None

    def hidden(self, text: str) -> str:
        """Return a text without the id."""
        return re.sub(self.bare, HIDDEN, text)


@dataclass(frozen=True)
class Line:
    """A line of a landed file: its number, from 1 for the header, and its text."""

    number: int
    text: str


def tables(lake: Lake) -> list[Table]:
    """Return the tables of the lake that name a visitor, quarantines among them."""
    return [each for each in lake.contracts.values() if each.person and lake.store.exists(each.name)]


def rows(lake: Lake, table: Table, visitor: DataSubject) -> pa.Table:
    """Return the rows of a table's newest version that are the visitor's."""
    return _rows(lake, table, visitor, [column.name for column in table.columns], is_mentioned=False)


def count(lake: Lake, table: Table, visitor: DataSubject) -> int:
    """Count the rows that are the visitor's or mention the visitor."""
    return _rows(lake, table, visitor, [str(table.person)], is_mentioned=True).num_rows


def files(lake: Lake) -> list[tuple[Receipt, Table]]:
    """Return the landed files whose rows name visitors, each with the table that takes them."""
    takers = {short_name(t.name): t for t in lake.tables.values() if t.refresh.kind == "append" and t.person}
    return [(each, takers[each.kind]) for each in lake.landing.receipts() if each.kind in takers]


def lines(landing: Landing, receipt: Receipt, table: Table, visitor: DataSubject) -> Iterator[Line]:
    """Yield the lines of a landed file that are the visitor's."""
    finder = Finder(receipt, table, visitor)
    with landing.file(receipt).open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number > 1 and finder.is_about(line):
                yield Line(number, line.decode().rstrip("\r\n"))


def count_lines(landing: Landing, receipt: Receipt, table: Table, visitor: DataSubject) -> int:
    """Count the lines of a landed file that are the visitor's or mention the visitor."""
    finder = Finder(receipt, table, visitor)
    with landing.file(receipt).open("rb") as file:
        return sum(finder.cleaned(line) != line for number, line in enumerate(file) if number)


@dataclass(frozen=True)
class Finder:
    """Tells which lines of a landed file name a visitor, by the file's own header."""

    receipt: Receipt
    table: Table
    visitor: DataSubject

    def is_about(self, line: bytes) -> bool:
        """Say whether a line is the visitor's: named in its column, or anywhere if it has not the header's fields."""
        if self._needle not in line:
            return False
        text, fields = _split(line)
        if len(fields) != len(self.receipt.columns):
            return self.visitor.is_in(text)
        value = fields[self.receipt.columns.index(str(self.table.person))]
        return re.search(self.visitor.in_column, value) is not None

    def cleaned(self, line: bytes) -> bytes:
        """Return what stays of a line: of the visitor's none, of another's all but the id in columns of its own."""
        if self._needle not in line:
            return line
        if self.is_about(line):
            return b""
        text, fields = _split(line)
        if len(fields) != len(self.receipt.columns):
            return line
        named = zip(self.receipt.columns, fields, strict=True)
        kept = [each if name in self.table.delivered_columns else self.visitor.hidden(each) for name, each in named]
        if kept == fields:
            return line
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(kept)
        return out.getvalue().encode() + line[len(text.encode()) :]

    @cached_property
    def _needle(self) -> bytes:
        return self.visitor.digits.encode()


def counts(lake: Lake, visitor: DataSubject) -> dict[str, int]:
    """Count what names the visitor: table, or path of a landed file -> rows or lines; empty places are left out."""
    found = {each.name: count(lake, each, visitor) for each in tables(lake)}
    for receipt, table in files(lake):
        found[_place(receipt)] = count_lines(lake.landing, receipt, table, visitor)
    return {place: number for place, number in found.items() if number}


def export(lake: Lake, visitor: DataSubject) -> dict[str, list[dict[str, Any]]]:
    """Return what is the visitor's: table -> rows, path of a landed file -> its lines; empty places are left out."""
    found: dict[str, list[dict[str, Any]]] = {each.name: rows(lake, each, visitor).to_pylist() for each in tables(lake)}
    for receipt, table in files(lake):
        found[_place(receipt)] = [vars(each) for each in lines(lake.landing, receipt, table, visitor)]
    return {place: each for place, each in found.items() if each}


def _rows(lake: Lake, table: Table, visitor: DataSubject, columns: list[str], is_mentioned: bool) -> pa.Table:
    person = str(table.person)
    text = [TEXT] if any(column.name == TEXT for column in table.columns) else []
    dataset = lake.store.delta(table.name).to_pyarrow_dataset()
    wanted = list(dict.fromkeys([*columns, person, *text]))
    found = []
    for batch in dataset.to_batches(columns=wanted):
        is_theirs = _names(batch.column(person), visitor.id, visitor.in_column)
        if text:
            is_in_text = _names(batch.column(TEXT), visitor.id, visitor.in_text)
            is_cut = pc.is_null(batch.column(person))
            is_theirs = pc.or_(is_theirs, is_in_text if is_mentioned else pc.and_(is_cut, is_in_text))
        found.append(batch.filter(is_theirs))
    return pa.Table.from_batches(found, pa.schema([dataset.schema.field(name) for name in wanted]))


def _names(values: pa.Array, number: int, pattern: str) -> pa.Array:
    is_number = pa.types.is_integer(values.type)
    found = pc.equal(values, number) if is_number else pc.match_substring_regex(values, pattern)
    return pc.fill_null(found, False)


def _split(line: bytes) -> tuple[str, list[str]]:
    text = line.decode().rstrip("\r\n")
    return text, next(csv.reader([text]), []) if '"' in text else text.split(",")


def _place(receipt: Receipt) -> str:
    return f"landing/{receipt.kind}/{receipt.file_name}"
