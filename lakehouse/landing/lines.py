"""landing.lines — how a delivered line is split; whoever reads, erases or shows lines uses this.

A quote opens a field at its beginning, spaces aside, and two of them within it stand for one. What follows the quote
that closes it is part of the field. A row stands on one line.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from lakehouse.storage.folder import ReadableFile

BOM = b"\xef\xbb\xbf"
FIELD = re.compile(r', *(?:"([^"]*(?:""[^"]*)*)(?:"([^,]*)|\Z)|([^,]*))')  # of a line with a comma put before it


class Row(NamedTuple):
    """What a line says.

    Attributes:
        values: the texts of the delivered columns, in the contract's order; None in a malformed line.
        rest: the fields of further columns, joined by commas, or the text of a malformed line; None if there is none.
    """

    values: tuple[str, ...] | None
    rest: str | None


@dataclass(frozen=True)
class Layout:
    """Where a file's lines have the columns of a contract.

    Attributes:
        header: the file's first line as text.
        delivered: the columns that the contract names.
    """

    header: str
    delivered: Sequence[str]

    @cached_property
    def columns(self) -> list[str]:
        """The names in the header, in its order."""
        return columns_of(self.header)

    def read(self, line: str) -> Row | None:
        """Return what a line says, or None of one without a row: blank (spaces at most), or the header again.

        Where the header lacks a column of the contract, every line is malformed.
        """
        if line == self.header or not line.strip(" "):
            return None
        fields = fields_of(line)
        if len(fields) != len(self.columns) or not self._is_complete:
            return Row(None, line)
        rest = ",".join(fields[i] for i in self._beyond) if self._beyond else None
        return Row(tuple(fields[i] for i in self._places), rest)

    def compose(self, row: Row) -> str:
        """Return a line that says the same; where no field needs a quote it is the one that was delivered."""
        if row.values is None:
            return row.rest or ""
        beyond = (row.rest or "").split(",", max(0, len(self._beyond) - 1))
        known = dict(zip(self._places, row.values, strict=True)) | dict(zip(self._beyond, beyond, strict=False))
        fields = [known.get(i) or "" for i in range(len(self.columns))]
        is_quoted = any("," in each or '"' in each for each in fields)
        return ",".join(_quote(each) if is_quoted and re.search('^ |[",]', each) else each for each in fields)

    def change_rest(self, line: str, change: Callable[[str], str]) -> str:
        """Return a line that is not malformed with other texts in the further columns, and all else as it is."""
        texts = _raw_fields(line)
        for i in self._beyond:
            value, changed = fields_of(texts[i])[0] if '"' in line else texts[i], change(texts[i])
            is_same = '"' not in line or fields_of(changed)[0] == change(value)
            texts[i] = changed if is_same else _quote(change(value))
        return ",".join(texts)

    @cached_property
    def _is_complete(self) -> bool:
        return set(self.delivered) <= set(self.columns)

    @cached_property
    def _places(self) -> list[int]:
        return [self.columns.index(name) for name in self.delivered]

    @cached_property
    def _beyond(self) -> list[int]:
        return [i for i, name in enumerate(self.columns) if name not in self.delivered]


def fields_of(line: str) -> list[str]:
    """Split a line into its fields, without their quotes."""
    if '"' not in line:
        return line.split(",")
    found = FIELD.findall(f",{line}")
    return [quoted.replace('""', '"') + behind + plain for quoted, behind, plain in found]


def columns_of(header: str) -> list[str]:
    """Return the names in a header, lower case, in its order."""
    return [column.strip().lower() for column in fields_of(header)]


def text_of(line: bytes) -> str:
    """Return a line as text, without its end; bytes that are no UTF-8 are kept as surrogates."""
    return line.removesuffix(b"\n").removesuffix(b"\r").decode(errors="surrogateescape")


def layout_of(path: ReadableFile, delivered: Sequence[str]) -> Layout:
    """Return the layout of a landed file, by its first line."""
    with path.open("rb") as file:
        return Layout(text_of(file.readline().removeprefix(BOM)), delivered)


def read_lines(path: ReadableFile) -> Iterator[bytes]:
    """Yield the lines of a landed file behind its header, each with its end."""
    with path.open("rb") as file:
        file.readline()
        yield from file


def _raw_fields(line: str) -> list[str]:
    """Split a line at the commas between its fields, which joins to the very same line."""
    return [match[0][1:] for match in FIELD.finditer(f",{line}")] if '"' in line else line.split(",")


def _quote(field: str) -> str:
    return '"' + field.replace('"', '""') + '"'
