"""runs.judging — rows that a table's rules refuse, set aside with every rule they break."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.engine.frames import difference
from lakehouse.expectations import broken, broken_rules
from lakehouse.lake import Lake
from lakehouse.runs import refusal_limits
from lakehouse.storage import spill
from lakehouse.storage.spellings import spellings
from lakehouse.table import Table, quarantine_of


@dataclass(frozen=True)
class Judged:
    """What became of judged rows.

    Attributes:
        good: the rows that break no rule.
        refused: how many were set aside.
        discarded: how many were not, as they had been discarded: a `file`, `rules` and `rows` for each.
    """

    good: DataFrame
    refused: int = 0
    discarded: list[dict[str, Any]] = field(default_factory=list)


def set_aside(lake: Lake, table: Table, upstream: DataFrame, run_id: str) -> Judged:
    """Write all rows that break a rule to the quarantine, in the place of what it held.

    Args:
        lake: the lake.
        table: the table whose rules judge.
        upstream: all rows of the table's first upstream.
        run_id: the run.

    Returns:
        The other rows, and how many were refused; rows that were discarded before stay so.

    Raises:
        LakehouseError: of a landed file too large a share was refused (exit code 3).
    """
    quarantine = quarantine_of(table, lake.tables)
    if quarantine is None:
        return Judged(valid(table, upstream))
    refused, forgotten = _refused(table, upstream), lake.ledger.discarded(table.name)
    written = lake.store.overwrite(quarantine, _kept(refused, forgotten), run_id)
    refusal_limits.check(lake, table, quarantine)
    return Judged(valid(table, upstream), written.rows, _recount(refused, forgotten) if forgotten else [])


def add(lake: Lake, table: Table, arrived: DataFrame, run_id: str) -> Judged:
    """Add the rows that break a rule to the quarantine, unless a run that died has done so.

    Arguments and results are those of `set_aside`, but that only rows that arrived are judged.

    Raises:
        LakehouseError: of a landed file too large a share was refused (exit code 3).
    """
    quarantine = quarantine_of(table, lake.tables)
    if quarantine is None:
        return Judged(valid(table, arrived))
    refused = _kept(_refused(table, arrived), lake.ledger.discarded(table.name))
    added = spill.materialize(lake.store, refused)
    if added.rows:
        files = sorted(row[0] for row in added.frame.select("_source_file").distinct().collect())
        held = sorted(set(files).intersection(_sources(lake, quarantine)))
        there = _judged_before(lake, table).where(F.col("_source_file").isin(held))
        lake.store.append(quarantine, added.frame.exceptAll(there) if held else added.frame, run_id)
        refusal_limits.check(lake, table, quarantine, files)
    return Judged(valid(table, arrived), added.rows)


def again(lake: Lake, table: Table) -> DataFrame:
    """Return the refused rows that break no rule any more."""
    return valid(table, _judged_before(lake, table).drop("_broken_rules"))


def release(lake: Lake, table: Table, run_id: str) -> int:
    """Take the rows that break no rule any more from the quarantine; return how many stay.

    Call it when the table holds them: a run that dies in between leaves them in both, and the next judges them again.
    """
    quarantine = lake.contracts[f"{table.name}_quarantine"]
    before = _judged_before(lake, table)
    kept = spill.materialize(lake.store, _refused(table, before.drop("_broken_rules")))
    if not difference(kept.frame, before).isEmpty():
        lake.store.overwrite(quarantine, kept.frame, run_id)
    return kept.rows


def valid(table: Table, upstream: DataFrame) -> DataFrame:
    """Return the rows of the first upstream that the table is about and that break no rule."""
    concerned = _concerned(table, upstream)
    return concerned.where(~_is_bad(table)) if table.quarantine_rules else concerned


def apply_source_filter(lake: Lake, table: Table, upstream: DataFrame) -> DataFrame:
    """Leave out rows of the first upstream that the table is not made of, by a filter that skips their pages."""
    if table.source_filter is None:
        return upstream
    found = spellings(lake.store.delta(table.upstreams[0]), table.source_filter.column)
    return upstream.where(table.source_filter.among(found))


def _concerned(table: Table, upstream: DataFrame) -> DataFrame:
    return upstream.where(table.source_filter.predicate) if table.source_filter else upstream


def _is_bad(table: Table) -> Column:
    return reduce(or_, [broken(rule) for rule in table.quarantine_rules])


def _judged_before(lake: Lake, table: Table) -> DataFrame:
    return lake.store.read(f"{table.name}_quarantine")


def _refused(table: Table, upstream: DataFrame) -> DataFrame:
    concerned = _concerned(table, upstream)
    return concerned.where(_is_bad(table)).withColumn("_broken_rules", broken_rules(table.quarantine_rules))


def _is_discarded(forgotten: Collection[tuple[str, tuple[str, ...]]]) -> Column:
    same = [
        (F.col("_source_file") == file) & (F.col("_broken_rules") == F.array(*map(F.lit, rules)))
        for file, rules in forgotten
    ]
    return reduce(or_, same, F.lit(False))


def _kept(refused: DataFrame, forgotten: Collection[tuple[str, tuple[str, ...]]]) -> DataFrame:
    return refused.where(~_is_discarded(forgotten)) if forgotten else refused


def _recount(refused: DataFrame, forgotten: Collection[tuple[str, tuple[str, ...]]]) -> list[dict[str, Any]]:
    counts = refused.where(_is_discarded(forgotten)).groupBy("_source_file", "_broken_rules").count().collect()
    return [{"file": each[0], "rules": list(each[1]), "rows": each[2]} for each in counts]


def _sources(lake: Lake, quarantine: Table) -> Counter[str]:
    """Count the rows of a quarantine by the landed file that they came in."""
    return Counter(lake.store.arrow(quarantine.name, columns=["_source_file"])["_source_file"].to_pylist())
