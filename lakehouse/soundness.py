"""lakehouse.soundness — see that no log was cut short: Delta itself takes an empty entry for one without rows."""

import json
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse import faults
from lakehouse.lake import Lake
from lakehouse.runs import LEDGER


def check(lake: Lake) -> None:
    """Look at the newest entry of every log, without Java.

    Raises:
        LakehouseError: one is cut short, or cannot be read (exit code 3), or is of a newer protocol (4).
    """
    for name in [*lake.contracts, LEDGER]:
        if lake.store.exists(name):
            found = _what_is_wrong(lake.store.delta(name), lake.store.uri(name))
            if found:
                raise faults.log_is_cut(name, lake.store.uri(name), found, lake.settings)


def _what_is_wrong(table: DeltaTable, uri: str) -> str:
    newest = table.history(1)
    if not newest or "operation" not in newest[0]:
        return "its newest entry is empty"
    sums = Path(uri, "_delta_log", f"{table.version():020d}.crc")
    if sums.is_file():  # written by Spark beside its entries
        promised, there = json.loads(sums.read_text())["numFiles"], pa.table(table.get_add_actions()).num_rows
        return f"it names {there} of {promised} files" if there != promised else ""
    return ""
