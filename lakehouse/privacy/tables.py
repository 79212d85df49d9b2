"""privacy.tables — a visitor's rows in tables, by the column that a table's contract names (`person`).

Where that column is text as delivered, a malformed line is the visitor's if its text names one, and a whole row of
someone else may mention the visitor in columns beyond the contract.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.lake import Lake
from lakehouse.privacy.subject import DataSubject
from lakehouse.table import Table

REST = "_rest"  # the column of malformed lines, and of columns beyond the contract


def with_visitors(lake: Lake) -> list[Table]:
    """Return the tables of the lake that name a visitor, quarantines among them."""
    return [each for each in lake.contracts.values() if each.person and lake.store.exists(each.name)]


def rows(lake: Lake, table: Table, visitor: DataSubject) -> pa.Table:
    """Return the rows of a table's newest version that are the visitor's."""
    return _rows(lake, table, visitor, [column.name for column in table.columns], is_mentioned=False)


def count(lake: Lake, table: Table, visitor: DataSubject) -> int:
    """Count the rows that are the visitor's or mention the visitor."""
    return _rows(lake, table, visitor, [str(table.person)], is_mentioned=True).num_rows


def without(visitor: DataSubject, table: Table) -> Callable[[pa.Table], pa.Table]:
    """Return what takes a visitor out of rows; rows that do not name one come back as the very same object."""

    def change(rows: pa.Table) -> pa.Table:
        theirs, mention = _find(rows, table, visitor)
        if not theirs.any() and not mention.any():
            return rows
        if mention.any():
            texts = [visitor.hide(text) for text in rows[REST].filter(pa.array(mention)).to_pylist()]
            kept = pc.replace_with_mask(rows[REST].combine_chunks(), pa.array(mention), pa.array(texts, pa.string()))
            rows = rows.set_column(rows.column_names.index(REST), REST, kept)
        return rows.filter(pa.array(~theirs))

    return change


def _rows(lake: Lake, table: Table, visitor: DataSubject, columns: list[str], is_mentioned: bool) -> pa.Table:
    dataset = lake.store.delta(table.name).to_pyarrow_dataset()
    rest = [REST] if any(column.name == REST for column in table.columns) else []
    wanted, found = list(dict.fromkeys([*columns, str(table.person), *rest])), []
    for batch in dataset.to_batches(columns=wanted):
        theirs, mention = _find(pa.Table.from_batches([batch]), table, visitor)
        found.append(batch.filter(pa.array(theirs | mention if is_mentioned else theirs)))
    return pa.Table.from_batches(found, pa.schema([dataset.schema.field(name) for name in wanted]))


def _find(rows: pa.Table, table: Table, visitor: DataSubject) -> tuple[np.ndarray, np.ndarray]:
    """Say of each row whether it is the visitor's, and whether it is another's that mentions the visitor."""
    person = rows[str(table.person)]
    if not pa.types.is_string(person.type):
        return _mask(pc.equal(person, visitor.id)), np.zeros(len(rows), bool)
    theirs, is_malformed = _names_visitor(person, visitor), _mask(pc.is_null(person))
    named = _names_visitor(rows[REST], visitor) if REST in rows.column_names else np.zeros(len(rows), bool)
    return theirs | (is_malformed & named), named & ~is_malformed & ~theirs


def _names_visitor(texts: pa.ChunkedArray, visitor: DataSubject) -> np.ndarray:
    """Say which texts name the visitor; the few that may are looked at one by one."""
    found = _mask(pc.match_substring_regex(texts, visitor.pattern))
    found[found] = [visitor.is_named_in(text) for text in texts.filter(pa.array(found)).to_pylist()]
    return found


def _mask(values: pa.ChunkedArray) -> np.ndarray:
    return pc.fill_null(values, False).to_numpy().copy()
