"""storage.integrity — see that no log was cut short and no file is gone, damaged or another, before it is read.

Delta takes an empty entry for one without rows; an engine reads a file that is missing as no rows, and of flipped bits
it finds few. So a file's name holds its digest, and whatever is read is compared with it first.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow.parquet as pq
from deltalake import DeltaTable

from lakehouse import error_messages
from lakehouse.settings import Settings
from lakehouse.storage import log

DIGEST = re.compile(r"-([0-9a-f]{64})\.parquet$")

_verified: set[tuple[str, int, int]] = set()  # path, size and time of what this process compared already


def check(name: str, delta: DeltaTable, uri: str, settings: Settings, is_made_anew: bool = False) -> None:
    """Look at the newest entry of a table's log, and for each of its files on this machine's disk.

    Args:
        name: the table.
        delta: its log.
        uri: its folder.
        settings: whose lake it is, for the sentence.
        is_made_anew: whether all its rows are about to be written, which mends the loss of a file.

    Raises:
        LakehouseError: an entry is cut short, or a file is gone or of another size (exit code 3).
    """
    found = log.files(delta)
    wrong = _what_is_wrong(delta, uri, len(found))
    if wrong:
        raise error_messages.log_is_cut(name, uri, wrong, settings)
    if not is_made_anew and "://" not in uri:
        _check_files(name, uri, found, settings)


def verify(name: str, uri: str, paths: Sequence[str], settings: Settings) -> None:
    """Compare data files with their digests, once in a process unless they change.

    A file without a digest, of an earlier release or of another program, is decoded in full, its checksums compared.

    Raises:
        LakehouseError: a file is missing or damaged (exit code 3).
    """
    if "://" in uri:  # there the task that reads compares
        return
    with ThreadPoolExecutor(2) as pool:
        for path, fault in pool.map(lambda path: (path, _fault(Path(uri, path))), paths):
            if fault == "is missing":
                raise error_messages.file_is_missing(name, uri, str(Path(uri, path)), settings)
            if fault:
                raise error_messages.file_is_damaged(name, uri, str(Path(uri, path)), settings)


def _fault(path: Path) -> str:
    try:
        status = path.stat()
        mark = str(path), status.st_size, status.st_mtime_ns
        if mark in _verified:
            return ""
        named = DIGEST.search(path.name)
        if named is None:
            _decode(path)
        elif _digest(path) != named[1]:
            return "is damaged"
    except FileNotFoundError:
        return "is missing"
    except (OSError, ValueError):  # Arrow's errors are these
        return "is damaged"
    _verified.add(mark)
    return ""


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _decode(path: Path) -> None:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for number in range(file.num_row_groups):
            file.read_row_group(number)


def _check_files(name: str, uri: str, found: Collection[Mapping[str, Any]], settings: Settings) -> None:
    for each in found:
        path = Path(uri, unquote(each["path"]))
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            raise error_messages.file_is_missing(name, uri, str(path), settings) from None
        if size != each["size_bytes"]:
            what = f"holds {size:,} bytes where its log says {each['size_bytes']:,}"
            raise error_messages.file_is_damaged(name, uri, str(path), settings, what)


def _what_is_wrong(table: DeltaTable, uri: str, there: int) -> str:
    entry = log.actions(table, table.version())
    info = next((action for kind, action in entry if kind == "commitInfo"), None)
    if info is None:
        return "its newest entry is empty"
    sums = Path(uri, "_delta_log", f"{table.version():020d}.crc")
    if sums.is_file():  # written by Spark beside its entries
        promised = json.loads(sums.read_text())["numFiles"]
        return f"it names {there} of {promised} files" if there != promised else ""
    metrics, kinds = info.get("operationMetrics") or {}, [kind for kind, _ in entry]
    for kind, metric in (("add", "numFiles"), ("remove", "numRemovedFiles")):
        found, promised = kinds.count(kind), int(metrics.get(metric, kinds.count(kind)))
        if found != promised:
            return f"its newest entry names {found} of {promised} files"
    return ""
