"""reports.freshness — how new each table is, and whether it is behind and why; told without Java."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from lakehouse.completeness import TimeBounds
from lakehouse.lake import Lake
from lakehouse.reports import coverage
from lakehouse.reports.text import grid
from lakehouse.runs.planner import plan
from lakehouse.storage.ledger import Run
from lakehouse.table import Table, short_name


@dataclass(frozen=True)
class Freshness:
    """How new a table is.

    Attributes:
        table: its name.
        version: the published version, None if none is.
        published_at: when the run ended that published this version first, UTC.
        newest: the newest day or instant in it, stray days aside; of a table of landed files, when the newest came in.
        complete_through: the newest complete day of the stream that it follows, UTC; None if there is none.
        waiting: landed files that are not in it or in what it is computed from.
        behind: why a run would build it, empty if it is up to date.
    """

    table: str
    version: int | None
    published_at: datetime | None
    newest: datetime | date | None
    complete_through: date | None
    waiting: int
    behind: str


def freshness(lake: Lake) -> list[Freshness]:
    """Say of every table how new it is.

    Raises:
        LakehouseError: nothing has landed yet (exit code 2).
    """
    behind = {step.table.name: step.reason for step in plan(lake)}
    runs = [run for run in lake.ledger.runs() if run.status == "published"]
    published = runs[-1].versions if runs else {}
    bounds = coverage.bounds(lake, runs[-1]) if runs else None
    found = []
    for table in lake.tables.values():
        version = published.get(table.name)
        since = next((run.ended_at for run in runs if run.versions.get(table.name) == version), None)
        why = behind.get(table.name, "") or _unpublished(lake, table, version) or _outdated(table, runs)
        found.append(
            Freshness(
                table.name, version, None if version is None else since, _newest(lake, table, version, bounds),
                bounds.complete if bounds and version is not None and coverage.time_column(table) else None,
                sum(_waiting(lake, name) for name in _sources(lake, table)), why,
            )
        )  # fmt: skip
    return found


def freshness_text(found: Sequence[Freshness]) -> str:
    """Return it as the terminal shows it."""
    heads = ["table", "version", "published at", "newest", "complete through", "files waiting", "behind because"]
    return grid(heads, [list(asdict(each).values()) for each in found])


def _unpublished(lake: Lake, table: Table, version: int | None) -> str:
    state = lake.ledger.built().get(table.name)
    return "a run that failed built it and published nothing" if state and state.version != version else ""


def _outdated(table: Table, runs: Sequence[Run]) -> str:
    """Say why a table that another command than a run writes is behind."""
    if table.is_built_by_run or not runs:
        return ""
    reads = runs[-1].reads.get(table.name)
    if reads is None:
        return "never built"
    newer = [name for name in table.upstreams if reads.get(name) != runs[-1].versions.get(name)]
    return f"{', '.join(newer)} changed" if newer else ""


def _sources(lake: Lake, table: Table) -> set[str]:
    """Return the tables of landed files that a table is computed from, itself if it is one."""
    if table.refresh.kind == "append":
        return {table.name}
    return {name for upstream in table.upstreams for name in _sources(lake, lake.tables[upstream])}


def _waiting(lake: Lake, name: str) -> int:
    after = lake.store.consumed(name) if lake.store.exists(name) else 0
    return len(lake.landing.receipts(short_name(name), after))


def _newest(lake: Lake, table: Table, version: int | None, bounds: TimeBounds | None) -> Any:
    if table.refresh.kind == "append":
        received = [datetime.fromisoformat(each.received_at) for each in lake.landing.receipts(short_name(table.name))]
        return max(received, default=None)
    instant = coverage.time_column(table)
    return coverage.newest(lake, table.name, version, instant, bounds) if version is not None and instant else None
