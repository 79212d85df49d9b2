"""maintenance.optimize — keep a lake small and quick: put files in order, and remove what no reader needs.

The rows of the newest and of the published version stay, so neither asks for a run.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from deltalake import DeltaTable
from pyspark.sql import SparkSession

from lakehouse import failpoints
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs import lock
from lakehouse.runs.planner import changes
from lakehouse.runs.publication import publish
from lakehouse.runs.selectors import select
from lakehouse.storage import log
from lakehouse.storage.ledger import Run, new_run_id, now
from lakehouse.storage.log import DataSize
from lakehouse.table import Table

Say = Callable[[str], None]

MEGABYTE = 1_000_000
SPARE_FILES = 2  # beside twice as many as are needed: a table that grew by a few increments is left alone
MOST_READ = 1.5  # limits of a file: what reading one slice may cost before it pays to cut the table anew
LEFTOVERS = ("landing/**/.*.part", "erasures/.*.part", "*.part", "**/_delta_log/.*.tmp")  # of writes that were killed
LEAST_AGE = timedelta(hours=1)  # of a leftover: `land` takes no lock


@dataclass(frozen=True)
class Rewritten:
    """What optimizing did to a table, or that its files were left alone."""

    table: str
    before: DataSize
    after: DataSize
    is_left_alone: bool = False


@dataclass(frozen=True)
class Removed:
    """What vacuum removes of a table, or would; `leftovers` for what killed writes left elsewhere."""

    table: str
    extent: DataSize


def optimize(lake: Lake, say: Say, selectors: Sequence[str] = ()) -> list[Rewritten]:
    """Cut the files of tables along the first column of `cluster_by`, and put small files together.

    The rows stay the same, so nothing has to be built anew. Tables whose files are in order are left alone.

    Args:
        lake: the lake.
        say: receives a line per table.
        selectors: which tables; all of them if there is none.

    Raises:
        LakehouseError: nothing is published, or not all that was built (2); the lake is locked or Java is missing (4).
    """
    limit, command, done = int(lake.settings.maintenance.file_mb * MEGABYTE), "lakehouse maintain optimize", []
    with lock.hold(lake.settings, command):
        published = require_published(lake)
        run = Run(new_run_id(), command, "published", now(), now(), request={"selectors": list(selectors)})
        names = [name for name in select(lake.contracts, selectors) if lake.store.exists(name)]
        for table in (each for name, each in lake.contracts.items() if name in names):
            delta = lake.store.delta(table.name)
            before = log.extent(delta)
            if is_in_order(delta, table, limit):
                done.append(Rewritten(table.name, before, before, is_left_alone=True))
                continue
            _rewrite(lake, table, limit, run.run_id)
            failpoints.reach(f"optimized.{table.name}")
            done.append(Rewritten(table.name, before, log.extent(lake.store.delta(table.name))))
            say(f"{table.name:<28} {before.files:>6,} files → {done[-1].after.files:,}")
        versions = {each.table: lake.store.version(each.table) for each in done}
        behind = [name for name, version in versions.items() if published.versions.get(name) != version]
        if behind:  # also what one that was killed rewrote
            publish(lake, run, behind)
    return done


def is_in_order(delta: DeltaTable, table: Table, limit: int) -> bool:
    """Say by the log's statistics whether files are few enough, and one slice is read from few of their bytes.

    A file of a single slice counts only where that slice itself is read: it cannot be cut further by it.
    """
    files = log.files(delta)
    needed = max(1, -(-sum(each["size_bytes"] for each in files) // limit))
    if len(files) > 2 * needed + SPARE_FILES:
        return False
    if not table.cluster_by:
        return True
    lowest, highest = f"min.{table.cluster_by[0]}", f"max.{table.cluster_by[0]}"
    known = [each for each in files if each.get(lowest) is not None and each.get(highest) is not None]
    read = [
        sum(other["size_bytes"] for other in known if other is each or other[lowest] <= each[lowest] < other[highest])
        for each in known
        if each[lowest] != each[highest]
    ]
    return not read or sum(read) / len(read) <= MOST_READ * limit


def _rewrite(lake: Lake, table: Table, limit: int, run_id: str) -> None:
    from delta.tables import DeltaTable as SparkTable

    sizes = {f"spark.databricks.delta.optimize.{name}FileSize": str(limit) for name in ("max", "min")}
    with configured(lake.store.spark, sizes | {"spark.databricks.delta.commitInfo.userMetadata": run_id}):
        rewriting = SparkTable.forPath(lake.store.spark, lake.store.uri(table.name)).optimize()
        if table.cluster_by:
            rewriting.executeZOrderBy(table.cluster_by[0])
        else:
            rewriting.executeCompaction()


@contextmanager
def configured(spark: SparkSession, properties: dict[str, str]) -> Iterator[None]:
    """Set properties of the session for a while."""
    before = {name: spark.conf.get(name, None) for name in properties}
    for name, value in properties.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, earlier in before.items():
            spark.conf.unset(name) if earlier is None else spark.conf.set(name, earlier)


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
        say(f"Removed {log.total(each.extent for each in removable).files:,} files.")
        return removable


def remove(lake: Lake, names: Sequence[str], hours: int) -> None:
    """Vacuum tables, and remove what killed writes left."""
    for name in (each for each in names if each in lake.contracts):
        _unneeded(lake, name, hours, is_dry=False)
        failpoints.reach(f"vacuumed.{name}")
    for path in leftovers(lake, hours):
        path.unlink(missing_ok=True)


def leftovers(lake: Lake, hours: int) -> list[Path]:
    """Return the partial files of killed writes, and checksums whose file is gone."""
    oldest = (now() - max(LEAST_AGE, timedelta(hours=hours))).timestamp()
    partial = {path for pattern in LEFTOVERS for path in lake.settings.lake_path.glob(pattern)}
    folders = [Path(lake.store.uri(name)) for name in [*lake.contracts, "ledger"]]
    sums = [path for folder in folders for path in folder.rglob(".*.crc")]
    stray = [path for path in sums if not path.with_name(path.name[1:].removesuffix(".crc")).exists()]
    return [*stray, *sorted(path for path in partial if path.stat().st_mtime < oldest or _is_orphan(path))]


def _is_orphan(path: Path) -> bool:
    """Say whether the process that a partial file is named after is gone."""
    writer = re.match(r"\.(\d+)-", path.name)
    return writer is not None and not Path(f"/proc/{writer[1]}").exists()


def _removable(lake: Lake, hours: int) -> list[Removed]:
    require_published(lake)
    _require_taken_up(lake, now() - timedelta(hours=hours))
    found = []
    for name in (each for each in lake.contracts if lake.store.exists(each)):
        files = _unneeded(lake, name, hours, is_dry=True)
        found += [Removed(name, _extent(files))] if files else []
    partial = leftovers(lake, hours)
    return [*found, Removed("leftovers", _extent(partial))] if partial else found


def _unneeded(lake: Lake, name: str, hours: int, is_dry: bool) -> list[Path]:
    """Return a table's files that vacuum would remove, or remove them; the log also names those that went before."""
    published = lake.ledger.published()
    kept = [published.versions[name]] if published and name in published.versions else None
    delta, uri = lake.store.delta(name), lake.store.uri(name)
    found = [Path(uri) / each for each in delta.vacuum(hours, True, False, full=True, keep_versions=kept)]
    there = [path for path in found if "://" in uri or path.exists()]
    if there and not is_dry:
        delta.vacuum(hours, False, False, full=True, keep_versions=kept)
    return there


