"""storage.integrity — see that no log was cut short and no file is gone, damaged or another, before it is read.

Delta takes an empty entry for one without rows; an engine reads a file that is missing as no rows, and of flipped bits
it finds few. So a file's name holds its digest, and whatever is read is compared with it first.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

import pyarrow.parquet as pq

from lakehouse import error_messages
from lakehouse.settings import Settings
from lakehouse.storage import log
from lakehouse.storage.folder import Folder, TableLog

DIGEST = re.compile(r"-([0-9a-f]{64})\.parquet$")

MISSING = "is missing"
BATCH = 8  # files that a task compares
PIECE = 1 << 20

Mark: TypeAlias = tuple[str, int, int]
Fault: TypeAlias = tuple[str, str]  # a path, and what is wrong with it
Spread: TypeAlias = Callable[[Callable[[list[str]], Iterable[Fault]], list[list[str]]], list[Fault]]

_verified: set[Mark] = set()  # path, size and time of what this process compared already


def check(name: str, delta: TableLog, settings: Settings, is_made_anew: bool = False) -> None:
    """Look at the newest entry of a table's log, and for each of its files in the table's folder.

    Args:
        name: the table.
        delta: its log.
        settings: whose lake it is, for the sentence.
        is_made_anew: whether all its rows are about to be written, which mends the loss of a file.

    Raises:
        LakehouseError: an entry is cut short, or a file is gone or of another size (exit code 3).
    """
    found = log.files(delta)
    wrong = _what_is_wrong(delta, len(found))
    if wrong:
        raise error_messages.log_is_cut(name, delta.folder.uri, wrong, settings)
    if not is_made_anew and found:
        _check_files(name, delta.folder, found, settings)


def verify(name: str, folder: Folder, paths: Sequence[str], settings: Settings, spread: Spread | None = None) -> None:
    """Compare data files with their digests, once in a process unless they change.

    A file without a digest, of an earlier release or of another program, is decoded in full, its checksums compared.

    Args:
        name: the table.
        folder: where it lies.
        paths: the files.
        settings: whose lake it is, for the sentence.
        spread: the engine's, where its tasks are nearer to the files than this process.

    Raises:
        LakehouseError: a file is missing or damaged (exit code 3).
    """
    marks = {path: _mark(folder, path) for path in paths}
    unseen = [path for path, mark in marks.items() if mark not in _verified]
    batches = [unseen[start : start + BATCH] for start in range(0, len(unseen), BATCH)]
    for path, fault in (spread or _side_by_side)(partial(_faults, folder), batches):
        if fault == MISSING:
            raise error_messages.file_is_missing(name, folder.uri, f"{folder.uri}/{path}", settings)
        if fault:
            raise error_messages.file_is_damaged(name, folder.uri, f"{folder.uri}/{path}", settings)
        _verified.add(marks[path])


def _mark(folder: Folder, path: str) -> Mark:
    """Return what tells a file from another of its name; an object never changes, its name holds its digest."""
    if not folder.is_local:
        return f"{folder.uri}/{path}", 0, 0
    try:
        status = Path(folder.uri, path).stat()
    except OSError:
        return "", 0, 0  # none was ever verified
    return f"{folder.uri}/{path}", status.st_size, status.st_mtime_ns


def _faults(folder: Folder, paths: Sequence[str]) -> list[tuple[str, str]]:
    """Say of each file what is wrong with it, nothing where nothing is."""
    return [(path, _fault(folder, path)) for path in paths]


def _fault(folder: Folder, path: str) -> str:
    try:
        named = DIGEST.search(path)
        if named is None:
            _decode(folder, path)
        elif _digest(folder, path) != named[1]:
            return "is damaged"
    except FileNotFoundError:
        return MISSING
    except (OSError, ValueError):  # Arrow's errors are these
        if not folder.is_local and not folder.sizes([path]):  # a store that does not answer is another error
            return MISSING
        return "is damaged"
    return ""


def _side_by_side(function: Callable[[list[str]], Iterable[Fault]], items: list[list[str]]) -> list[Fault]:
    with ThreadPoolExecutor(2) as pool:
        return [each for found in pool.map(function, items) for each in found]


def _digest(folder: Folder, path: str) -> str:
    digest = hashlib.sha256()
    with folder.open_stream(path) as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _decode(folder: Folder, path: str) -> None:
    with folder.open(path) as source, pq.ParquetFile(source, page_checksum_verification=True) as file:
        for number in range(file.num_row_groups):
            file.read_row_group(number)


def _check_files(name: str, folder: Folder, found: Collection[Mapping[str, Any]], settings: Settings) -> None:
    promised = {unquote(each["path"]): int(each["size_bytes"]) for each in found}
    there = folder.sizes([*promised])
    for path, size in promised.items():
        if path not in there:
            raise error_messages.file_is_missing(name, folder.uri, f"{folder.uri}/{path}", settings)
        if there[path] != size:
            what = f"holds {there[path]:,} bytes where its log says {size:,}"
            raise error_messages.file_is_damaged(name, folder.uri, f"{folder.uri}/{path}", settings, what)


def _what_is_wrong(table: TableLog, there: int) -> str:
    entry = log.actions(table, table.version())
    info = next((action for kind, action in entry if kind == "commitInfo"), None)
    if info is None:
        return "its newest entry is empty"
    if str(info.get("engineInfo")).startswith("Apache-Spark"):  # it writes beside its entries what they add up to
        with suppress(FileNotFoundError):
            promised = json.loads(table.folder.read(f"_delta_log/{table.version():020d}.crc"))["numFiles"]
            return f"it names {there} of {promised} files" if there != promised else ""
    metrics, kinds = info.get("operationMetrics") or {}, [kind for kind, _ in entry]
    for kind, metric in (("add", "numFiles"), ("remove", "numRemovedFiles")):
        found, promised = kinds.count(kind), int(metrics.get(metric, kinds.count(kind)))
        if found != promised:
            return f"its newest entry names {found} of {promised} files"
    return ""
