"""reports.text — rows and sizes as a terminal shows them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

UNITS = ("B", "kB", "MB", "GB", "TB")


def grid(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as aligned columns below their heads; numbers stand to the right."""
    body = [list(row) for row in rows]
    is_number = [all(isinstance(row[i], int) for row in body) and bool(body) for i in range(len(heads))]
    cells = [list(heads), *[[_cell(value) for value in row] for row in body]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    lines = [
        "  ".join(
            f"{cell:>{width}}" if right else f"{cell:<{width}}"
            for cell, width, right in zip(row, widths, is_number, strict=True)
        )
        for row in cells
    ]
    return "\n".join(line.rstrip() for line in lines)


def size(count: int) -> str:
    """Return a number of bytes in the unit that suits it."""
    amount = float(count)
    for unit in UNITS:
        if amount < 1000 or unit == UNITS[-1]:
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def several(count: int, thing: str) -> str:
    """Return a count and its thing: `1 row`, `2 rows`."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:,}" if isinstance(value, int) else str(value)
