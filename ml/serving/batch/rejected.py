"""batch.rejected — the lines of a file that cannot be scored, each with its number and why."""

import csv
import os
from pathlib import Path
from types import TracebackType
from typing import IO

from ml.serving.export import neutral

FIRST = 20  # that are told at once


class Rejected:
    """A CSV of line, reason and text; there when the scoring is done, and only if there is a line to tell."""

    def __init__(self, path: Path) -> None:
        """Begin; the file comes with the first line."""
        self.count = 0
        self.first: list[dict[str, str | int]] = []
        self._path = path
        self._partial = path.with_name(f".{path.name}.part")
        self._file: IO[str] | None = None

    def __enter__(self) -> "Rejected":
        """Return it; what an earlier scoring told is gone."""
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the file in its place, or remove what was written of it."""
        try:
            if self._file:
                self._file.close()
                if kind is None:
                    os.replace(self._partial, self._path)
        finally:
            self._partial.unlink(missing_ok=True)

    def add(self, line: int, reason: str, text: str) -> None:
        """Set a line aside."""
        if self._file is None:
            self._file = self._partial.open("w", encoding="utf-8", newline="")
            csv.writer(self._file).writerow(["line", "reason", "text"])
        csv.writer(self._file).writerow([line, reason, neutral(text)])
        self.count += 1
        if len(self.first) < FIRST:
            self.first.append({"line": line, "reason": reason})
