"""privacy.landed — a visitor's lines in landed files, found by looking at the folders.

So a file counts whose receipt a kill prevented, and one that was set aside.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from lakehouse.lake import Lake
from lakehouse.landing import lines
from lakehouse.landing.receipts import Receipt
from lakehouse.privacy.subject import DataSubject
from lakehouse.storage.folder import ReadableFile
from lakehouse.table import short_name


@dataclass(frozen=True)
class LandedFile:
    """A landed file whose rows name visitors.

    Attributes:
        path: where it lies.
        name: the same among the landed files.
        person: the column that names a visitor.
        layout: where its lines have which column.
        receipts: what is known of it; nothing if the receipt was never written.
    """

    path: ReadableFile
    name: str
    person: str
    layout: lines.Layout
    receipts: Sequence[Receipt]

    @property
    def place(self) -> str:
        """Where it lies within the lake."""
        return f"landing/{self.name}"


@dataclass(frozen=True)
class Line:
    """A line of a landed file: its number, from 1 for the header, and its text."""

    number: int
    text: str


@dataclass(frozen=True)
class Finder:
    """Tells which lines of a landed file name a visitor."""

    file: LandedFile
    visitor: DataSubject

    def is_about(self, line: bytes) -> bool:
        """Say whether a line is the visitor's: by its column, or by its text if it has not the header's fields."""
        return self._may_name(line) and self._is_about(self.file.layout.read(lines.text_of(line)))

    def redact(self, line: bytes) -> bytes:
        """Return what stays of a line: of the visitor's none, of another's all but the id in columns of its own."""
        if not self._may_name(line):
            return line
        text = lines.text_of(line)
        row = self.file.layout.read(text)
        if self._is_about(row):
            return b""
        if row is None or row.values is None or row.rest is None or not self.visitor.is_named_in(row.rest):
            return line
        kept = self.file.layout.change_rest(text, self.visitor.hide)
        return kept.encode(errors="surrogateescape") + line[len(text.encode(errors="surrogateescape")) :]

    def _is_about(self, row: lines.Row | None) -> bool:
        if row is None:
            return False
        return self.visitor.is_named_in(row.rest or "" if row.values is None else row.values[self._person])

    def _may_name(self, line: bytes) -> bool:
        return self._pattern.search(line) is not None

    @cached_property
    def _person(self) -> int:
        return list(self.file.layout.delivered).index(self.file.person)

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile(self.visitor.pattern.encode())


def files(lake: Lake) -> list[LandedFile]:
    """Return the landed files whose rows name visitors, in the order of their receipts, those without one last."""
    takers = {short_name(t.name): t for t in lake.tables.values() if t.refresh.kind == "append" and t.person}
    receipts: dict[tuple[str, str], list[Receipt]] = defaultdict(list)
    for receipt in lake.landing.receipts():
        receipts[receipt.kind, receipt.file_name].append(receipt)
    found = []
    for name in sorted(lake.landing.files.sizes()):
        *folders, own = name.split("/")
        kind = next((each for each in folders if each in takers), None)
        if kind is not None and own.endswith(".csv") and not own.startswith("."):
            table, path = takers[kind], lake.landing.files.file(name)
            layout = lines.layout_of(path, table.delivered_columns)
            found.append(LandedFile(path, name, str(table.person), layout, receipts[kind, own]))
    return sorted(found, key=lambda each: (not each.receipts, [receipt.number for receipt in each.receipts]))


def their_lines(file: LandedFile, visitor: DataSubject) -> Iterator[Line]:
    """Yield the lines that are the visitor's."""
    finder = Finder(file, visitor)
    for number, line in enumerate(lines.read_lines(file.path), start=2):
        if finder.is_about(line):
            yield Line(number, lines.text_of(line))


def count(file: LandedFile, visitor: DataSubject) -> int:
    """Count the lines that are the visitor's or mention the visitor."""
    finder = Finder(file, visitor)
    return sum(finder.redact(line) != line for line in lines.read_lines(file.path))
