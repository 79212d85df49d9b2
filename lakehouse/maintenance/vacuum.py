"""maintenance.vacuum — remove what no reader needs: neither the newest nor the published version of a table.

What is needed is read from the log itself, whose entries nobody else removes: Delta forgets after a week which files a
version held, so its own vacuum cannot keep what is older.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import psutil

from lakehouse import failpoints
from lakehouse.lake import Lake
from lakehouse.maintenance.pending import require_published, require_taken_up
from lakehouse.runs import lock
from lakehouse.runs.publication import publish
from lakehouse.storage import files, log
from lakehouse.storage.folder import TableLog
from lakehouse.storage.ledger import Run, new_run_id, now
from lakehouse.storage.log import DataSize

Say = Callable[[str], None]

LEFTOVERS = ("landing/**/.*.part", "erasures/.*.part", "*.part", "**/_delta_log/.*.tmp", ".sample-*/*")
LEAST_AGE = timedelta(hours=1)  # of a leftover: `land` takes no lock


@dataclass(frozen=True)
class Removed:
    """What vacuum removes of a table, or would; `leftovers` for what killed writes left elsewhere."""

    table: str
    size: DataSize


def vacuum(lake: Lake, say: Say, hours: int, is_applied: bool) -> list[Removed]:
    """Remove files that neither the newest version nor the published one of a table needs, and leftovers.

    Args:
        lake: the lake.
        say: receives a line where something is removed.
        hours: what was needed until then stays: versions of that time can still be read and restored.
        is_applied: whether to remove; else it is only listed.

    Raises:
        LakehouseError: nothing is published, or a run is pending that still needs what would go (2); the lake is
            locked (4).
    """
    command = "lakehouse maintain vacuum"
    if not is_applied:
        return _removable(lake, hours)
    with lock.hold(lake.settings, command):
        removable = _removable(lake, hours)
        run = Run(new_run_id(), command, "published", now(), now(), request={"hours": hours})
        remove(lake, [each.table for each in removable], hours)
        publish(lake, run, list(lake.contracts))
        say(f"Removed {log.total(each.size for each in removable).files:,} files.")
        return removable


def remove(lake: Lake, names: Sequence[str], hours: int) -> None:
    """Vacuum tables, and remove what killed writes left."""
    for name in (each for each in names if each in lake.contracts):
        for file in _unneeded(lake, name, hours):
            lake.store.folder(name).remove(file)
        _shorten_log(lake, name, hours)
        failpoints.reach(f"vacuumed.{name}")
    for path in leftovers(lake, hours):
        path.unlink(missing_ok=True)


def leftovers(lake: Lake, hours: int) -> list[Path]:
    """Return the partial files of killed writes, and checksums whose file is gone."""
    oldest = (now() - max(LEAST_AGE, timedelta(hours=hours))).timestamp()
    partial = {path for pattern in LEFTOVERS for path in lake.settings.lake_path.glob(pattern)}
    folders = [lake.settings.lake_path / name.replace(".", "/") for name in [*lake.contracts, "ledger"]]
    sums = [path for folder in folders for path in folder.rglob(".*.crc")]
    stray = [path for path in sums if not path.with_name(path.name[1:].removesuffix(".crc")).exists()]
    return [*stray, *sorted(path for path in partial if path.stat().st_mtime < oldest or _is_orphan(path))]


def _is_orphan(path: Path) -> bool:
    """Say whether the process that a partial file is named after is gone."""
    writer = re.match(r"\.(\d+)-", path.name)
    return writer is not None and not psutil.pid_exists(int(writer[1]))


def _removable(lake: Lake, hours: int) -> list[Removed]:
    require_published(lake)
    require_taken_up(lake, now() - timedelta(hours=hours))
    found = []
    for name in (each for each in lake.contracts if lake.store.exists(each)):
        unneeded = _unneeded(lake, name, hours)
        found += [Removed(name, DataSize(len(unneeded), sum(unneeded.values())))] if unneeded else []
    partial = leftovers(lake, hours)
    return [*found, Removed("leftovers", _size(partial))] if partial else found


def _unneeded(lake: Lake, name: str, hours: int) -> dict[str, int]:
    """Return the data files in a table's folder that no version needs which is to stay: path -> bytes."""
    delta = lake.store.delta(name)
    needed = {path for version in _kept_versions(lake, name) for path in _paths(lake.store.delta(name, version))}
    for version in _recent_versions(delta, hours):
        needed |= log.removed_files(delta, version)
    return {path: size for path, size in files.data_files(delta.folder).items() if path not in needed}


def _kept_versions(lake: Lake, name: str) -> set[int]:
    """Return the newest version, and the published one."""
    published, newest = lake.ledger.published(), lake.store.version(name)
    return {newest, published.versions.get(name, newest) if published else newest}


def _recent_versions(delta: TableLog, hours: int) -> list[int]:
    """Return the versions of the last hours; what they removed was current until then."""
    cutoff, found = now() - timedelta(hours=hours), log.since(delta, max(-1, delta.version() - 1000)) if hours else []
    return [each.version for each in found if each.at >= cutoff]


def _paths(delta: TableLog) -> set[str]:
    return {unquote(each["path"]) for each in log.files(delta)}


def _shorten_log(lake: Lake, name: str, hours: int) -> None:
    """Remove the entries before the checkpoint from which every version that stays can be read."""
    delta = lake.store.delta(name)
    oldest = min([*_kept_versions(lake, name), *(version - 1 for version in _recent_versions(delta, hours))])
    files.shorten_log(delta.folder, max(0, oldest))


def _size(paths: Sequence[Path]) -> DataSize:
    """Count files and their bytes, as far as they lie on this machine."""
    return DataSize(len(paths), sum(path.stat().st_size for path in paths if path.exists()))
