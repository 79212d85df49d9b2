"""maintenance.optimize — cut a table's files by slice and put small ones together; the rows stay as they are.

Arrow does it, in groups of about a million rows, so it needs neither an engine nor much memory.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable

from lakehouse import failpoints
from lakehouse.lake import Lake
from lakehouse.maintenance.pending import require_published
from lakehouse.runs import lock
from lakehouse.runs.publication import publish
from lakehouse.runs.selectors import select
from lakehouse.storage import log, rewriting
from lakehouse.storage.ledger import Run, new_run_id, now
from lakehouse.storage.log import DataSize
from lakehouse.storage.parquet_writer import GROUP
from lakehouse.table import Table

Say = Callable[[str], None]

MEGABYTE = 1_000_000
SPARE_FILES = 2  # beside twice as many as are needed: a table that grew by a few increments is left alone
MOST_READ = 1.5  # limits of a file: what reading one slice may cost before it pays to cut the table anew


@dataclass(frozen=True)
class Rewritten:
    """What optimizing did to a table, or that its files were left alone."""

    table: str
    before: DataSize
    after: DataSize
    is_left_alone: bool = False


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
            before = log.size(delta)
            if is_in_order(delta, table, limit):
                done.append(Rewritten(table.name, before, before, is_left_alone=True))
                continue
            _rewrite(lake, table, limit, run.run_id)
            failpoints.reach(f"optimized.{table.name}")
            done.append(Rewritten(table.name, before, log.size(lake.store.delta(table.name))))
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
    """Let files in order take the place of those that are not, in one commit."""
    delta = lake.store.delta(table.name)
    old = log.files(delta) if table.cluster_by else [each for each in log.files(delta) if each["size_bytes"] < limit]
    rows = rewriting.dataset(lake.store, table.name, [each["path"] for each in old])
    groups = _by_slice(rows, table.cluster_by[0]) if table.cluster_by else _by_file(rows, old, limit)
    new = [file for group in groups for file in lake.store.writer(table).write([group])]
    rewriting.regroup(lake.store, table, old, new, run_id)


def _by_slice(rows: ds.Dataset, column: str) -> Iterator[pa.Table]:
    """Yield all rows, those of slices that lie side by side together, about a group of rows at a time."""
    counts = rows.to_table(columns=[column])[column].combine_chunks().value_counts()
    slices = sorted(zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True))
    chosen: list[Any] = []
    held = 0
    for value, count in slices:
        if chosen and held + count > GROUP:
            yield rows.to_table(filter=(pc.field(column) >= chosen[0]) & (pc.field(column) <= chosen[-1]))
            chosen, held = [], 0
        chosen.append(value)
        held += count
    if chosen:
        yield rows.to_table(filter=(pc.field(column) >= chosen[0]) & (pc.field(column) <= chosen[-1]))


def _by_file(rows: ds.Dataset, files: Sequence[dict[str, Any]], limit: int) -> Iterator[pa.Table]:
    """Yield the rows of small files, as many files together as make one."""
    sizes = {each["path"].rsplit("/", 1)[-1]: each["size_bytes"] for each in files}
    waiting: list[ds.Fragment] = []
    for fragment in rows.get_fragments():
        waiting.append(fragment)
        if sum(sizes[each.path.rsplit("/", 1)[-1]] for each in waiting) >= limit:
            yield pa.concat_tables([each.to_table(schema=rows.schema) for each in waiting])
            waiting = []
    if waiting:
        yield pa.concat_tables([each.to_table(schema=rows.schema) for each in waiting])
