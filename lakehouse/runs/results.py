"""runs.results — `run_results.json`: what the last run did, for other programs to read."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lakehouse.lake import Lake
from lakehouse.runs.planner import Step
from lakehouse.storage.ledger import Run

FILE_NAME = "run_results.json"


def write_results(lake: Lake, run: Run, steps: Sequence[Step]) -> None:
    """Write what a run did, also one that failed, into the lake's folder.

    A table is `built`, `unchanged`, or `skipped` where the run ended before it; each with why it was planned.
    """
    path = lake.settings.lake_path / FILE_NAME
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(facts(run, steps), indent=1, default=str))
    partial.rename(path)


def facts(run: Run, steps: Sequence[Step]) -> dict[str, Any]:
    """Return the content of `run_results.json`."""
    done = {each.table: each for each in run.results}
    tables = []
    for step in steps:
        name = step.table.name
        result = done.get(name)
        status = "skipped" if result is None else "unchanged" if result.mode == "unchanged" else "built"
        tables.append({"table": name, "status": status, "reason": step.reason} | (asdict(result) if result else {}))
    head = {name: getattr(run, name) for name in ("run_id", "command", "status", "started_at", "ended_at", "error")}
    return {**head, "request": run.request, "versions": run.versions, "tables": tables}
