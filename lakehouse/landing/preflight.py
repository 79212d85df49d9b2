"""landing.preflight — look at every byte of a CSV file before anything is made of it; refuse it in one sentence.

Much of what is refused here would be read without complaint, and wrongly. The looks are vectorised: Python meets
a single line only where something is odd about it.
"""

import re
from collections.abc import Collection, Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from lakehouse.errors import Exit, LakehouseError
from lakehouse.landing.lines import fields_of

PIECE = 1 << 22  # bytes read at a time
MOST_BYTES = 1 << 16  # of a line
MOST_CHARACTERS = 1000  # of a field with a type
UNIT_SHARE = 0.99  # of all rows: more timestamps than that in another unit are no accident
UNITS = {  # unit -> the digits that an instant of 1973 to 2286 has in it, and the mend; in milliseconds it has 12 or 13
    "seconds": ((9, 10), "multiply them by 1,000"),
    "microseconds": ((15, 16), "divide them by 1,000"),
    "nanoseconds": ((18, 19), "divide them by 1,000,000"),
}
NEWLINE, RETURN, SPACE, QUOTE, COMMA, POINT, ZERO, NINE = b'\n\r ",.09'

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.intp]


class Preflight:
    """A look at a file behind its header, piece by piece.

    Attributes:
        rows: lines that hold a row: they are neither blank (spaces at most) nor the header again.
        has_quotes: whether a double quote was seen.
    """

    def __init__(self, name: str, header: str, columns: list[str], typed: Collection[str]) -> None:
        """Begin.

        Args:
            name: the file's, for the sentence.
            header: the first line as text.
            columns: the names in it, in its order.
            typed: those whose values silver gives a type.
        """
        self.rows = 0
        self.has_quotes = '"' in header
        self._name = name
        self._header = header.encode()
        self._columns = columns
        self._typed = typed
        self._in_unit = dict.fromkeys(UNITS, 0)
        self._line = 2  # the number of the next piece's first line

    def look(self, piece: bytes) -> None:
        """Look at the next whole lines; only the file's last may lack its newline.

        Raises:
            LakehouseError: a line is none that can be read (exit code 3).
        """
        array = np.frombuffer(piece if piece.endswith(b"\n") else piece + b"\n", np.uint8)
        ends = np.flatnonzero(array == NEWLINE)
        starts = np.append(0, ends[:-1] + 1)
        lengths = ends - starts
        if lengths.max() > MOST_BYTES:
            raise too_long(self._name, self._line + int(np.argmax(lengths > MOST_BYTES)))
        check_text(self._name, piece, self._line)
        quotes = np.flatnonzero(array == QUOTE) if b'"' in piece else starts[:0]
        if quotes.size:
            self.has_quotes = True
            self._check_quotes(quotes, ends)
        for index in np.flatnonzero(lengths > MOST_CHARACTERS):
            self._check_fields(piece[starts[index] : ends[index]], self._line + int(index))
        if "timestamp" in self._typed:
            self._count_units(array, starts, ends, quotes)
        self.rows += len(ends) - _blank_lines(array, starts) - self._repeated_headers(piece)
        self._line += len(ends)

    def finish(self) -> None:
        """Judge what only the complete file shows.

        Raises:
            LakehouseError: its timestamps are not in milliseconds (exit code 3).
        """
        for unit, count in self._in_unit.items():
            if count > UNIT_SHARE * self.rows:
                raise refusal(self._name, f"gives its timestamps in {unit}, not milliseconds", UNITS[unit][1])

    def _check_quotes(self, quotes: Positions, ends: Positions) -> None:
        odd = np.flatnonzero(np.bincount(np.searchsorted(ends, quotes)) % 2)
        if odd.size:
            raise unclosed(self._name, self._line + int(odd[0]))

    def _check_fields(self, line: bytes, number: int) -> None:
        """Refuse a value too long for any type; where a line's fields are not its header's, its row is quarantined."""
        fields = fields_of(line.decode())
        if len(fields) != len(self._columns):
            return
        for column, text in zip(self._columns, fields, strict=True):
            if column in self._typed and len(text.strip()) > MOST_CHARACTERS:
                what = f"fills the column {column} with {len(text.strip()):,} characters in line {number}"
                raise refusal(
                    self._name, what, f"{MOST_CHARACTERS:,} is the most; see whether a comma is missing there"
                )

    def _count_units(self, array: Bytes, starts: Positions, ends: Positions, quotes: Positions) -> None:
        """Count the timestamps that have as many digits as another unit gives them."""
        column = self._columns.index("timestamp")
        commas = np.flatnonzero(array == COMMA)
        odd = _odd_lines(array, quotes, ends)
        if quotes.size:  # where quotes open fields, a comma behind an odd number of them lies within one
            commas = commas[np.searchsorted(quotes, commas) % 2 == 0]
            self._count_units_in([array[starts[i] : ends[i]].tobytes().decode() for i in odd], column)
            starts, ends = np.delete(starts, odd), np.delete(ends, odd)
        first = np.searchsorted(commas, starts) + column
        commas = np.append(commas, np.full(column + 1, array.size - 1))  # lines may have fewer: then the last newline
        begins = commas[first - 1] + 1 if column else starts
        begins = np.minimum(begins, array.size - 1)
        begins = begins + np.isin(array[begins], (SPACE, QUOTE))
        stops = np.minimum(commas[first], ends)
        stops = stops - (array[stops - 1] == RETURN)
        stops = stops - np.isin(array[stops - 1], (SPACE, QUOTE))
        for unit, (digits, _) in UNITS.items():
            self._in_unit[unit] += sum(_count_numbers(array, begins, stops, width) for width in digits)

    def _count_units_in(self, lines: list[str], column: int) -> None:
        """Count the same in lines whose quotes stand anywhere, one by one."""
        fields = [fields_of(line) for line in lines]
        texts = [each[column].strip().partition(".")[0] for each in fields if len(each) > column]
        for unit, (digits, _) in UNITS.items():
            self._in_unit[unit] += sum(len(text) in digits and text.isascii() and text.isdigit() for text in texts)

    def _repeated_headers(self, piece: bytes) -> int:
        if self._header not in piece:
            return 0
        return sum(line.removesuffix(b"\r") == self._header for line in piece.split(b"\n"))


