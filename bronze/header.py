"""bronze.header — know a CSV file by its first line: which kind it is, and in which order its columns stand."""

import re
from dataclasses import dataclass
from typing import BinaryIO

from bronze import category_tree, events, item_properties
from bronze.preflight import MOST_BYTES, check_text, refusal, too_long, unclosed
from lakehouse.landing.lines import BOM, columns_of
from lakehouse.table import short_name

TABLES = [events.table, item_properties.table, category_tree.table]
KINDS = {short_name(table.name): table.delivered_columns for table in TABLES}
SNAPSHOTS = {short_name(table.name) for table in TABLES if table.snapshot}
FREE_TEXT = {"property", "value"}  # all other delivered columns get a type in silver
UNPACK, EXPORT = "unpack it first", "export it as CSV in UTF-8"
FORMATS = {  # first bytes -> what such a file is, and the mend
    b"PK\x03\x04": ("a zip archive", UNPACK),
    b"PK\x05\x06": ("an empty zip archive", UNPACK),
    b"\x1f\x8b": ("gzip-compressed", UNPACK),
    b"PAR1": ("a Parquet file", EXPORT),
    b"\xd0\xcf\x11\xe0": ("an Excel workbook", EXPORT),
    b"\xff\xfe": ("UTF-16 text", EXPORT),
    b"\xfe\xff": ("UTF-16 text", EXPORT),
    BOM * 2: ("text behind two byte order marks", EXPORT),
}
WORKBOOK = re.compile(
    rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|xl/)", re.DOTALL
)  # a zip, by its first name
UTF_16 = re.compile(rb"([^\0]\0){4}|(\0[^\0]){4}")  # without the mark at its beginning
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
MOST_SHOWN = 200  # characters of a header in a sentence


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
    start = source.read(64)
    source.seek(0)
    _check_format(name, start)
    line = source.readline(MOST_BYTES + 1)
    unmarked = line.removeprefix(BOM)
    if not unmarked.strip():
        what = "begins with an empty line" if unmarked else "is empty"
        raise refusal(name, what, "its first line names the columns")
    if len(line) > MOST_BYTES:
        raise too_long(name, 1)
    text = check_text(name, unmarked, 1).rstrip("\r\n")
    if text.count('"') % 2:
        raise unclosed(name, 1)
    columns = columns_of(text)
    return Header(line, text, columns, _kind(name, columns))


def _check_format(name: str, start: bytes) -> None:
    if WORKBOOK.match(start):
        raise refusal(name, "is an Excel workbook, not plain CSV", EXPORT)
    for magic, (what, remedy) in FORMATS.items():
        if start.startswith(magic):
            raise refusal(name, f"is {what}, not plain CSV", remedy)
    if UTF_16.match(start):
        raise refusal(name, "is UTF-16 text, not plain CSV", EXPORT)


def _kind(name: str, columns: list[str]) -> str:
    """Return the kind whose columns are all there, or say what is wrong with these."""
    if len(columns) == 1:
        for delimiter, word in DELIMITERS.items():
            if delimiter in columns[0]:
                raise refusal(name, f"is separated by {word}, not commas", "export it with commas")
    nearest = max(KINDS, key=lambda kind: len(set(KINDS[kind]) & set(columns)) / len(KINDS[kind]))
    missing = [column for column in KINDS[nearest] if column not in columns]
    if len(missing) == len(KINDS[nearest]) and any(re.fullmatch(r"-?[0-9.]+", column) for column in columns):
        raise refusal(name, "has no header: line 1 holds values", "its first line names the columns")
    doubled = sorted({column for column in columns if column and columns.count(column) > 1})
    if doubled:
        raise refusal(name, f"names the column {doubled[0][:MOST_SHOWN]} twice", "give each column a name of its own")
    if not missing:
        return nearest
    if len(missing) * 2 <= len(KINDS[nearest]):
        what = f"has no column {' and no column '.join(missing)}, which {nearest} needs"
        raise refusal(name, what, f"the columns are {','.join(KINDS[nearest])}")
    known = "; ".join(f"{kind}: {','.join(names)}" for kind, names in KINDS.items())
    shown = ",".join(columns)[:MOST_SHOWN]
    raise refusal(name, f"has the header {shown}, which is of no known kind", f"known are {known}")
