"""engine.memory — how much memory this machine has, and how much of it the embedded engine may take."""

import os
from pathlib import Path

from lakehouse.errors import Exit, LakehouseError

GIB = 2**30
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
SHARE = 0.4  # of the machine's memory; what Arrow holds while files are written comes beside it
LEAST, MOST = GIB // 2, 3 * GIB


def machine_bytes() -> int:
    """Return what this machine or its container has, in bytes."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")]
    found = [path.read_text().strip() for path in limits if path.is_file()]
    return min([physical, *(int(each) for each in found if each.isdigit())])


def pool_bytes(setting: str) -> int:
    """Return the size of the embedded engine's pool: what the setting says, else what suits the machine."""
    return size(setting, "engine.memory") if setting else max(LEAST, min(MOST, int(machine_bytes() * SHARE)))


def size(text: str, setting: str) -> int:
    """Read a size such as 5g, as a JVM does: without a unit it means mebibytes.

    Raises:
        LakehouseError: it is not a size (exit code 2).
    """
    lower = text.strip().lower().removesuffix("b")
    number, unit = (lower[:-1], lower[-1]) if lower[-1:] in UNITS else (lower, "m")
    if not number.isdigit():
        raise LakehouseError(f"{setting} = {text!r} is not a size.", "write it as 5g or 512m", Exit.USAGE)
    return int(number) * UNITS[unit]
