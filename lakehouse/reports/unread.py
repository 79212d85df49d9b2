"""reports.unread — landed rows that no rule refuses and no table takes: they are of a kind that no table reads."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import duckdb

from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing.receipts import Receipt
from lakehouse.reports.text import several
from lakehouse.source_filter import SourceFilter
from lakehouse.table import short_name

Say = Callable[[str], None]


def count_unread(lake: Lake, receipt: Receipt) -> int:
    """Count the rows of a landed file that are of no kind that a table reads; 0 before a run took them."""
    name, found = _filter(lake, receipt.kind)
    if found is None:
        return 0
    kinds = _ask(lake, name, f"SELECT {found.column}, count(*) FROM rows WHERE {_of(receipt)} GROUP BY ALL")
    return sum(rows for text, rows in kinds if text is not None and text.strip(" \t") not in found.values)


@contextmanager
def telling_ignored(lake: Lake, say: Say) -> Iterator[None]:
    """Say, after a run within, be it a failed one, of each landed file that it took and of which nothing is read."""
    waiting = _receipts_waiting(lake)
    try:
        yield
    except LakehouseError:
        with suppress(Exception):  # the first error is the one to tell
            _tell_ignored(lake, waiting, say)
        raise
    _tell_ignored(lake, waiting, say)


def _receipts_waiting(lake: Lake) -> list[Receipt]:
    """Return the landed files that the next run takes and of which some kinds are not read."""
    waiting = []
    for name, table in lake.tables.items():
        if table.refresh.kind == "append" and _filter(lake, short_name(name))[1]:
            after = lake.store.consumed(name) if lake.store.exists(name) else 0
            waiting += lake.landing.waiting(short_name(name), after)
    return waiting


def _tell_ignored(lake: Lake, receipts: Iterable[Receipt], say: Say) -> None:
    """Say of each file that its table holds by now, and of which nothing is read, that it has no effect."""
    for receipt in receipts:
        name, found = _filter(lake, receipt.kind)
        is_taken = lake.store.exists(name) and receipt.number <= lake.store.consumed(name)
        if found and is_taken and receipt.lines and not _has_kind_that_is_read(lake, name, receipt, found):
            values = ", ".join(found.values)
            say(
                f"{receipt.label}: none of its {receipt.lines:,} rows changes a table, "
                f"as its column {found.column} never holds what is read: {values}."
            )


def unread_text(rows: int) -> str:
    """Return the count as the terminal shows it below a file's account, nothing where every row is read."""
    return f"\n\n{several(rows, 'row')} of a kind that no table reads: neither accepted nor refused" if rows else ""


def _filter(lake: Lake, kind: str) -> tuple[str, SourceFilter | None]:
    """Return the table of a kind of landed files, and the filter of the table that reads it, if that has one."""
    name = next(
        name for name, table in lake.tables.items() if table.refresh.kind == "append" and short_name(name) == kind
    )
    readers = [table for table in lake.tables.values() if table.upstreams[:1] == [name]]
    return name, readers[0].source_filter if len(readers) == 1 else None


def _has_kind_that_is_read(lake: Lake, name: str, receipt: Receipt, found: SourceFilter) -> bool:
    """Look for the values as they are before any that needs trimming: the first is found in a moment."""
    listed = ", ".join(f"'{value}'" for value in found.values)
    for text in (found.column, f"trim({found.column}, ' ' || chr(9))"):
        if _ask(lake, name, f"SELECT 1 FROM rows WHERE {_of(receipt)} AND {text} IN ({listed}) LIMIT 1"):
            return True
    return False


def _of(receipt: Receipt) -> str:
    return f"_source_file = '{receipt.file_name}'"


def _ask(lake: Lake, name: str, query: str) -> list[tuple[Any, ...]]:
    if not lake.store.exists(name):
        return []
    rows = lake.store.delta(name).to_pyarrow_dataset()  # noqa: F841  (named in the query)
    with duckdb.connect() as database:
        return database.execute(query).fetchall()
