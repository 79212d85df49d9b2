"""lakehouse.build — compute one table and write it, setting aside the rows that its rules refuse."""

import time
from functools import reduce
from operator import or_

from pyspark.sql import DataFrame

from lakehouse import landed
from lakehouse.errors import Exit, LakehouseError
from lakehouse.expectations import broken, broken_rules
from lakehouse.lake import Lake
from lakehouse.runs import Result
from lakehouse.store import Written
from lakehouse.table import Table, quarantine_of, short_name


def build(lake: Lake, table: Table, run_id: str) -> Result:
    """Bring one table up to its upstreams.

    Args:
        lake: the lake; its upstreams are up to date.
        table: the table to build.
        run_id: provenance of rows that are appended.

    Returns:
        What was read, written and refused.

    Raises:
        LakehouseError: too many rows were refused, or rows break a rule of `expect_or_fail` (exit code 3).
    """
    started = time.monotonic()
    rows_in, refused, written = (_append if table.refresh.kind == "append" else _compute)(lake, table, run_id)
    check(table, written, "land mended files, then lakehouse run")
    seconds = round(time.monotonic() - started, 2)
    return Result(table.name, rows_in, written.rows, refused, seconds, written.version, written.broken)


def check(table: Table, written: Written, remedy: str) -> None:
    """Stop where written rows break a rule of `expect_or_fail`; they are not published then.

    Raises:
        LakehouseError: such rows are there (exit code 3).
    """
    for rule in table.output_rules:
        if rule.severity == "fail" and written.broken[rule.name]:
            message = f"{table.name}: {written.broken[rule.name]:,} rows break “{rule.name}” ({rule.rule})."
            raise LakehouseError(f"{message} Nothing was published.", remedy, Exit.REFUSED)


def _append(lake: Lake, table: Table, run_id: str) -> tuple[int, int, Written]:
    receipts = lake.landing.receipts(short_name(table.name), after=lake.store.consumed(table.name))
    if not receipts:
        return 0, 0, Written(lake.store.version(table.name), 0, {rule.name: 0 for rule in table.output_rules})
    rows = landed.read(lake.store.spark, lake.landing, table, receipts, run_id)
    return sum(each.lines for each in receipts), 0, lake.store.append(table, rows, receipts[-1].number)


def _compute(lake: Lake, table: Table, run_id: str) -> tuple[int, int, Written]:
    frames = [lake.store.read(name) for name in table.upstreams]
    rows_in = sum(lake.store.rows(name) for name in table.upstreams)
    frames[0], refused = _set_aside(lake, table, frames[0])
    assert table.function is not None, f"{table.name} has no transform"
    return rows_in, refused, lake.store.overwrite(table, table.function(*frames))


def _set_aside(lake: Lake, table: Table, upstream: DataFrame) -> tuple[DataFrame, int]:
    """Write the rows that break a rule to the quarantine; return the others, and how many were refused."""
    quarantine = quarantine_of(table, lake.tables)
    if quarantine is None:
        return upstream, 0
    is_bad = reduce(or_, [broken(rule) for rule in table.quarantine_rules])
    refused = upstream.where(is_bad).withColumn("_broken_rules", broken_rules(table.quarantine_rules))
    count = lake.store.overwrite(quarantine, refused).rows
    total = lake.store.rows(table.upstreams[0])
    most = lake.settings.run.max_refused_share
    if count > most * total:
        message = f"{table.name} refused {count:,} of {total:,} rows of {table.upstreams[0]}, more than {most:.0%}."
        passing = f"LAKEHOUSE_RUN__MAX_REFUSED_SHARE={min(1, count / total + 0.01):.2f}"
        remedy = f"see `lakehouse show {quarantine.name}`; {passing} lets them pass"
        raise LakehouseError(message, remedy, Exit.REFUSED)
    return upstream.where(~is_bad), count
