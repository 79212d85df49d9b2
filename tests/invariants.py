"""What must hold of a lake after any fault and a rerun; each of them has one helper here."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lakehouse.lake import Lake
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


def _first_upstream(table: object) -> list[str]:
    return [short_name(name) for name in table.upstreams[:1]]


def _rows(lake: Lake, name: str, version: int | None = None) -> list[str]:
    rows = lake.store.arrow(name, version)
    chosen = rows.select([column for column in rows.column_names if not column.startswith("_")])
    return sorted(map(repr, chosen.to_pylist()))
