"""bronze.landing — let a CSV file into the lake, unchanged, or say in one sentence why not."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from bronze import category_tree, events, item_properties
from lakehouse.errors import Exit, LakehouseError
from lakehouse.receipts import Landing, Receipt
from lakehouse.table import short_name

PIECE = 1 << 22  # bytes read at a time
TABLES = [events.table, item_properties.table, category_tree.table]
KINDS = {short_name(table.name): table.delivered_columns for table in TABLES}
FORMATS = {
    b"PK\x03\x04": "a zip archive (or an Excel workbook)",
    b"\x1f\x8b": "gzip-compressed",
    b"PAR1": "a Parquet file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
BOM = b"\xef\xbb\xbf"


@dataclass
class _Content:
    """What a pass over the file finds: its digest, bytes, lines with rows, and whether a quote occurs."""

    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    size: int = 0
    lines: int = 0
    has_quotes: bool = False


def accept(landing: Landing, path: Path) -> tuple[Receipt, bool]:
    """Land a file under the hash of its content.

    Args:
        landing: the lake's landing folder.
        path: a CSV file with the columns of one of KINDS, in any order and case; further columns are kept aside.

    Returns:
        Its receipt, and whether it is new: the same content again keeps its first receipt.

    Raises:
        LakehouseError: there is no such file (exit code 2), or it is refused (3).
    """
    if not path.is_file():
        raise LakehouseError(f"{path} is no file.", "give the path of a CSV file", Exit.USAGE)
    with path.open("rb") as source:
        header = _header(path, source)
        columns = [name.strip().strip('"').lower() for name in header.split(",")]
        kind = _kind(path, columns)
        folder = landing.folder / kind
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{os.getpid()}-{os.urandom(4).hex()}.part"
        try:
            content = _copy(path, source, partial)
            with landing.exclusive():
                return _receive(landing, partial, path, header, columns, kind, content)
        finally:
            partial.unlink(missing_ok=True)


def _receive(
    landing: Landing, partial: Path, path: Path, header: str, columns: list[str], kind: str, content: _Content
) -> tuple[Receipt, bool]:
    digest = content.digest.hexdigest()
    for known in landing.receipts(kind):
        if known.sha256 == digest:
            return known, False
    receipt = Receipt(
        number=landing.next_number(),
        kind=kind,
        sha256=digest,
        name=path.name,
        header=header,
        columns=columns,
        size=content.size,
        lines=content.lines,
        has_quotes=content.has_quotes,
        received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
    )
    partial.rename(landing.file(receipt))
    landing.add(receipt)
    return receipt, True


def _header(path: Path, source: BinaryIO) -> str:
    """Return the first line; the source stands at its beginning again."""
    start = source.read(8)
    source.seek(0)
    for magic, name in FORMATS.items():
        if start.startswith(magic):
            raise _refusal(path, f"is {name}, not plain CSV", "unpack or export it as CSV in UTF-8")
    line = source.readline(PIECE).removeprefix(BOM)
    source.seek(0)
    if not line.strip():
        raise _refusal(
            path, "is empty" if not start else "begins with an empty line", "its first line names the columns"
        )
    if b"\0" in line:
        raise _refusal(path, "is no text: its first line holds a NUL byte", "export it as CSV in UTF-8")
    return _text(path, line, 1).rstrip("\r\n")


def _kind(path: Path, columns: list[str]) -> str:
    doubled = {name for name in columns if columns.count(name) > 1}
    if doubled:
        raise _refusal(path, f"names the column {min(doubled)} twice", "each column needs a name of its own")
    for kind, names in KINDS.items():
        if set(names) <= set(columns):
            return kind
    found = columns[0] if len(columns) == 1 else ""
    for delimiter, word in DELIMITERS.items():
        if delimiter in found:
            raise _refusal(path, f"is separated by {word}, not commas", "export it with commas")
    known = "; ".join(f"{kind}: {','.join(names)}" for kind, names in KINDS.items())
    raise _refusal(path, f"has the header {','.join(columns)[:200]}, which is of no known kind", f"known are {known}")


def _copy(path: Path, source: BinaryIO, target: Path) -> _Content:
    """Copy the file durably while looking at every byte of it."""
    content = _Content()
    line_number = 1
    with target.open("wb") as out:
        for piece in _whole_lines(source):
            _text(path, piece, line_number)
            if b"\0" in piece:
                at = line_number + piece[: piece.index(b"\0")].count(b"\n")
                raise _refusal(path, f"holds a NUL byte in line {at}", "it is damaged, or no text")
            if b'"' in piece:
                content.has_quotes = True
                _check_quotes(path, piece, line_number)
            out.write(piece)
            content.digest.update(piece)
            content.size += len(piece)
            newlines = piece.count(b"\n") + (not piece.endswith(b"\n"))
            content.lines += newlines - _blank_lines(piece)
            line_number += newlines
        out.flush()
        os.fsync(out.fileno())
    content.lines -= 1  # the header
    return content


def _whole_lines(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(PIECE):
        yield piece + (source.readline() if not piece.endswith(b"\n") else b"")


def _blank_lines(piece: bytes) -> int:
    if not re.search(rb"(^|\n)[ \t\r]*(\n|$)", piece.removesuffix(b"\n")):
        return 0
    return sum(not line.strip() for line in piece.splitlines())


def _check_quotes(path: Path, piece: bytes, line_number: int) -> None:
    for offset, line in enumerate(piece.split(b"\n")):
        if line.count(b'"') % 2:
            where = f"opens a quote in line {line_number + offset} that the line does not close"
            raise _refusal(path, where, "a row must stand on one line")


def _text(path: Path, piece: bytes, line_number: int) -> str:
    try:
        return piece.decode()
    except UnicodeDecodeError as error:
        at = line_number + piece[: error.start].count(b"\n")
        raise _refusal(path, f"is not UTF-8 in line {at}", "export it as CSV in UTF-8") from error


def _refusal(path: Path, what: str, remedy: str) -> LakehouseError:
    return LakehouseError(f"{path.name} {what}.", remedy, Exit.REFUSED)
