"""reports.coverage — how far the stream of a lake reaches: its days that count, and the newest complete one."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb

from lakehouse.completeness import TimeBounds, time_bounds
from lakehouse.lake import Lake
from lakehouse.storage import log
from lakehouse.storage.ledger import Run
from lakehouse.table import Table

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bounds(lake: Lake, run: Run) -> TimeBounds | None:
    """Return the bounds of the published table nearest to the landed files that is filtered by instants."""
    streams = ((table, _column(table, "TIMESTAMP")) for table in lake.tables.values() if table.name in run.versions)
    for table, instant in streams:
        if instant:
            query = f"SELECT epoch_ms({instant}) // 3600000, count(*) FROM rows GROUP BY ALL"
            counts = _ask(lake, table.name, run.versions[table.name], query)
            hours = [(EPOCH + timedelta(hours=hour), count) for hour, count in counts]
            return time_bounds({(hour.date(), hour.hour): count for hour, count in hours}, run.ended_at)
    return None


def time_column(table: Table) -> str | None:
    """Return the column that says how new a table's rows are: the instant, else the day that it is filtered by."""
    return _column(table, "TIMESTAMP") or _column(table, "DATE")


def newest(lake: Lake, name: str, version: int, column: str, bounds: TimeBounds | None) -> datetime | date | None:
    """Return the greatest value of a column within the bounds; rows are read only where the log does not say."""
    known = [each.get(f"max.{column}") for each in log.files(lake.store.delta(name, version))]
    greatest = max((value for value in known if value is not None), default=None)
    if greatest is None or bounds is None:
        return _utc(greatest)
    day = greatest.date() if isinstance(greatest, datetime) else greatest
    if day <= bounds.last:
        return _utc(greatest)
    if not isinstance(greatest, datetime):
        query = f"SELECT max({column}) FROM rows WHERE {column} <= DATE '{bounds.last}'"
        day_within: date | None = _ask(lake, name, version, query)[0][0]
        return day_within
    end = (datetime.combine(bounds.last, time(), UTC) + timedelta(days=1) - EPOCH) // timedelta(milliseconds=1)
    query = f"SELECT max(epoch_us({column})) FROM rows WHERE epoch_ms({column}) < {end}"
    micros = _ask(lake, name, version, query)[0][0]
    return None if micros is None else EPOCH + timedelta(microseconds=micros)


def _column(table: Table, sql_type: str) -> str | None:
    types = {column.name: column.type for column in table.columns}
    return next((name for name in table.cluster_by if types[name] == sql_type), None)


def _ask(lake: Lake, name: str, version: int, query: str) -> list[tuple[Any, ...]]:
    rows = lake.store.delta(name, version).to_pyarrow_dataset()  # noqa: F841  (named in the query)
    with duckdb.connect() as database:
        return database.execute(query).fetchall()


def _utc(value: datetime | date | None) -> datetime | date | None:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
