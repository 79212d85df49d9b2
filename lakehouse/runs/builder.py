"""runs.builder — bring one table up to its upstreams: by a full refresh, or by what changed alone."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing import csv_reader, retraction
from lakehouse.runs import incremental, judging, refusal_limits, shares, snapshots
from lakehouse.runs.incremental import Change, Outcome
from lakehouse.runs.planner import Step, changes, full_refresh_reason, of_days
from lakehouse.storage import log, rewriting
from lakehouse.storage.ledger import Result
from lakehouse.storage.ledger_rows import Mode
from lakehouse.storage.log import DataSize
from lakehouse.storage.store import Written
from lakehouse.table import short_name


@dataclass(frozen=True)
class _Done:
    mode: Mode
    rows_in: int
    outcome: Outcome
    discarded: list[dict[str, Any]] | None = None
    passed_over: Sequence[int] = ()  # receipts that were taken back, and that the table never took up as it is now


def build(lake: Lake, step: Step, run_id: str, days: tuple[date, date] | None = None) -> Result:
    """Bring one table up to its upstreams.

    Args:
        lake: the lake; the table's upstreams are up to date.
        step: the table and how it was planned to be built.
        run_id: provenance of what is written.
        days: days to compute anew although nothing changed.

    Returns:
        What was read, written and refused.

    Raises:
        LakehouseError: too many rows were refused, or rows break a rule of `expect_or_fail` (exit code 3).
    """
    started, table = time.monotonic(), step.table
    before = lake.store.version(table.name)
    if table.refresh.kind == "append":
        done = _append(lake, step, run_id)
    else:
        changed = changes(lake, step.since) + (of_days(lake, table, days) if days else [])
        by_version = [each for each in changed if each.is_of_versions]
        is_full = step.ignores_existing or bool(full_refresh_reason(lake, table, by_version))
        changed += [Change(table.upstreams[0], 0, 0, is_refused=True)] if step.judges_again else []
        done = _full_refresh(lake, step, run_id) if is_full else _increment(lake, step, changed, run_id)
    written = done.outcome.written
    wrote = log.total(each.size for each in log.since(lake.store.delta(table.name), before))
    return Result(
        table=table.name,
        rows_in=done.rows_in,
        rows_out=written.rows,
        refused=done.outcome.refused,
        seconds=round(time.monotonic() - started, 2),
        version=written.version,
        broken=written.broken,
        mode=done.mode if written.version != before else "unchanged",
        removed=written.removed,
        read=done.outcome.read,
        wrote=wrote,
        discarded=done.discarded,
        retracted=[*(each.number for each in step.retracted), *done.passed_over],
    )


def _append(lake: Lake, step: Step, run_id: str) -> _Done:
    """Take the rows of files that were taken back out of a table of landed files, and add those of new ones."""
    table, removed = step.table, 0
    if step.retracted:
        before = lake.store.rows(table.name)
        rewriting.rewrite(lake.store, table, retraction.without(step.retracted), run_id)
        removed = before - lake.store.rows(table.name)
    kind, after = short_name(table.name), lake.store.consumed(table.name)
    receipts = lake.landing.waiting(kind, after)
    if not receipts:
        nothing = dict.fromkeys((rule.name for rule in table.output_rules), 0)
        unchanged = Written(lake.store.version(table.name), removed=removed, broken=nothing)
        return _Done("incremental", 0, Outcome(0, unchanged, DataSize()))
    files = csv_reader.write(lake.store.engine, lake.landing, table, receipts, lake.store.folder(table.name), run_id)
    upto = receipts[-1].number
    written = replace(lake.store.ingest(table, files, run_id, upto), removed=removed)
    size = DataSize(len(receipts), sum(each.size for each in receipts))
    passed = [each.number for each in lake.landing.entries(kind, after) if each.is_retracted and each.number <= upto]
    return _Done("incremental", sum(each.lines for each in receipts), Outcome(0, written, size), passed_over=passed)


def _full_refresh(lake: Lake, step: Step, run_id: str) -> _Done:
    """Compute all rows; the present ones are not looked at where the plan says so: they may be damaged."""
    table, count = step.table, shares.number(lake, step)
    assert table.function is not None, f"{table.name} has no transform"
    frames = [snapshots.read(lake, name) for name in table.upstreams]
    rows_in = sum(lake.store.rows(name) for name in table.upstreams)
    read = log.total(log.size(lake.store.delta(name)) for name in table.upstreams)
    judged = judging.set_aside(lake, table, judging.apply_source_filter(lake, table, frames[0]), run_id)
    frames[0] = judged.good
    rows, *further = [table.function(*shares.part(lake, table, frames, count, each)) for each in range(count)]
    try:
        if table.refresh.kind == "rebuild" and not step.ignores_existing:
            written = incremental.rebuild(lake, table, rows, run_id)
        else:
            written = lake.store.overwrite(table, rows, run_id, further=further)
    except LakehouseError as error:
        raise refusal_limits.with_snapshot(lake, table, rows, error) from error
    return _Done("full_refresh", rows_in, Outcome(judged.refused, written, read), judged.discarded)


def _increment(lake: Lake, step: Step, changed: list[Change], run_id: str) -> _Done:
    table = step.table
    if not changed:
        unchanged = Written(
            lake.store.version(table.name), broken=dict.fromkeys((rule.name for rule in table.output_rules), 0)
        )
        return _Done("unchanged", 0, Outcome(0, unchanged, DataSize()))
    if table.refresh.kind == "rebuild":
        return _full_refresh(lake, step, run_id)
    if table.refresh.kind == "upsert":
        outcome = incremental.upsert(lake, table, changed, run_id)
    else:
        outcome = incremental.replace(lake, table, changed, run_id)
    histories = [log.since(lake.store.delta(each.upstream), each.after) for each in changed if each.is_of_versions]
    read = log.total(commit.size for history in histories for commit in history)
    rows_in = sum(log.rows(history) for history in histories)
    if any(each.is_refused for each in changed):
        rows_in += lake.store.rows(f"{table.name}_quarantine")
        outcome = replace(outcome, refused=judging.release(lake, table, run_id))
    return _Done("incremental", rows_in, Outcome(outcome.refused, outcome.written, outcome.read + read))
