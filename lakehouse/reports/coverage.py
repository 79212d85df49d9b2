"""reports.coverage — how far the stream of a lake reaches: its days that count, and the newest complete one."""

from datetime import UTC, date, datetime, timedelta

import duckdb

from lakehouse.completeness import TimeBounds, time_bounds
from lakehouse.lake import Lake
from lakehouse.storage import log
from lakehouse.storage.ledger import Run
from lakehouse.table import Table


def bounds(lake: Lake, run: Run) -> TimeBounds | None:
    """Return the bounds of the published table nearest to the landed files that is filtered by instants."""
    streams = ((table, _column(table, "TIMESTAMP")) for table in lake.tables.values() if table.name in run.versions)
    for table, instant in streams:
        if instant:
            query = f"SELECT {instant}::DATE, hour({instant}), count(*) FROM rows GROUP BY ALL"
            hours = _ask(lake, table.name, run.versions[table.name], query)
            return time_bounds({(day, hour): count for day, hour, count in hours}, run.ended_at)
    return None


def time_column(table: Table) -> str | None:
    """Return the column that tells how new a table's rows are: the instant, else the day that it is filtered by."""
    return _column(table, "TIMESTAMP") or _column(table, "DATE")


def newest(lake: Lake, name: str, version: int, column: str, bounds: TimeBounds | None) -> datetime | date | None:
    """Return the greatest value of a column within the bounds; rows are read only where the log does not tell."""
    known = [each.get(f"max.{column}") for each in log.files(lake.store.delta(name, version))]
    greatest = max((value for value in known if value is not None), default=None)
    if greatest is None or bounds is None:
        return _utc(greatest)
    day = greatest.date() if isinstance(greatest, datetime) else greatest
    if day <= bounds.last:
        return _utc(greatest)
    query = f"SELECT max({column}) FROM rows WHERE {column} < DATE '{bounds.last + timedelta(days=1)}'"
    return _utc(_ask(lake, name, version, query)[0][0])


def _column(table: Table, sql_type: str) -> str | None:
    types = {column.name: column.type for column in table.columns}
    return next((name for name in table.cluster_by if types[name] == sql_type), None)


def _ask(lake: Lake, name: str, version: int, query: str) -> list[tuple]:  # type: ignore[type-arg]
    rows = lake.store.delta(name, version).to_pyarrow_dataset()  # noqa: F841  (named in the query)
    with duckdb.connect(config={"TimeZone": "UTC"}) as database:
        return database.execute(query).fetchall()


def _utc(value: datetime | date | None) -> datetime | date | None:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
