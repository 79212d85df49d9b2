"""storage.data_skipping — literal limits of what an increment touches: by them files are passed over."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from deltalake import DeltaTable
from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.storage import log
from lakehouse.storage.log import DataSize
from lakehouse.table import Table


@dataclass(frozen=True)
class Bounds:
    """Limits of columns; none at all limits nothing.

    Attributes:
        ranges: column -> lowest and highest value, None where there is no highest.
        days: column -> all its values, where they are days.
    """

    ranges: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    days: Mapping[str, list[date]] = field(default_factory=dict)

    @classmethod
    def measured_columns(cls, table: Table, columns: Iterable[str], among: Column | None = None) -> dict[str, Column]:
        """Return the columns by which the table is clustered, as the writer shall find their limits among some rows."""
        chosen = (column for column in columns if column in table.cluster_by)
        return {column: F.col(column) if among is None else F.when(among, F.col(column)) for column in chosen}

    @classmethod
    def of(cls, found: Mapping[str, list[Any]]) -> "Bounds":
        """Return the limits that the writer found: of a day all values, of others the lowest and the highest."""
        known = {column: values for column, values in found.items() if values}
        days = {column: values for column, values in found.items() if not values or _is_day(values[0])}
        return cls({column: (values[0], values[-1]) for column, values in known.items()}, days)

    def among(self, columns: Collection[str]) -> "Bounds":
        """Return the limits of these columns alone."""
        ranges = {column: limits for column, limits in self.ranges.items() if column in columns}
        return Bounds(ranges, {column: days for column, days in self.days.items() if column in columns})

    def are_exact(self, columns: Collection[str]) -> bool:
        """Say whether the days named here are the very values of all the columns."""
        return set(columns) == set(self.days)

    def predicate(self) -> Column:
        """Return the limits as a filter of literals."""
        return F.expr(self.sql())

    def sql(self) -> str:
        """Return the limits as SQL of literals."""
        parts = []
        for column, (lowest, highest) in self.ranges.items():
            if column in self.days:
                parts.append(f"{column} IN ({', '.join(map(_literal, self.days[column]))})")
            else:
                parts.append(f"{column} >= {_literal(lowest)}")
                parts += [f"{column} <= {_literal(highest)}"] if highest is not None else []
        return " AND ".join(parts) or "true"

    def files(self, table: DeltaTable) -> list[dict[str, Any]]:
        """Return what the log says of the files of a table that may hold rows within the limits."""
        return [each for each in log.files(table) if all(self._may_hold(each, column) for column in self.ranges)]

    def size(self, table: DeltaTable) -> DataSize:
        """Return how much of a table may hold rows within the limits."""
        return log.size_of(self.files(table))

    def _may_hold(self, file: Mapping[str, Any], column: str) -> bool:
        lowest, highest = file.get(f"min.{column}"), file.get(f"max.{column}")
        if lowest is None or highest is None:
            return True
        if column in self.days:
            return any(lowest <= day <= highest for day in self.days[column])
        least, most = (_zoned(limit) for limit in self.ranges[column])
        return bool(highest >= least and (most is None or lowest <= most))


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _zoned(limit: Any) -> Any:
    return limit.replace(tzinfo=UTC) if isinstance(limit, datetime) and limit.tzinfo is None else limit


def _literal(value: Any) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMP'{_zoned(value).astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}Z'"
    return f"DATE'{value}'" if isinstance(value, date) else str(value)
