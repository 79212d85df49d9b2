"""reports.run_report — plans and runs, for reading: as plain values and as text."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.reports.text import grid, several, size
from lakehouse.runs.planner import Request, Step
from lakehouse.storage.ledger import Result, Run

RUN_COLUMNS = ("run_id", "command", "status", "started_at", "seconds", "tables", "rows", "refused", "error")


def step_facts(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return a plan as plain values."""
    return [
        {"table": step.table.name, "mode": step.mode, "reason": step.reason, "read": asdict(step.read)}
        for step in steps
    ]


def plan_text(steps: Sequence[Step], is_unpublished: bool) -> str:
    """Return a plan as the terminal shows it."""
    if not steps and is_unpublished:
        return "Nothing to build: a run would publish what an earlier one finished."
    if not steps:
        return "Nothing to do: every table is up to date."
    # what a table of this plan will change is not known before it is built
    rows = [
        (step.table.name, step.mode, f"{step.read.files:,}", size(step.read.bytes), step.reason)
        if step.read.files
        else (step.table.name, step.mode, "", "", step.reason)
        for step in steps
    ]
    return f"A run would build {several(len(steps), 'table')}.\n\n" + grid(
        ["table", "mode", "files", "bytes", "why"], rows
    )


def run_facts(run: Run | None) -> dict[str, Any]:
    """Return what a run did as plain values; without a run: that there was nothing to do."""
    if run is None:
        return {"run_id": None, "status": "nothing to do", "tables": []}
    return {"run_id": run.run_id, "status": run.status, "tables": [asdict(each) for each in run.results]}


def results_text(results: Sequence[Result]) -> str:
    """Return what a run did to its tables as the terminal shows it."""
    heads = ["table", "mode", "rows in", "out", "removed", "refused", "read", "written", "version", "seconds"]
    rows = [
        (
            each.table,
            each.mode,
            each.rows_in,
            each.rows_out,
            each.removed,
            each.refused,
            f"{several(each.read.files, 'file')}, {size(each.read.bytes)}",
            f"{several(each.wrote.files, 'file')}, {size(each.wrote.bytes)}",
            each.version,
            f"{each.seconds:.1f}",
        )
        for each in results
    ]
    return grid(heads, rows)


def brief(run: Run) -> dict[str, Any]:
    """Return a run in one line's worth of plain values."""
    return {
        "run_id": run.run_id,
        "command": run.command,
        "status": run.status,
        "started_at": run.started_at,
        "seconds": round((run.ended_at - run.started_at).total_seconds(), 1),
        "tables": len(run.results),
        "rows": sum(each.rows_out for each in run.results),
        "refused": sum(each.refused for each in run.results),
        "error": run.error,
    }


def runs_text(runs: Sequence[Run]) -> str:
    """Return runs as the terminal lists them, an error by its first line."""
    lines = [brief(run) | {"error": run.error.partition("\n")[0]} for run in runs]
    return grid(RUN_COLUMNS, [[line[name] for name in RUN_COLUMNS] for line in lines])


def full(run: Run) -> dict[str, Any]:
    """Return all that the ledger knows of a run as plain values."""
    results = [asdict(each) | {"reads": dict(run.reads.get(each.table, {}))} for each in run.results]
    return brief(run) | {
        "ended_at": run.ended_at,
        "request": dict(run.request),
        "results": results,
        "versions": dict(run.versions),
    }


def run_text(run: Run) -> str:
    """Return all that the ledger knows of a run as the terminal shows it."""
    facts = brief(run)
    parts = [f"{facts['command']} · {facts['status']} · {facts['started_at']:%Y-%m-%d %H:%M:%S} · {facts['seconds']} s"]
    parts += [run.error] if run.error else []
    parts += [results_text(run.results)] if run.results else []
    broken = [(each.table, rule, count) for each in run.results for rule, count in each.broken.items() if count]
    parts += [grid(["table", "rule", "rows that break it"], broken)] if broken else []
    reads = [
        (each.table, upstream, version)
        for each in run.results
        for upstream, version in run.reads.get(each.table, {}).items()
    ]
    parts += [grid(["table", "computed from", "version"], reads)] if reads else []
    return "\n\n".join(parts)


def find(lake: Lake, run_id: str) -> Run:
    """Return a run by its id, the beginning of it, or `latest`.

    Raises:
        LakehouseError: no run, or more than one, has such an id (exit code 2).
    """
    names = lake.ledger.names()
    if run_id == "latest" and names:
        return lake.ledger.run(names[-1][0])
    found = [(number, name) for number, name in names if name.startswith(run_id)]
    if len(found) == 1:
        return lake.ledger.run(found[0][0])
    if not names:
        raise LakehouseError("There was no run yet.", "lakehouse run", Exit.USAGE)
    if not found:
        raise LakehouseError(f"No run has the id {run_id}.", "lakehouse runs ls lists them", Exit.USAGE)
    ids = ", ".join(name for _, name in found[:3])
    raise LakehouseError(f"{len(found)} runs have an id that begins with {run_id}.", f"name one: {ids}", Exit.USAGE)


def again(lake: Lake) -> Request:
    """Return what the newest run was asked for and did not finish.

    Raises:
        LakehouseError: there was no run, or the newest did not fail (exit code 2).
    """
    run = lake.ledger.newest_asked()
    if run is None:
        raise LakehouseError("There was no run yet.", "lakehouse run", Exit.USAGE)
    if run.status != "failed":
        raise LakehouseError(f"The newest run, {run.run_id}, did not fail.", "lakehouse run", Exit.USAGE)
    request = Request.of(run.request)
    return replace(request, finished=tuple({*request.finished, *(each.table for each in run.results)}))
