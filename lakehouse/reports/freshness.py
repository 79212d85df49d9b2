"""reports.freshness — how new each table is, and whether it is behind and why; needs no engine."""

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
    published, state = lake.ledger.published(), lake.ledger.state()
    bounds = coverage.bounds(lake, published) if published else None
    found = []
    for table in lake.tables.values():
        version = published.versions.get(table.name) if published else None
        since = state.published_at.get(table.name) if version is not None else None
        why = behind.get(table.name, "") or _unpublished(lake, table, published) or _outdated(table, published)
        at, newest = datetime.fromisoformat(since) if since else None, _newest(lake, table, version, bounds)
        complete = bounds.complete if bounds and version is not None and coverage.time_column(table) else None
        waiting = sum(_waiting(lake, name) for name in _sources(lake, table))
        found.append(Freshness(table.name, version, at, newest, complete, waiting, why))
    return found


def freshness_text(found: Sequence[Freshness]) -> str:
    """Return it as the terminal shows it."""
    heads = ["table", "version", "published at", "newest", "complete through", "files waiting", "behind because"]
    return grid(heads, [list(asdict(each).values()) for each in found])


def _unpublished(lake: Lake, table: Table, published: Run | None) -> str:
    built = lake.ledger.built().get(table.name)
    if built is None:
        return ""
    is_published = published is not None and (
        published.versions.get(table.name),
        published.ids.get(table.name, ""),
    ) == (
        built.version,
        built.id,
    )
    return "" if is_published else "a run that failed built it and published nothing"


def _outdated(table: Table, published: Run | None) -> str:
    """Say why a table that another command than a run writes is behind."""
    if table.is_built_by_run or published is None:
        return ""
    reads, read_ids = published.reads.get(table.name), published.read_ids.get(table.name, {})
    if reads is None:
        return "never built"
    newer = [
        name
        for name in table.upstreams
        if (reads.get(name), read_ids.get(name, "")) != (published.versions.get(name), published.ids.get(name, ""))
    ]
    return f"{', '.join(newer)} changed" if newer else ""


def _sources(lake: Lake, table: Table) -> set[str]:
    """Return the tables of landed files that a table is computed from, itself if it is one."""
    if table.refresh.kind == "append":
        return {table.name}
    return {name for upstream in table.upstreams for name in _sources(lake, lake.tables[upstream])}


def _waiting(lake: Lake, name: str) -> int:
    after = lake.store.consumed(name) if lake.store.exists(name) else 0
    return len(lake.landing.waiting(short_name(name), after))


def _newest(lake: Lake, table: Table, version: int | None, bounds: TimeBounds | None) -> Any:
    if table.refresh.kind == "append":
        receipt = lake.landing.in_force(short_name(table.name))
        return datetime.fromisoformat(receipt.received_at) if receipt else None
    instant = coverage.time_column(table)
    return coverage.newest(lake, table.name, version, instant, bounds) if version is not None and instant else None
