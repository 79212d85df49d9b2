"""datasets.upload — one uploaded CSV file: what its first lines say, and which of its columns stand for ours."""

import csv
import io
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from app.datasets.synonyms import SYNONYMS
from bronze import header
from lakehouse.errors import Exit, LakehouseError
from lakehouse.landing import first_line
from lakehouse.landing.preflight import MOST_BYTES, Preflight, whole_lines

ROWS_SHOWN = 5
MOST_SHOWN = 60  # characters of a cell
PIECE = 1 << 20  # bytes copied at a time


@dataclass(frozen=True)
class Upload:
    """An uploaded file.

    Attributes:
        number: of the file within its dataset; its name on the disk.
        name: as its owner calls it, printable.
        size: bytes.
        columns: the names in its first line.
        kind: what it holds, one of `header.KINDS`; empty as long as its columns stand for none of them.
        mapping: our column -> the file's, where they differ.
        rows: its first rows as texts.
    """

    number: int
    name: str
    size: int
    columns: list[str]
    kind: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    rows: list[list[str]] = field(default_factory=list)

    @property
    def nearest(self) -> str:
        """The kind it is, or most resembles."""
        return self.kind or max(header.KINDS, key=lambda kind: len(guess(self.columns, kind)) / len(header.KINDS[kind]))

    @property
    def our_names(self) -> list[str]:
        """Its columns, ours under our names; a column that has our name and stands for nothing becomes `their_…`."""
        theirs = {each: ours for ours, each in self.mapping.items()}
        return [theirs.get(each, f"their_{each}" if each in self.mapping else each) for each in self.columns]

    def mapped(self, kind: str, mapping: Mapping[str, str]) -> "Upload":
        """Return the same with columns that stand for ours.

        Args:
            kind: what it holds.
            mapping: our column -> the file's; one that is left out has the same name.

        Raises:
            LakehouseError: there is no such kind or column, or a column stands for two (exit code 2).
        """
        if kind not in header.KINDS:
            raise LakehouseError(f"There is no kind of file {kind}.", f"one of {', '.join(header.KINDS)}", Exit.USAGE)
        wanted = header.KINDS[kind]
        chosen = {each: mapping.get(each) or each for each in wanted}
        missing = [ours for ours, theirs in chosen.items() if theirs not in self.columns]
        if missing:
            what = f"No column of {self.name} stands for {' and '.join(missing)}."
            raise LakehouseError(what, f"name one of {', '.join(self.columns)[:200]}", Exit.USAGE)
        if len(set(chosen.values())) < len(chosen):
            raise LakehouseError("A column stands for two.", "choose another for one of them", Exit.USAGE)
        return replace(self, kind=kind, mapping={ours: theirs for ours, theirs in chosen.items() if ours != theirs})


def look(path: Path, number: int, name: str) -> Upload:
    """Look at every byte of a file that has come whole.

    Raises:
        LakehouseError: it is no plain CSV with a header, or a line is none that can be read (exit code 3).
    """
    with path.open("rb") as source:
        first = first_line.read(name, source)
        first_line.require_distinct(name, first.columns)
        found = _known(number, name, path, first.columns)
        start = source.tell()
        lines = [source.readline(MOST_BYTES + 1) for _ in range(ROWS_SHOWN)]
        source.seek(start)
        _check(found, first.text, source)
    text = b"".join(lines).decode("utf-8", "replace")
    rows = [[cell[:MOST_SHOWN] for cell in row] for row in islice(csv.reader(io.StringIO(text)), ROWS_SHOWN) if row]
    return replace(found, rows=rows)


def _known(number: int, name: str, path: Path, columns: list[str]) -> Upload:
    """Return the file, mapped where its columns can be guessed.

    Raises:
        LakehouseError: its first line is none of names (exit code 3).
    """
    found = Upload(number, name, path.stat().st_size, columns)
    guessed = guess(columns, found.nearest)
    if not guessed:
        header.require_names(name, columns)
    return found.mapped(found.nearest, guessed) if guessed.keys() == set(header.KINDS[found.nearest]) else found


def _check(upload: Upload, first: str, source: BinaryIO) -> None:
    """Look at the lines behind the first as landing does, so that what is wrong is told where the file is dropped.

    Of a file whose columns nobody knows yet, landing judges lengths and timestamps.
    """
    typed = set(header.KINDS[upload.kind]) - header.FREE_TEXT if upload.kind else set()
    preflight = Preflight(upload.name, first, upload.our_names, typed)
    for piece in whole_lines(source):
        preflight.look(piece)
    preflight.finish()


def guess(columns: list[str], kind: str) -> dict[str, str]:
    """Return our columns of a kind -> those of the file that seem to stand for them; what is not found is left out."""
    found: dict[str, str] = {}
    plain = {each.replace("_", "").replace(" ", "").replace("-", ""): each for each in reversed(columns)}
    for ours in header.KINDS[kind]:
        if ours in columns:
            found[ours] = ours
            continue
        known = (plain[each] for each in (ours, *SYNONYMS.get(ours, ())) if each in plain)
        theirs = next((each for each in known if each not in found.values()), None)
        if theirs:
            found[ours] = theirs
    return found


def with_our_names(upload: Upload, path: Path, target: Path) -> None:
    """Write the file with the names of our columns in its first line; its rows stay byte for byte."""
    with path.open("rb") as source, os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to:
        first_line.read(upload.name, source)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(upload.our_names)
        to.write(text.getvalue().encode())
        shutil.copyfileobj(source, to, PIECE)
