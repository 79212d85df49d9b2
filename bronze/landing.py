"""bronze.landing — let a CSV file into the lake, unchanged, or say in one sentence why not."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from bronze import header
from lakehouse.errors import Exit, LakehouseError
from lakehouse.failpoints import reach
from lakehouse.landing.preflight import Preflight, printable, whole_lines
from lakehouse.landing.receipts import Landing, Receipt
from lakehouse.storage.folder import ReadableFile


def accept(landing: Landing, path: Path, name: str = "") -> tuple[Receipt, bool]:
    """Land a file under the hash of its content.

    The receipt acknowledges the file: once it is written, neither a kill nor a power cut takes the file away. Killed
    before, the same call again does what is missing.

    Args:
        landing: the lake's landing folder.
        path: a CSV file with the columns of one of `header.KINDS`, in any order and case; further columns are kept
            aside.
        name: what the file is called; that of the path if it is empty.

    Returns:
        Its receipt, and whether it is new: the same content again keeps its receipt, and repairs its landed file if
        that was changed. A snapshot that others have followed, and a file that was taken back, are received anew.

    Raises:
        LakehouseError: there is no such file (exit code 2), it is refused, or a receipt is damaged (3), or it could
            not be read or written (4).
    """
    name = printable(name or path.name)
    try:
        if not path.is_file():
            raise LakehouseError(f"{printable(str(path))} is not a file.", "give the path of a CSV file", Exit.USAGE)
        with path.open("rb") as source:
            first_line = header.read(name, source)
            with landing.incoming(first_line.kind) as partial:
                receipt = _copy(name, source, first_line, partial)
                reach("landing.copied")
                with landing.exclusive():
                    return _receive(landing, receipt, Path(partial.name))
    except OSError as error:
        what = f"{name} did not land: {error.strerror or error}."
        remedy = "see whether the file can be read and the lake's disk has room, then land it again"
        raise LakehouseError(what, remedy, Exit.ENVIRONMENT) from error


def has_line_end(path: ReadableFile) -> bool:
    """Say whether a file ends with a line's end; one without may still be in the making."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return file.read() == b"\n"


def _receive(landing: Landing, receipt: Receipt, partial: Path) -> tuple[Receipt, bool]:
    entries = landing.entries(receipt.kind)
    accepted = [each for each in entries if not each.is_retracted]
    same = [each.number for each in accepted if each.sha256 == receipt.sha256]
    if receipt.kind in header.SNAPSHOTS and accepted and accepted[-1].sha256 != receipt.sha256:
        return (
            _put_back(landing, landing.receipt(same[-1]), receipt, partial) if same else _add(landing, receipt, partial)
        )
    if not same:
        former = _erased_from(landing, [each.number for each in entries if each.sha256 == receipt.sha256])
        return _put_back(landing, former, receipt, partial) if former else _add(landing, receipt, partial)
    known = landing.receipt(same[-1])
    if not known.content_sha256 and not landing.is_intact(known):
        landing.place(partial, known)
    return known, False


def _add(landing: Landing, receipt: Receipt, partial: Path) -> tuple[Receipt, bool]:
    """Give a file the next number."""
    numbered = _with_next_number(landing, receipt)
    numbered = landing.place(partial, numbered)
    reach("landing.renamed")
    landing.add(numbered)
    reach("landing.receipted")
    return numbered, True


def _put_back(landing: Landing, known: Receipt, receipt: Receipt, partial: Path) -> tuple[Receipt, bool]:
    """Give the file that lies there a new receipt: a snapshot that others have followed is in force again.

    Or a file that was taken back counts again, without the visitors that were erased from it.
    """
    if not known.content_sha256 and not landing.is_intact(known):
        return _add(landing, receipt, partial)
    again = replace(
        known, name=receipt.name, received_at=receipt.received_at, accepted_at="", retracted_at="", reason=""
    )
    numbered = _with_next_number(landing, again)
    landing.add(numbered)
    reach("landing.receipted")
    return numbered, True


def _erased_from(landing: Landing, same: Sequence[int]) -> Receipt | None:
    """Return the last receipt of the same content if a visitor was erased from it and the rest lies there whole."""
    known = landing.receipt(same[-1]) if same else None
    return known if known and known.content_sha256 and landing.is_intact(known) else None


def _with_next_number(landing: Landing, receipt: Receipt) -> Receipt:
    """Return a receipt with the next number, received after all others, even where the clock went back."""
    number, at = landing.next_number(), datetime.fromisoformat(receipt.received_at)
    if number > 1:
        at = max(at, datetime.fromisoformat(landing.receipt(number - 1).received_at) + timedelta(milliseconds=1))
    return replace(receipt, number=number, received_at=at.isoformat(timespec="milliseconds"))


def _copy(name: str, source: BinaryIO, first_line: header.Header, target: BinaryIO) -> Receipt:
    """Copy the file durably while looking at every byte of it; return its receipt without a number."""
    preflight = Preflight(name, first_line.text, first_line.columns, first_line.typed)
    digest = hashlib.sha256(first_line.line)
    target.write(first_line.line)
    for piece in whole_lines(source):
        preflight.look(piece)
        digest.update(piece)
        target.write(piece)
    preflight.finish()
    target.flush()
    os.fsync(target.fileno())
    status = os.fstat(target.fileno())
    return Receipt(
        number=0,
        kind=first_line.kind,
        sha256=digest.hexdigest(),
        name=name,
        header=first_line.text,
        columns=first_line.columns,
        size=status.st_size,
        lines=preflight.rows,
        has_quotes=preflight.has_quotes,
        received_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        written_ns=status.st_mtime_ns,
    )
