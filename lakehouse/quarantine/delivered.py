"""quarantine.delivered — refused rows as the lines that they were, byte for byte.

A table keeps texts without their quotes. Of a file without any these are the line; in others it is looked up, as the
landed file lies unchanged: of lines that say the same, any stands for any.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from lakehouse.landing.lines import Layout, Row, read_lines, text_of
from lakehouse.landing.receipts import Receipt
from lakehouse.storage.folder import ReadableFile


def lines_of(path: ReadableFile, receipt: Receipt, delivered: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Return the lines of a landed file that rows were, without their ends.

    Args:
        path: the landed file.
        receipt: what is known of it.
        delivered: the columns that the contract names.
        rows: what the lines say.

    Returns:
        A line for each row; one that says the same where the file has it no more.
    """
    layout, found = Layout(receipt.header, delivered), dict[int, str]()
    if receipt.has_quotes:
        waiting: dict[Row | None, list[int]] = defaultdict(list)
        for place in reversed(range(len(rows))):
            waiting[rows[place]].append(place)
        with suppress(FileNotFoundError):
            for line in map(text_of, read_lines(path)):
                places = waiting.get(layout.read(line))
                if places:
                    found[places.pop()] = line
                    if len(found) == len(rows):
                        break
    return [found[place] if place in found else layout.compose(row) for place, row in enumerate(rows)]
