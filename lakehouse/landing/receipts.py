"""landing.receipts — what is known of each landed file; a receipt's running number is never used twice.

A landed file lies unchanged at `landing/<kind>/<sha256>.csv`, in the lake's folder or beside the tables in the object
store; its receipt lies at `landing/receipts/<number>.json` in the folder. The kind is the name of the bronze table that
takes its rows. Receipts are numbered from 1 without a gap and never taken
away, and `landing/.lock` holds the highest number given: so a lost receipt is noticed, be it the last. Several
receipts may name one content: that of a snapshot put back, or of a file that was taken back and landed again.
"""

import fcntl
import hashlib
import json
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from lakehouse import private
from lakehouse.errors import Exit, LakehouseError
from lakehouse.failpoints import reach
from lakehouse.landing import receipt_index
from lakehouse.landing.receipt_index import Entry
from lakehouse.settings import Settings
from lakehouse.storage.folder import Folder, ReadableFile, sync_folder

WHERE = re.compile(r"\w+/[0-9a-f]{64}")  # kind and digest: they become a path
RECEIPT = re.compile(r"[0-9]+\.json")
LEFTOVER = re.compile(r"\.[0-9a-f]+\.part")


@dataclass(frozen=True)
class Receipt:
    """One landed file.

    Attributes:
        number: running number over all kinds; a higher one was received later.
        kind: name of the bronze table without its layer.
        sha256: digest of the content, and name of the file.
        name: the name it was given.
        header: the first line as text.
        columns: the names in the header, lower case, in its order.
        size: bytes.
        lines: lines with rows: neither a header nor blank.
        has_quotes: whether a double quote occurs in it.
        received_at: UTC, ISO 8601.
        written_ns: when the landed file was last written, nanoseconds since 1970 by its file system.
        content_sha256: digest of the landed file where it was rewritten since; else empty.
        retracted_at: when it was taken back, UTC, ISO 8601; empty if it was not. It keeps its number.
        reason: why it was taken back.
        accepted_at: when it was decided that its refused rows stop no run, UTC, ISO 8601; empty if it was not.
    """

    number: int
    kind: str
    sha256: str
    name: str
    header: str
    columns: list[str]
    size: int
    lines: int
    has_quotes: bool
    received_at: str
    written_ns: int = 0
    content_sha256: str = ""
    retracted_at: str = ""
    reason: str = ""
    accepted_at: str = ""

    @property
    def file_name(self) -> str:
        """The landed file's own name."""
        return f"{self.sha256}.csv"

    @property
    def place(self) -> str:
        """Where the landed file lies among all."""
        return f"{self.kind}/{self.file_name}"

    @property
    def label(self) -> str:
        """What a message calls it: files of one name are told apart by their numbers."""
        return f"{self.name}, receipt {self.number}"

    @property
    def source(self) -> tuple[str, int]:
        """What sets its rows apart: `_source_file`, and `_ingested_at` in microseconds since 1970."""
        return self.file_name, round(datetime.fromisoformat(self.received_at).timestamp() * 1_000_000)

    @property
    def entry(self) -> Entry:
        """What the index says of it."""
        return Entry(self.number, self.kind, self.sha256, bool(self.retracted_at))


