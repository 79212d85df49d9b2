"""runs.incremental — bring a table up to what changed: the same transform, on the rows that a change touches.

Nothing is read beyond the touched values: their days, instants or items are literal bounds, by which a table's log
tells the files that may hold them. Only the difference from the rows that are there is written.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.engine.frames import anti_join, broadcast_if_small, difference
from lakehouse.expectations import conditions, enforce
from lakehouse.lake import Lake
from lakehouse.runs import gaps, judging
from lakehouse.runs.gaps import FROM, UPTO
from lakehouse.storage import log, spill
from lakehouse.storage.data_skipping import Bounds
from lakehouse.storage.log import DataSize
from lakehouse.storage.store import Written
from lakehouse.table import Table, short_name

ADDED = "_added"
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Change:
    """What changed in an upstream: from one version to another; or some of its rows, by a predicate or as refused.

    Attributes:
        upstream: its name.
        after: the version that the table has seen.
        upto: the version to take up.
        where: the rows that are taken for changed, instead.
        is_refused: whether the rows that the table refused so far are taken for changed, instead.
    """

    upstream: str
    after: int
    upto: int
    where: str = ""
    is_refused: bool = False

    @property
    def is_of_versions(self) -> bool:
        """Whether the upstream's log says what changed."""
        return not self.where and not self.is_refused


@dataclass(frozen=True)
class Outcome:
    """What was done to a table: rows refused, what was written, how much was read besides the changes."""

    refused: int
    written: Written
    read: DataSize


@dataclass(frozen=True)
class Touched:
    """The values of `by` that changed, a row for each; where not all of one can differ, for each span, and its days."""

    values: DataFrame
    count: int
    bounds: Bounds
    days: Sequence[date] | None = None


def upsert(lake: Lake, table: Table, changes: Sequence[Change], run_id: str) -> Outcome:
    """Add what became of the rows that arrived in an append-only upstream, unless the key is there already."""
    assert table.function is not None
    store, rules = lake.store, table.output_rules
    arrived = [store.appended(each.upstream, each.after, each.upto) for each in changes if each.is_of_versions]
    judged = [judging.add(lake, table, rows, run_id) for rows in arrived]
    frames = [*(each.good for each in judged), *(judging.again(lake, table) for e in changes if e.is_refused)]
    good, refused = reduce(DataFrame.unionByName, frames), sum(each.refused for each in judged)
    rows = spill.materialize(store, table.function(good), limits=Bounds.measured_columns(table, table.cluster_by))
    bounds = Bounds.of(rows.limits)
    there = store.read(table.name, within=bounds)
    added = spill.materialize(store, anti_join(rows.frame, there, table.key), counts=conditions(rules))
    enforce(table.name, rules, added.counts)
    written = Written(store.append(table, added.frame, run_id), added.rows, 0, added.counts)
    return Outcome(refused, written, bounds.size(store.delta(table.name)))


def replace(lake: Lake, table: Table, changes: Sequence[Change], run_id: str) -> Outcome:
    """Compute the touched values anew, and write by what they differ from the rows that are there."""
    assert table.function is not None
    refused = 0
    if table.quarantine_rules:
        arrived = [lake.store.appended(each.upstream, each.after, each.upto) for each in changes if each.is_of_versions]
        refused = sum(judging.add(lake, table, rows, run_id).refused for rows in arrived)
    touched = _touched(lake, table, changes)
    if not touched.count:
        return Outcome(refused, unchanged(lake, table), DataSize())
    frames: list[DataFrame] = []
    read = DataSize()
    for name in table.upstreams:
        frame, size = _restricted(lake, table, name, touched, frames)
        frames.append(frame if frames else judging.valid(table, frame))
        read += size
    old, size = _restricted(lake, table, table.name, touched, frames)
    written = _write_difference(lake, table, table.function(*frames), old, run_id)
    return Outcome(refused, written, read + size)


def rebuild(lake: Lake, table: Table, new: DataFrame, run_id: str) -> Written:
    """Write by what a table's new rows differ from the old ones, so that what reads it can go by that, too."""
    return _write_difference(lake, table, new, lake.store.read(table.name), run_id)


def unchanged(lake: Lake, table: Table) -> Written:
    """Return what was written of a table that is as it was."""
    return Written(lake.store.version(table.name), broken=dict.fromkeys((rule.name for rule in table.output_rules), 0))


