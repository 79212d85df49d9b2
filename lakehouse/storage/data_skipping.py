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
    def observed(cls, table: Table, columns: Iterable[str], among: Column | None = None) -> list[Column]:
        """Return the aggregates that find the limits of columns by which the table is clustered, among some rows."""
        found: list[Column] = []
        for column, is_day in _clustered(table, columns).items():
            value = F.col(column) if among is None else F.when(among, F.col(column))
            days = [F.collect_set(value).alias(f"days_{column}")]
            found += days if is_day else [F.min(value).alias(f"min_{column}"), F.max(value).alias(f"max_{column}")]
        return found

    @classmethod
    def of(cls, table: Table, columns: Iterable[str], seen: Mapping[str, Any]) -> "Bounds":
        """Return the limits that the aggregates of `observed` saw."""
        clustered = _clustered(table, columns)
        days = {column: sorted(seen.get(f"days_{column}") or []) for column, is_day in clustered.items() if is_day}
        ranges = {column: (each[0], each[-1]) for column, each in days.items() if each}
        for column in (column for column, is_day in clustered.items() if not is_day):
            ranges[column] = (seen.get(f"min_{column}"), seen.get(f"max_{column}"))
        return cls({column: limits for column, limits in ranges.items() if limits[0] is not None}, days)

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

    def extent(self, table: DeltaTable) -> DataSize:
        """Return how much of a table may hold rows within the limits."""
        return log.extent_of(self.files(table))

    def _may_hold(self, file: Mapping[str, Any], column: str) -> bool:
        lowest, highest = file.get(f"min.{column}"), file.get(f"max.{column}")
        if lowest is None or highest is None:
            return True
        if column in self.days:
            return any(lowest <= day <= highest for day in self.days[column])
        least, most = (_zoned(limit) for limit in self.ranges[column])
        return bool(highest >= least and (most is None or lowest <= most))


def _clustered(table: Table, columns: Iterable[str]) -> dict[str, bool]:
    """Return those of the columns that the table is clustered by -> whether the column is a day."""
    types = {column.name: column.type for column in table.columns}
    return {column: types[column] == "DATE" for column in columns if column in table.cluster_by}


def _zoned(limit: Any) -> Any:
    return limit.replace(tzinfo=UTC) if isinstance(limit, datetime) else limit


def _literal(value: Any) -> str:
    if isinstance(value, datetime):
        return f"TIMESTAMP'{value.isoformat(sep=' ')}Z'"
    return f"DATE'{value}'" if isinstance(value, date) else str(value)
