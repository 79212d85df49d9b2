"""lakehouse.receipts — what is known of each landed file; a receipt's running number is never used twice.

A landed file lies unchanged at `landing/<kind>/<sha256>.csv`, its receipt at `landing/receipts/<number>.json`. The
kind is the name of the bronze table that takes its rows.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from lakehouse.settings import Settings


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
        lines: lines with rows: neither header nor blank.
        has_quotes: whether a double quote occurs in it.
        received_at: UTC, ISO 8601.
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

    @property
    def file_name(self) -> str:
        """The landed file's own name."""
        return f"{self.sha256}.csv"


class Landing:
    """The landing folder of a lake."""

    def __init__(self, settings: Settings) -> None:
        """Look at the lake's landing folder; nothing is made yet."""
        self.folder = settings.lake_path / "landing"

    def file(self, receipt: Receipt) -> Path:
        """Return where the landed file lies."""
        return self.folder / receipt.kind / receipt.file_name

    def receipts(self, kind: str | None = None, after: int = 0) -> list[Receipt]:
        """Return the receipts in the order of their numbers, of one kind if given, above a number if given."""
        paths = sorted((self.folder / "receipts").glob("*.json"))
        found = [Receipt(**json.loads(path.read_text())) for path in paths if int(path.stem) > after]
        return [receipt for receipt in found if kind in (None, receipt.kind)]

    def add(self, receipt: Receipt) -> None:
        """Write a receipt, whole and durable or not at all. Call it within `exclusive`."""
        folder = self.folder / "receipts"
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{receipt.number}.part"
        with partial.open("w") as file:
            json.dump(asdict(receipt), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(folder / f"{receipt.number:08d}.json")

    def next_number(self) -> int:
        """Return the number for the next receipt. Call it within `exclusive`."""
        return max((receipt.number for receipt in self.receipts()), default=0) + 1

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep other processes from adding receipts for the moment that a file takes to enter."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
