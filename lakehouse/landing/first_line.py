"""landing.first_line — know by its first bytes that a file is plain CSV, and by its first line what its columns are."""

import re
from dataclasses import dataclass
from typing import BinaryIO

from lakehouse.landing.lines import BOM, columns_of
from lakehouse.landing.preflight import MOST_BYTES, check_text, refusal, too_long, unclosed

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
MOST_SHOWN = 200  # characters of a name in a sentence


@dataclass(frozen=True)
class FirstLine:
    """The first line of a file.

    Attributes:
        line: its bytes, as they are.
        text: the line without byte order mark and line end.
        columns: the names in it, lower case, in its order.
    """

    line: bytes
    text: str
    columns: list[str]


def read(name: str, source: BinaryIO) -> FirstLine:
    """Read the first line of a file; the source stands behind it then.

    Args:
        name: the file's, for the sentence.
        source: the file, at its beginning.

    Raises:
        LakehouseError: it is no line of names of a plain CSV file (exit code 3).
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
    if len(columns) == 1:
        for delimiter, word in DELIMITERS.items():
            if delimiter in columns[0]:
                raise refusal(name, f"is separated by {word}, not commas", "export it with commas")
    return FirstLine(line, text, columns)


def require_distinct(name: str, columns: list[str]) -> None:
    """Refuse a header that names a column twice.

    Raises:
        LakehouseError: it does (exit code 3).
    """
    doubled = sorted({column for column in columns if column and columns.count(column) > 1})
    if doubled:
        raise refusal(name, f"names the column {doubled[0][:MOST_SHOWN]} twice", "give each column a name of its own")


def _check_format(name: str, start: bytes) -> None:
    if WORKBOOK.match(start):
        raise refusal(name, "is an Excel workbook, not plain CSV", EXPORT)
    for magic, (what, remedy) in FORMATS.items():
        if start.startswith(magic):
            raise refusal(name, f"is {what}, not plain CSV", remedy)
    if UTF_16.match(start):
        raise refusal(name, "is UTF-16 text, not plain CSV", EXPORT)
