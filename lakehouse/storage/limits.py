"""storage.limits — the lowest and the highest value of columns, of days all values; found in Arrow, for the log."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


class Limits:
    """What was seen of some columns so far.

    Attributes:
        values: column -> its lowest and highest value, of a DATE every value; empty where all were NULL.
    """

    def __init__(self) -> None:
        """Begin."""
        self.values: dict[str, list[Any]] = {}

    def see(self, columns: Mapping[str, pa.ChunkedArray]) -> None:
        """See further rows."""
        for name, column in columns.items():
            if pa.types.is_date(column.type):
                found = [each for each in pc.unique(column).to_pylist() if each is not None]
            else:
                found = [each for each in pc.min_max(column).as_py().values() if each is not None]
            self.values[name] = self.merge([self.values.get(name, []), found])

    def statistics(self) -> dict[str, Any]:
        """Return them as Delta's log keeps them."""
        known = {column: values for column, values in self.values.items() if values}
        return {
            "minValues": {column: _plain(values[0]) for column, values in known.items()},
            "maxValues": {column: _plain(values[-1]) for column, values in known.items()},
        }

    @staticmethod
    def merge(parts: Iterable[list[Any]]) -> list[Any]:
        """Return the limits of all rows, given those of parts of them."""
        values = sorted({value for part in parts for value in part})
        is_day = bool(values) and isinstance(values[0], date) and not isinstance(values[0], datetime)
        return values if is_day or len(values) < 2 else [values[0], values[-1]]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
    return value if isinstance(value, int) else str(value)
