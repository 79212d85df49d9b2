"""storage.integrity — see that no log was cut short and no file is gone, before anything is built on it.

Delta itself takes an empty entry for one without rows, and misses a file only when it reads it.
"""

import json
from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable

from lakehouse import error_messages
from lakehouse.lake import Lake
from lakehouse.storage import log
from lakehouse.storage.ledger import LEDGER


def check(lake: Lake, made_anew: Collection[str] = ()) -> None:
    """Look at the newest entry of every log, and for every file on this machine's disk, without Java.

    Args:
        lake: the lake.
        made_anew: tables whose rows are about to be written whole, which mends the loss of a file.

    Raises:
        LakehouseError: an entry is cut short or a file is gone (exit code 3), or a protocol is newer (4).
    """
    for name in [*lake.contracts, LEDGER]:
        if lake.store.exists(name):
            delta, uri = lake.store.delta(name), lake.store.uri(name)
            paths = [Path(unquote(path)) for path in delta.file_uris()]
            found = _what_is_wrong(delta, uri, len(paths))
            if found:
                raise error_messages.log_is_cut(name, uri, found, lake.settings)
            lost = [] if "://" in uri else [path for path in paths if not path.exists()]
            if lost and name.removesuffix("_quarantine") not in made_anew:
                raise error_messages.file_is_missing(name, uri, str(lost[0]), lake.settings)


def _what_is_wrong(table: DeltaTable, uri: str, there: int) -> str:
    entry = log.actions(table, table.version())
    info = next((action for kind, action in entry if kind == "commitInfo"), None)
    if info is None:
        return "its newest entry is empty"
    sums = Path(uri, "_delta_log", f"{table.version():020d}.crc")
    if sums.is_file():  # written by Spark beside its entries
        promised = json.loads(sums.read_text())["numFiles"]
        return f"it names {there} of {promised} files" if there != promised else ""
    metrics, kinds = info.get("operationMetrics", {}), [kind for kind, _ in entry]
    for kind, metric in (("add", "numFiles"), ("remove", "numRemovedFiles")):
        found, promised = kinds.count(kind), int(metrics.get(metric, kinds.count(kind)))
        if found != promised:
            return f"its newest entry names {found} of {promised} files"
    return ""
