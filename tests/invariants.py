"""What must hold of a lake after any fault and a rerun; each of them has one helper here."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lakehouse.lake import Lake
from lakehouse.reports import reconciliation
from lakehouse.runs import planner
from lakehouse.storage.ledger import Run
from lakehouse.table import short_name

from .deliveries import Delivery

LAYERS = ("silver.", "gold.")


def contents(lake: Lake, versions: Mapping[str, int] | None = None) -> dict[str, list[str]]:
    """Return the rows of every silver and gold table, in no order of their own, without columns that begin with `_`.

    The versions are those that are published, unless given.
    """
    published = lake.ledger.published()
    assert published is not None
    chosen = versions or published.versions
    return {name: _rows(lake, name, version) for name, version in chosen.items() if name.startswith(LAYERS)}


def difference(lake: Lake, other: Lake, versions: Mapping[str, int] | None = None) -> list[str]:
    """Return the names of the tables that differ, by more than an order of rows."""
    ours, theirs = contents(lake, versions), contents(other)
    assert theirs["gold.daily_kpis"], "the lake to compare with is empty"
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


def unaccounted(lake: Lake, deliveries: list[Delivery]) -> list[str]:
    """Return a sentence for each kind of file of which lines are lost, or stand twice in bronze."""
    found = []
    for kind in {kind for each in deliveries for kind in each.good}:
        good = [line for each in deliveries for line in each.good.get(kind, [])]
        bad = [line for each in deliveries for line in each.bad.get(kind, [])]
        lines = sum(receipt.lines for receipt in lake.landing.receipts(kind))
        table = next(each for each in lake.tables.values() if each.quarantine_rules and kind in _first_upstream(each))
        refused = len(_rows(lake, f"{table.name}_quarantine"))
        if not lines == lake.store.rows(f"bronze.{kind}") == len(good) + len(bad):
            found.append(f"{kind}: {lines} lines, {lake.store.rows(f'bronze.{kind}')} rows in bronze")
        if refused != len(bad):
            found.append(f"{kind}: {refused} rows refused, not {len(bad)}")
        if kind == "events" and lake.store.rows("silver.events") != len(set(good)):
            found.append(f"{kind}: {lake.store.rows('silver.events')} accepted, not {len(set(good))}")
    return found


def unclosed(lake: Lake, expected: Mapping[str, tuple[int, int]]) -> list[str]:
    """Return a sentence for each landed file of which a line is lost, counted twice, or judged otherwise than it should be.

    Files whose rows a killed or failed run took up and did not judge yet are looked at by their lines alone.

    Args:
        lake: the lake.
        expected: digest of a landed file -> lines that it must have, and how many of them are to be refused.
    """
    found = []
    judges = {short_name(each.upstreams[0]): each.name for each in lake.tables.values() if each.quarantine_rules}
    is_judged = {kind: _is_judged(lake, name) for kind, name in judges.items()}
    for account in reconciliation.accounts(lake):
        receipt, name = account.receipt, f"{account.receipt.number} {account.receipt.name}"
        if receipt.retracted_at:
            continue
        lines, bad = expected[receipt.sha256]
        there = len(lake.landing.file(receipt).read_text().splitlines()) - 1
        if not receipt.lines == there == lines:
            found.append(f"{name}: {receipt.lines} lines by its receipt, {there} in the file, not {lines}")
        if account.state != "counted" or not is_judged[receipt.kind]:
            continue
        refused = account.num_refused + account.discarded
        if account.passed != lines - bad or refused != bad:
            told = f"{account.passed} passed, {account.num_refused} refused, {account.discarded} discarded"
            found.append(f"{name}: {told}; of {lines} lines {bad} are to be refused")
    return found


def all_versions(lake: Lake) -> dict[str, int]:
    """Return the newest version of every table, whether published or not."""
    return {name: lake.store.version(name) for name in lake.contracts if lake.store.exists(name)}


@contextmanager
def reader(lake: Lake) -> Iterator[list[Run | None]]:
    """Look at the publication all the time; what is seen is listed, each publication once for every time it appears."""
    seen: list[Run | None] = []
    done = threading.Event()

    def look() -> None:
        is_last = False
        while not is_last:
            is_last = done.wait(0.1)  # what is published at the very end is seen too
            published = lake.ledger.published()
            if not seen or seen[-1] != published:
                seen.append(published)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def _is_judged(lake: Lake, name: str) -> bool:
    """Say whether a table and its quarantine have seen all rows of what they judge."""
    built, (source, *_) = lake.ledger.built().get(name), lake.tables[name].upstreams
    if built is None or not lake.store.exists(f"{name}_quarantine"):
        return False
    seen = built.reads[source]
    return not planner.is_made_anew(lake, source, seen, built.read_ids.get(source)) and not planner.changes(
        lake, {source: seen}
    )


def _first_upstream(table: object) -> list[str]:
    return [short_name(name) for name in table.upstreams[:1]]


def _rows(lake: Lake, name: str, version: int | None = None) -> list[str]:
    rows = lake.store.arrow(name, version)
    chosen = rows.select([column for column in rows.column_names if not column.startswith("_")])
    return sorted(map(repr, chosen.to_pylist()))
