"""app.data — the published gold tables, in memory; what is shown together comes from one run."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from threading import Lock, Thread
from typing import Any

import duckdb

from lakehouse.completeness import TimeBounds, time_bounds
from lakehouse.settings import Settings
from lakehouse.storage.ledger import LEDGER, Ledger, Run
from lakehouse.storage.store import Store

TABLES = ("gold.activity", "gold.daily_kpis", "gold.funnel", "gold.visitor_days")
SECONDS_BETWEEN_LOOKS = 3.0
DATABASE: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "enable_external_access": "false",  # its SQL reaches neither files nor the network
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

log = logging.getLogger("app")


@dataclass(frozen=True)
class Publication:
    """One published set of tables.

    Attributes:
        run_id: the row of the ledger that names the set.
        built_at: when that run ended, UTC.
        versions: table -> version.
        bounds: the days of its events, a few stray ones aside; None where it holds no event.
        database: where the tables lie; a query takes a cursor of its own.
        catalog: the database's catalog that holds this set.
    """

    run_id: str
    built_at: datetime
    versions: Mapping[str, int]
    bounds: TimeBounds | None
    database: duckdb.DuckDBPyConnection
    catalog: str

    @property
    def first_day(self) -> date | None:
        """The first day; None where there is none."""
        return self.bounds.first if self.bounds else None

    @property
    def last_day(self) -> date | None:
        """The day at which ranges end: the newest complete one, or the newest where none is complete."""
        return (self.bounds.complete or self.bounds.last) if self.bounds else None

    @property
    def newest_day(self) -> date | None:
        """The newest day; `last_day`, or later and incomplete."""
        return self.bounds.last if self.bounds else None

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run SQL over this set, with `$name` parameters, and return its rows."""
        cursor = self.database.cursor()
        cursor.execute(f"USE {self.catalog}")
        result = cursor.execute(sql, parameters)
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


class Published:
    """The newest publication of a lake. A page takes it once, so that no page mixes two runs."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Look at the lake that the settings name; nothing is read yet."""
        self._store = Store(settings)
        self._ledger = Ledger(self._store)
        self._clock = clock
        self._lock = Lock()
        self._database = duckdb.connect(":memory:", config=DATABASE)
        self._ledger_seen: tuple[str, int] | None = None
        self._looked_at = float("-inf")
        self._kept: list[Publication] = []
        self.problem = ""

    def current(self) -> Publication | None:
        """Return the newest publication in memory at once; look for a newer one in the background now and then."""
        if self._clock() - self._looked_at > SECONDS_BETWEEN_LOOKS and not self._lock.locked():
            Thread(target=self.refresh, name="publication", daemon=True).start()
        return self._kept[-1] if self._kept else None

    def refresh(self) -> None:
        """Load what was published since the last look. What cannot be read leaves the former set in place."""
        with self._lock:
            self._looked_at = self._clock()
            try:
                self._refresh()
                self.problem = ""
            except Exception as error:
                self.problem = f"{type(error).__name__} while reading the newest publication"
                log.exception("The newest publication cannot be read; the former one stays.")

    def _refresh(self) -> None:
        if not self._store.exists(LEDGER):
            return
        ledger = self._store.delta(LEDGER)
        seen = str(ledger.metadata().id), ledger.version()
        if seen == self._ledger_seen:
            return
        run = self._ledger.published()
        is_whole = run is not None and run.versions.keys() >= set(TABLES)  # a first run may build some tables only
        if run is not None and is_whole and (not self._kept or self._kept[-1].run_id != run.run_id):
            self._kept.append(self._load(run))
            self._forget()
        self._ledger_seen = seen

    def _load(self, run: Run) -> Publication:
        """Bring the run's tables into memory; those of a version that is there already are shared."""
        catalog = "run_" + run.run_id.replace("-", "_")
        database = self._database.cursor()
        database.execute(f"ATTACH IF NOT EXISTS ':memory:' AS {catalog}")
        database.execute(f"CREATE SCHEMA IF NOT EXISTS {catalog}.gold")
        for name in TABLES:
            delta = self._store.delta(name, run.versions[name])
            kept = f'memory.main."{name}@{run.versions[name]}@{delta.metadata().id}"'
            database.register("incoming", delta.to_pyarrow_table())
            database.execute(f"CREATE TABLE IF NOT EXISTS {kept} AS FROM incoming")
            database.unregister("incoming")
            database.execute(f"CREATE OR REPLACE VIEW {catalog}.{name} AS FROM {kept}")
        bounds = _bounds(database, catalog, run.ended_at)
        return Publication(run.run_id, run.ended_at, run.versions, bounds, self._database, catalog)

    def _forget(self) -> None:
        """Drop the set before the former one: a page that takes long may still read the former."""
        while len(self._kept) > 2:
            self._database.execute(f"DETACH {self._kept.pop(0).catalog}")
        views = self._database.execute("SELECT sql FROM duckdb_views() WHERE NOT internal").fetchall()
        used = "".join(sql for (sql,) in views)
        kept = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'memory'"
        for (table,) in self._database.execute(kept).fetchall():
            if table not in used:
                self._database.execute(f'DROP TABLE memory.main."{table}"')


def _bounds(database: duckdb.DuckDBPyConnection, catalog: str, published_at: datetime) -> TimeBounds | None:
    hours = database.execute(
        f"SELECT event_date, event_hour, sum(num_events) FROM {catalog}.gold.activity GROUP BY ALL"
    )
    return time_bounds({(day, hour): int(events) for day, hour, events in hours.fetchall()}, published_at)