def whole_lines(source: BinaryIO) -> Iterator[bytes]:
    """Read pieces that end with a line, or within one that is too long at any rate."""
    while piece := source.read(PIECE):
        yield piece if piece.endswith(b"\n") else piece + source.readline(MOST_BYTES + 1)


def check_text(name: str, piece: bytes, line: int) -> str:
    """Return whole lines as text; `line` is the number of the first.

    Raises:
        LakehouseError: they are no UTF-8, hold a NUL byte, or a carriage return that ends no line (exit code 3).
    """

    def number(position: int) -> int:
        return line + piece.count(b"\n", 0, position)

    if b"\0" in piece:
        what = f"holds a NUL byte in line {number(piece.index(0))}"
        raise refusal(name, what, "it is damaged, or no text; export it as CSV in UTF-8")
    alone = re.search(rb"\r(?!\n)", piece) if b"\r" in piece else None
    if alone:  # whoever reads the file would end a line there
        what = f"holds a carriage return within line {number(alone.start())}"
        raise refusal(name, what, "end each line with LF or CRLF")
    try:
        return piece.decode()
    except UnicodeDecodeError as error:
        raise refusal(name, f"is not UTF-8 in line {number(error.start)}", "export it as CSV in UTF-8") from error


def too_long(name: str, line: int) -> LakehouseError:
    """Return the refusal of a line of more than 64 KB."""
    return refusal(name, f"holds more than 64 KB in line {line}", "see whether its line ends are missing")


def unclosed(name: str, line: int) -> LakehouseError:
    """Return the refusal of a quote that opens a field of several lines, or none."""
    return refusal(name, f"opens a quote in line {line} that the line does not close", "a row must stand on one line")


def refusal(name: str, what: str, remedy: str) -> LakehouseError:
    """Return the error for a file that may not enter."""
    return LakehouseError(printable(f"{name} {what}."), remedy, Exit.REFUSED)


def printable(text: str) -> str:
    """Return a stranger's text as a terminal and a page can show it, without control characters."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _blank_lines(array: Bytes, starts: Positions) -> int:
    """Count the lines of nothing but spaces: those that `lakehouse.landed` passes over."""
    if not (array[starts] <= SPACE).any():
        return 0
    is_visible = (array != SPACE) & (array != RETURN) & (array != NEWLINE)
    return int(np.count_nonzero(~np.logical_or.reduceat(is_visible, starts)))


def _odd_lines(array: Bytes, quotes: Positions, ends: Positions) -> Positions:
    """Return the lines, counted from 0, with a quote that would open a field elsewhere than at its beginning."""
    opening = quotes[::2]
    is_odd = ~np.isin(array[opening - 1], (COMMA, NEWLINE))  # before the first byte stands, by index, the last newline
    return np.unique(np.searchsorted(ends, opening[is_odd]))


def _count_numbers(array: Bytes, begins: Positions, stops: Positions, width: int) -> int:
    """Count the texts of digits alone that are of a width, decimals behind a point aside."""
    is_long = stops - begins >= width
    begins, stops = begins[is_long], stops[is_long]
    begins = begins[(begins + width == stops) | (array[begins + width] == POINT)]
    texts = array[begins[:, np.newaxis] + np.arange(width)]
    return int(np.count_nonzero(((texts >= ZERO) & (texts <= NINE)).all(axis=1)))