class Landing:
    """The landing folder of a lake."""

    def __init__(self, settings: Settings) -> None:
        """Look at the lake's landing folder, and at where its files lie; nothing is made yet."""
        self._settings = settings
        self.folder = settings.lake_path / "landing"
        self.files = Folder(f"{settings.root}/landing", settings.object_store)
        self._lock = self.folder / ".lock"

    def file(self, receipt: Receipt) -> ReadableFile:
        """Return where the landed file lies."""
        return self.files.file(receipt.place)

    def entries(self, kind: str | None = None, after: int = 0) -> list[Entry]:
        """Return what is known without opening receipts, in the order of their numbers, of one kind if given.

        Raises:
            LakehouseError: a receipt above the number is missing, or damaged and in no index (exit code 3).
        """
        numbers, highest = self._numbers()
        lost = next((number for number in range(after + 1, highest + 1) if number not in numbers), None)
        if lost is not None:
            raise _lost(self._path(lost), "is missing")
        known = receipt_index.read(self.folder)
        found = [known.get(number) or self.receipt(number).entry for number in range(after + 1, highest + 1)]
        return [each for each in found if kind in (None, each.kind)]

    def receipts(self, kind: str | None = None, after: int = 0) -> list[Receipt]:
        """Return the receipts in the order of their numbers, of one kind if given, above a number if given.

        Raises:
            LakehouseError: one is missing or damaged (exit code 3).
        """
        return [self.receipt(each.number) for each in self.entries(kind, after)]

    def waiting(self, kind: str, after: int) -> list[Receipt]:
        """Return the receipts above a number that were not taken back."""
        return [self.receipt(each.number) for each in self.entries(kind, after) if not each.is_retracted]

    def in_force(self, kind: str, upto: int | None = None) -> Receipt | None:
        """Return the receipt of the highest number, up to one if given, that was not taken back."""
        there = [each.number for each in self.entries(kind) if not each.is_retracted]
        numbers = [number for number in there if upto is None or number <= upto]
        return self.receipt(numbers[-1]) if numbers else None

    def receipt(self, number: int) -> Receipt:
        """Return the receipt of a number.

        Raises:
            LakehouseError: it is missing or damaged (exit code 3).
        """
        path = self._path(number)
        try:
            values = json.loads(path.read_text())
            receipt = Receipt(**{each.name: values[each.name] for each in fields(Receipt) if each.name in values})
        except FileNotFoundError:
            raise _lost(path, "is missing") from None
        except (ValueError, TypeError) as error:
            raise _lost(path, "is damaged") from error
        if receipt.number != number or not WHERE.fullmatch(f"{receipt.kind}/{receipt.sha256}"):
            raise _lost(path, "is damaged")
        return receipt

    def is_intact(self, receipt: Receipt) -> bool:
        """Say whether the landed file is what came in.

        Size and time of writing answer for it; only where the time is another, as in a copied lake, its bytes are read.
        """
        status = self.files.status(receipt.place)
        if status is None or status.size != receipt.size:
            return False
        if status.written_ns == receipt.written_ns:
            return True
        return _digest(self.file(receipt)) == (receipt.content_sha256 or receipt.sha256)

    def verify(self, receipt: Receipt) -> None:
        """Make sure that the landed file is what came in.

        Raises:
            LakehouseError: it is missing or was changed (exit code 3).
        """
        if not self.is_intact(receipt):
            file = self.file(receipt)
            is_there = self.files.status(receipt.place) is not None
            what = "was changed after it came in as" if is_there else "is missing; it came in as"
            command = shlex.join(["lakehouse", "land", receipt.name])
            remedy = f"land the same content again, that puts it right: {command}"
            if receipt.content_sha256:  # a visitor was erased from it, whom the same content would bring back
                take_back = f"lakehouse retract {receipt.number} --reason TEXT --apply"
                remedy = f"put it back from a copy of the lake, or take it back: {take_back}"
            raise LakehouseError(f"The landed file {file} {what} {receipt.label}.", remedy, Exit.REFUSED)

    @contextmanager
    def incoming(self, kind: str) -> Iterator[BinaryIO]:
        """Open a hidden file among the landed ones of a kind; it is gone afterwards, unless it was placed.

        What killed processes left of theirs is removed first. An operating system's lock on each tells which these
        are: it ends with its holder.
        """
        private.make_lake(self._settings)
        _make_folder(self.folder / kind)
        with self.exclusive():
            self.remove_leftovers()
            file = (self.folder / kind / f".{os.urandom(8).hex()}.part").open("xb")
            fcntl.flock(file, fcntl.LOCK_EX)
        with file:
            try:
                yield file
            finally:
                Path(file.name).unlink(missing_ok=True)

    def place(self, partial: Path, receipt: Receipt) -> Receipt:
        """Give a complete, synced file its name among the landed ones, durably. Call it within `exclusive`.

        Returns:
            The receipt, with the time at which the file was written where it lies.
        """
        self.files.take(partial, receipt.place)
        status = self.files.status(receipt.place)
        return replace(receipt, written_ns=status.written_ns) if status else receipt

    def add(self, receipt: Receipt) -> None:
        """Write a receipt, durably or not at all. Call it within `exclusive`."""
        path = self._path(receipt.number)
        _make_folder(path.parent)
        partial = path.parent / f".{receipt.number}.part"
        with partial.open("w") as file:
            json.dump(asdict(receipt), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        known = receipt_index.read(self.folder)
        if receipt.number in known:  # a process that dies now leaves no entry that is not the receipt's
            receipt_index.forget(self.folder, receipt.number)
        partial.rename(path)
        sync_folder(str(path.parent))
        reach("receipt.written")
        numbers, highest = self._numbers()
        self._lock.write_text(str(highest))
        unknown = sorted(numbers - known.keys() - {receipt.number})
        receipt_index.add(self.folder, [*(self.receipt(number).entry for number in unknown), receipt.entry])

    def next_number(self) -> int:
        """Return the number for the next receipt. Call it within `exclusive`."""
        return self._numbers()[1] + 1

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other processes from adding receipts for the moment that a file takes to enter."""
        _make_folder(self.folder)
        with self._lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def remove_leftovers(self) -> None:
        """Remove what killed processes left of files that were coming in. Call it within `exclusive`."""
        paths = [path for path in self.folder.glob("*/.*") if LEFTOVER.fullmatch(path.name)]
        for path in paths:
            with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()

    def _path(self, number: int) -> Path:
        return self.folder / "receipts" / f"{number:08d}.json"

    def _numbers(self) -> tuple[set[int], int]:
        """Return the numbers of the receipts that are there, and the highest ever given, 0 for none."""
        given = self._lock.read_text() if self._lock.exists() else ""  # before the listing: others may be landing
        folder = self.folder / "receipts"
        names = os.listdir(folder) if folder.is_dir() else []
        numbers = {int(name.removesuffix(".json")) for name in names if RECEIPT.fullmatch(name)}
        return numbers, max([int(given) if re.fullmatch("[0-9]+", given) else 0, *numbers])


def with_checksum(receipt: Receipt, file: Path) -> Receipt:
    """Return the receipt as it describes a file that is to take the landed one's place."""
    status = file.stat()
    return replace(receipt, size=status.st_size, written_ns=status.st_mtime_ns, content_sha256=_digest(file))


def _digest(path: ReadableFile) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lost(path: Path, what: str) -> LakehouseError:
    files = path.parents[1] / "*" / "*.csv"
    remedy = f"put it back from a copy of the lake, or start a new one: LAKEHOUSE_LAKE=dir lakehouse land {files}"
    return LakehouseError(f"The receipt {path} {what}.", remedy, Exit.REFUSED)


def _make_folder(folder: Path) -> None:
    """Make a folder, and those above it, so that they outlast a power cut."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(str(folder.parent))
