"""engine.memory — how much memory this machine has, and how much of it the embedded engine may take."""

import os
from pathlib import Path

from lakehouse.bounds import size_in_bytes

GIB = 2**30
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
    return size_in_bytes(setting) if setting else max(LEAST, min(MOST, int(machine_bytes() * SHARE)))
