"""landing.retraction — take a landed file back: its receipt is marked, its rows leave the bronze table by the next run.

The receipt keeps its number, and the file stays where it lies: `erase` and `export` still see it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.errors import Exit, LakehouseError
from lakehouse.landing.receipts import Landing, Receipt


def check(landing: Landing, number: int) -> Receipt:
    """Return the receipt of a file that can be taken back.

    Raises:
        LakehouseError: there is no such receipt, or its file was taken back before (exit code 2).
    """
    if number not in [each.number for each in landing.entries()]:
        raise LakehouseError(f"There is no receipt {number}.", "lakehouse receipts lists them", Exit.USAGE)
    receipt = landing.receipt(number)
    if receipt.retracted_at:
        message = f"Receipt {number} ({receipt.name}) was taken back at {receipt.retracted_at}: {receipt.reason}"
        raise LakehouseError(message, "lakehouse run brings the tables up to date", Exit.USAGE)
    return receipt


def mark(landing: Landing, number: int, reason: str) -> Receipt:
    """Write durably into a receipt that its file is taken back, and why.

    Raises:
        LakehouseError: there is no such receipt, or its file was taken back before (exit code 2).
    """
    with landing.exclusive():
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        receipt = replace(check(landing, number), retracted_at=at, reason=reason)
        landing.add(receipt)
    return receipt


def pending(landing: Landing, kind: str, consumed: int, done: Iterable[int]) -> list[Receipt]:
    """Return the receipts that were taken back and whose rows a bronze table holds.

    Args:
        landing: the lake's landing folder.
        kind: of the table.
        consumed: the highest number that the table took up; a receipt above it is just passed over.
        done: numbers whose rows have left the table.
    """
    numbers = {each.number for each in landing.entries(kind) if each.is_retracted and each.number <= consumed}
    return [landing.receipt(number) for number in sorted(numbers - set(done))]


def without(receipts: Sequence[Receipt]) -> Callable[[pa.Table], pa.Table]:
    """Return a function that takes the rows of receipts out of a bronze table's; where it holds none, the very same."""

    def kept(rows: pa.Table) -> pa.Table:
        files, instants = rows["_source_file"], rows["_ingested_at"].cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        theirs = [
            pc.and_(pc.equal(files, file), pc.equal(instants, at)) for file, at in (each.source for each in receipts)
        ]
        gone = reduce(pc.or_, theirs)
        return rows.filter(pc.invert(gone)) if pc.any(gone).as_py() else rows

    return kept
