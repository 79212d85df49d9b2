"""bronze.header — know a CSV file by its first line: which kind it is, and in which order its columns stand."""

import re
from dataclasses import dataclass
from typing import BinaryIO

from bronze import category_tree, events, item_properties
from lakehouse.landing import first_line
from lakehouse.landing.preflight import refusal
from lakehouse.table import short_name

TABLES = [events.table, item_properties.table, category_tree.table]
KINDS = {short_name(table.name): table.delivered_columns for table in TABLES}
SNAPSHOTS = {short_name(table.name) for table in TABLES if table.snapshot}
FREE_TEXT = {"property", "value"}  # all other delivered columns get a type in silver


@dataclass(frozen=True)
class Header:
    """The first line of a file.

    Attributes:
        line: its bytes, as they are.
        text: the line without byte order mark and line end.
        columns: the names in it, lower case, in its order.
        kind: name of the bronze table, without its layer, that has these columns.
    """

    line: bytes
    text: str
    columns: list[str]
    kind: str

    @property
    def typed(self) -> set[str]:
        """The columns whose values silver gives a type."""
        return set(KINDS[self.kind]) - FREE_TEXT


def read(name: str, source: BinaryIO) -> Header:
    """Read the first line of a file; the source stands behind it then.

    Args:
        name: the file's, for the sentence.
        source: the file, at its beginning.

    Returns:
        The header.

    Raises:
        LakehouseError: it is no header of a plain CSV file of a known kind (exit code 3).
    """
    first = first_line.read(name, source)
    return Header(first.line, first.text, first.columns, _kind(name, first.columns))


def require_names(name: str, columns: list[str]) -> None:
    """Refuse a first line, of whose columns none is known, that holds numbers.

    Raises:
        LakehouseError: it does (exit code 3).
    """
    if any(re.fullmatch(r"-?[0-9.]+", column) for column in columns):
        raise refusal(name, "has no header: line 1 holds values", "its first line names the columns")


def _kind(name: str, columns: list[str]) -> str:
    """Return the kind whose columns are all there, or say what is wrong with these."""
    nearest = max(KINDS, key=lambda kind: len(set(KINDS[kind]) & set(columns)) / len(KINDS[kind]))
    missing = [column for column in KINDS[nearest] if column not in columns]
    if len(missing) == len(KINDS[nearest]):
        require_names(name, columns)
    first_line.require_distinct(name, columns)
    if not missing:
        return nearest
    if len(missing) * 2 <= len(KINDS[nearest]):
        what = f"has no column {' and no column '.join(missing)}, which {nearest} needs"
        raise refusal(name, what, f"the columns are {','.join(KINDS[nearest])}")
    known = "; ".join(f"{kind}: {','.join(names)}" for kind, names in KINDS.items())
    shown = ",".join(columns)[: first_line.MOST_SHOWN]
    raise refusal(name, f"has the header {shown}, which is of no known kind", f"known are {known}")
