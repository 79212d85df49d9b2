"""lakehouse.quarantine — rows that a table's rules refuse, set aside with every rule they break."""

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.expectations import broken, broken_rules
from lakehouse.lake import Lake
from lakehouse.receipts import Receipt
from lakehouse.store import settle
from lakehouse.table import Table, quarantine_of, short_name


def set_aside(lake: Lake, table: Table, upstream: DataFrame, run_id: str) -> tuple[DataFrame, int]:
    """Write all rows that break a rule to the quarantine, in the place of what it held.

    Args:
        lake: the lake.
        table: the table whose rules judge.
        upstream: all rows of the table's first upstream.
        run_id: the run.

    Returns:
        The other rows, and how many were refused.

    Raises:
        LakehouseError: of a landed file too large a share was refused (exit code 3).
    """
    quarantine = quarantine_of(table, lake.tables)
    if quarantine is None:
        return upstream, 0
    good, refused = _judge(table, upstream)
    written = lake.store.overwrite(quarantine, refused, run_id)
    _check(lake, table, quarantine, lake.landing.receipts(short_name(table.upstreams[0])))
    return good, written.rows


def add(lake: Lake, table: Table, arrived: DataFrame, run_id: str) -> tuple[DataFrame, int]:
    """Write the rows that break a rule to the quarantine, in the place of what it held of the same landed files.

    Arguments and results are those of `set_aside`, but that only rows that arrived are judged.

    Raises:
        LakehouseError: of a landed file too large a share was refused (exit code 3).
    """
    quarantine = quarantine_of(table, lake.tables)
    if quarantine is None:
        return arrived, 0
    good, refused = _judge(table, arrived)
    settled, seen = settle(refused, F.collect_set("_source_file").alias("files"))
    if seen["rows"]:
        files = sorted(seen["files"])
        named = ", ".join(f"'{name}'" for name in files)
        lake.store.replace(quarantine, settled, f"_source_file IN ({named})", run_id)
        receipts = lake.landing.receipts(short_name(table.upstreams[0]))
        _check(lake, table, quarantine, [each for each in receipts if each.file_name in files])
    return good, int(seen["rows"])


def valid(table: Table, upstream: DataFrame) -> DataFrame:
    """Return the rows of the first upstream that break no rule."""
    return upstream.where(~_is_bad(table)) if table.quarantine_rules else upstream


def _is_bad(table: Table) -> Column:
    return reduce(or_, [broken(rule) for rule in table.quarantine_rules])


def _judge(table: Table, upstream: DataFrame) -> tuple[DataFrame, DataFrame]:
    refused = upstream.where(_is_bad(table)).withColumn("_broken_rules", broken_rules(table.quarantine_rules))
    return valid(table, upstream), refused


def _check(lake: Lake, table: Table, quarantine: Table, receipts: Sequence[Receipt]) -> None:
    most = lake.settings.run.max_refused_share
    refused = Counter(lake.store.arrow(quarantine.name, columns=["_source_file"])["_source_file"].to_pylist())
    for receipt in receipts:
        count = refused[receipt.file_name]
        if count > most * receipt.lines:
            message = (
                f"{table.name} refused {count:,} of {receipt.lines:,} rows of {receipt.name}, more than {most:.0%}."
            )
            passing = f"LAKEHOUSE_RUN__MAX_REFUSED_SHARE={min(1, count / receipt.lines + 0.01):.2f} lakehouse run"
            remedy = f"lakehouse quarantine show {table.name}; {passing} goes on without these rows"
            raise LakehouseError(message, remedy, Exit.REFUSED)
