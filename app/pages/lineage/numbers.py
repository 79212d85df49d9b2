"""lineage.numbers — the tables of a lake: which are computed from which, how they stand, and what was found wrong."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app import pages
from app.context import PageContext
from lakehouse.lake import Lake, open_lake
from lakehouse.quarantine import review
from lakehouse.reports import history
from lakehouse.storage.ledger import Run
from lakehouse.table import Table

RUNS = 8  # the newest runs that are shown


@dataclass(frozen=True)
class Node:
    """A table in the graph.

    Attributes:
        table: its contract.
        version: the published version, None if none is.
        rows: its rows, as its log says.
        refused: rows that it set aside.
        broken: rule -> rows that break it, of the run that built it last.
        published_at: when this version was published first, UTC.
    """

    table: Table
    version: int | None
    rows: int
    refused: int
    broken: dict[str, int]
    published_at: datetime | None

    @property
    def status(self) -> str:
        """Return missing, warn or good."""
        if self.version is None:
            return "missing"
        return "warn" if self.refused or self.broken else "good"

    @property
    def layer(self) -> str:
        """The layer that it stands in."""
        return self.table.name.split(".")[0]


def lake_of(context: PageContext) -> Lake:
    """Open the lake that is shown, with every contract."""
    return open_lake(context.lake.settings)


def nodes(context: PageContext, lake: Lake) -> list[Node]:
    """Return every declared table, upstreams first."""
    shown = context.published
    at, results = lake.ledger.state().published_at, lake.ledger.latest_results()
    found = []
    for table in lake.tables.values():
        version = shown.versions.get(table.name)
        aside = f"{table.name}_quarantine"
        result = results.get(table.name)
        broken = {rule: count for rule, count in (result.broken if result else {}).items() if count}
        refused = lake.store.rows(aside, shown.versions[aside]) if aside in shown.versions else 0
        rows = lake.store.rows(table.name, version) if version is not None else 0
        since = datetime.fromisoformat(at[table.name]) if table.name in at else None
        found.append(Node(table, version, rows, refused, broken, since))
    return found


def levels(found: list[Node]) -> dict[str, int]:
    """Return how far each table lies behind those it is computed from, within its layer."""
    by_name = {node.table.name: node for node in found}
    depth: dict[str, int] = {}
    for node in found:
        same = [name for name in node.table.upstreams if name in by_name and by_name[name].layer == node.layer]
        depth[node.table.name] = 1 + max((depth[name] for name in same), default=-1)
    return depth


def readers(lake: Lake, name: str) -> tuple[list[str], list[str]]:
    """Return the tables that are computed from a table, and the cards that show it."""
    tables = [table.name for table in lake.tables.values() if name in table.upstreams]
    cards = [f"{page.name}: {card.name}" for page in pages.all_pages() for card in page.cards if name in card.reads]
    return tables, cards


def versions(lake: Lake, name: str) -> list[dict[str, Any]]:
    """Return the newest versions of a table."""
    return history.versions(lake, name, RUNS) if lake.store.exists(name) else []


def checks(lake: Lake, table: Table) -> tuple[list[Run], dict[str, list[int]]]:
    """Return the newest runs that built a table, newest last, and rule -> rows of each run that break it.

    Rules that set rows aside are counted together: how many rows each run set aside.
    """
    built = [run for run in lake.ledger.runs(RUNS * 4) if any(each.table == table.name for each in run.results)][-RUNS:]
    results = [next(each for each in run.results if each.table == table.name) for run in built]
    found = {rule.name: [each.broken.get(rule.name, 0) for each in results] for rule in table.output_rules}
    if table.quarantine_rules:
        found = {"rows set aside": [each.refused for each in results]} | found
    return built, found


def refused(lake: Lake, name: str) -> list[tuple[str, int, int]]:
    """Return why rows of a table were set aside: (rule, rows, landed files)."""
    rules: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for each in review.counts(lake):
        if each["table"] == name:
            rules.update(each["rules"])
            files.update(dict.fromkeys(each["rules"], 1))
    return [(rule, rows, files[rule]) for rule, rows in rules.most_common()]


def landed_files(lake: Lake) -> dict[str, str]:
    """Return the names that landed files were given, by the name under which they are kept."""
    return {each.file_name: f"{each.number} ({each.name})" for each in lake.landing.receipts()}


def runs(lake: Lake) -> list[Run]:
    """Return the newest runs, newest first."""
    return lake.ledger.runs(RUNS)[::-1]
