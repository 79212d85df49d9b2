"""landing.receipt_index — kind and content of every receipt in one file, so that a start need not open thousands.

`landing/.index` repeats what receipts say, a line for each, the last one for a number counting. It may lack receipts,
or be gone: then they are opened.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE_NAME = ".index"
LINE = re.compile(r"([0-9]+) (?:(\w+) ([0-9a-f]{64}) (landed|retracted)|forgotten)")


@dataclass(frozen=True)
class Entry:
    """What is known of a receipt without opening it: number, kind, digest of the content, whether it was taken back."""

    number: int
    kind: str
    sha256: str
    is_retracted: bool


def read(folder: Path) -> Mapping[int, Entry]:
    """Return the entries of a landing folder by number; a line that was cut short is none."""
    path = folder / FILE_NAME
    if not path.is_file():
        return {}
    status = path.stat()
    return _read(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, size: int, written_ns: int) -> Mapping[int, Entry]:
    """Read an index as it was at a size and time; another process may have added to it since."""
    found = dict[int, Entry]()
    for match in filter(None, map(LINE.fullmatch, path.read_bytes()[:size].decode().splitlines())):
        number, kind, sha256, state = match.groups()
        if kind:
            found[int(number)] = Entry(int(number), kind, sha256, state == "retracted")
        else:
            found.pop(int(number), None)
    return found


def add(folder: Path, entries: Iterable[Entry]) -> None:
    """Add entries, after their receipts are durable; those of the same number count no more."""
    _append(folder, [f"{e.number} {e.kind} {e.sha256} {'retracted' if e.is_retracted else 'landed'}" for e in entries])


def forget(folder: Path, number: int) -> None:
    """Take an entry away, durably, before its receipt changes."""
    _append(folder, [f"{number} forgotten"])


def _append(folder: Path, lines: Iterable[str]) -> None:
    """Add lines, behind a line end where a process died within the last one."""
    with (folder / FILE_NAME).open("a+b") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
        is_cut = file.read() not in (b"", b"\n")
        file.write(("\n" * is_cut + "".join(f"{line}\n" for line in lines)).encode())
        file.flush()
        os.fsync(file.fileno())