def _extent(paths: Sequence[Path]) -> DataSize:
    """Count files and their bytes, as far as they lie on this machine."""
    return DataSize(len(paths), sum(path.stat().st_size for path in paths if path.exists()))


def require_published(lake: Lake) -> Run:
    """Return the publication; stop where tables hold what no publication names: it is a run's to finish.

    Raises:
        LakehouseError: nothing is published, or not all that was built (exit code 2).
    """
    published = lake.ledger.published()
    if published is None:
        raise LakehouseError(f"Nothing is published in {lake.settings.lake_path}.", "lakehouse run", Exit.USAGE)
    versions = {name: version for name, version in published.versions.items() if name in lake.contracts}
    left = [change.upstream for change in changes(lake, versions)]
    if left:
        message = f"A run ended before it published what it wrote: {', '.join(left)}."
        raise LakehouseError(message, "lakehouse run", Exit.USAGE)
    return published


def _require_taken_up(lake: Lake, cutoff: datetime) -> None:
    """Stop where a table has not taken up a change of an upstream that is older than what vacuum keeps."""
    for name, built in lake.ledger.built().items():
        waiting = changes(lake, built.reads) if name in lake.tables and lake.tables[name].is_built_by_run else []
        for change in waiting:
            later = log.since(lake.store.delta(change.upstream), change.after)
            if any(each.at < cutoff for each in later if not each.is_neutral):
                message = f"{name} has not taken up yet what changed in {change.upstream}; vacuum would destroy it."
                raise LakehouseError(message, "lakehouse run", Exit.USAGE)