def _touched(lake: Lake, table: Table, changes: Sequence[Change]) -> Touched:
    """Find the values of `by` among changed rows, from both images of each."""
    by, since = list(table.refresh.by), table.refresh.since
    instant = [since.instant] if since else []
    parts = []
    for change in changes:
        rows, name = _changed_rows(lake, table, change), change.upstream
        if not has_replace_columns(lake, table, name):
            shared, name = table.refresh.through[short_name(name)], table.upstreams[0]
            rows = lake.store.read(name).join(rows.select(shared).distinct(), shared, how="left_semi")
        parts.append(rows.select(*[spelled(lake, table, name, column).alias(column) for column in by], *instant))
    rows = reduce(DataFrame.unionByName, parts).where(reduce(and_, [F.col(column).isNotNull() for column in by]))
    if since is None:
        values = spill.materialize(lake.store, rows.distinct(), limits=Bounds.measured_columns(table, by))
        return Touched(values.frame, values.rows, Bounds.of(values.limits))
    spans = gaps.find_spans(lake.store, table, since, rows)
    return Touched(spans.frame, spans.count, Bounds(), spans.days)


def _changed_rows(lake: Lake, table: Table, change: Change) -> DataFrame:
    if change.where:
        return lake.store.read(change.upstream).where(change.where)
    if change.is_refused:
        return judging.again(lake, table)
    if lake.tables[change.upstream].refresh.kind == "append":
        arrived = lake.store.appended(change.upstream, change.after, change.upto)
        return judging.valid(table, arrived) if change.upstream == table.upstreams[0] else arrived
    return lake.store.changes(change.upstream, change.after, change.upto)


def _restricted(
    lake: Lake, table: Table, name: str, touched: Touched, frames: Sequence[DataFrame]
) -> tuple[DataFrame, DataSize]:
    """Return the rows of an upstream, or of the table itself, for the touched values, and how much that reads."""
    delta, by = lake.store.delta(name), table.refresh.by
    if not has_replace_columns(lake, table, name):
        rows = lake.store.read(name)
        shared = table.refresh.through.get(short_name(name))
        needed = rows.join(frames[0].select(shared).distinct(), shared, how="left_semi") if shared else rows
        return needed, log.size(delta)
    bounds = touched.bounds.among(_columns(lake, name))
    values = touched.values.select(*_renamed([*by, *([FROM, UPTO] if touched.days else [])], "_touched_"))
    same = [spelled(lake, table, name, column).eqNullSafe(F.col(f"_touched_{column}")) for column in by]
    since = table.refresh.since
    if since:
        instant = since.start if name == table.name else since.instant
        bounds = Bounds.of_instants(instant, touched.days or [])
        same.append(F.col(instant).between(F.col(f"_touched_{FROM}"), F.col(f"_touched_{UPTO}")))
    rows = lake.store.read(name, within=bounds)
    if not bounds.are_exact(by):
        rows = rows.join(broadcast_if_small(values, touched.count), reduce(and_, same), how="left_semi")
    return rows, bounds.size(delta)


def _write_difference(lake: Lake, table: Table, new: DataFrame, old: DataFrame, run_id: str) -> Written:
    """Write what is new and take away what is gone, in one commit; where they are the same, none is made."""
    store, rules, is_new = lake.store, table.output_rules, F.col("_sign") > 0
    differs = spill.materialize(
        store,
        difference(new, old),
        counts={ADDED: is_new, **conditions(rules, among=is_new)},
        limits=Bounds.measured_columns(table, table.cluster_by[:1], among=~is_new),
    )
    num_added = differs.counts.pop(ADDED)
    enforce(table.name, rules, differs.counts)
    if not differs.rows:
        return unchanged(lake, table)
    added, num_removed = differs.frame.where(is_new).drop("_sign"), differs.rows - num_added
    if num_removed:
        gone = broadcast_if_small(differs.frame.where(~is_new), num_removed)
        version = store.replace(table, gone, added, Bounds.of(differs.limits), num_removed, run_id)
    else:
        version = store.append(table, added, run_id)
    return Written(version, num_added, num_removed, differs.counts)


def has_replace_columns(lake: Lake, table: Table, name: str) -> bool:
    """Say whether an upstream, or the table itself, holds the columns of `by`, by name or spelled otherwise."""
    columns = set(_columns(lake, name))
    return all(column in columns or columns & set(WORD.findall(sql)) for column, sql in table.refresh.by.items())


def spelled(lake: Lake, table: Table, name: str, column: str) -> Column:
    """Return a column of `by` as an upstream, or the table itself, has it."""
    return F.col(column) if column in _columns(lake, name) else F.expr(table.refresh.by[column])


def _columns(lake: Lake, name: str) -> Collection[str]:
    return [column.name for column in lake.tables[name].columns]


def _renamed(columns: Sequence[str], prefix: str) -> list[Column]:
    return [F.col(column).alias(f"{prefix}{column}") for column in columns]
