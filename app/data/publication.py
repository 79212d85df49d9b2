"""data.publication — what a lake has published, newest or by number; what is shown together comes from one run."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from threading import Lock, Thread
from typing import Any

import duckdb
from deltalake.exceptions import DeltaError

from app.data.derived import DERIVED
from app.data.saved import Saved
from app.data.serving import NotServed, Served, Serving
from app.data.tables import TableKey, TableStore
from lakehouse.completeness import TimeBounds, time_bounds
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from lakehouse.storage.ledger import LEDGER, Ledger, Run
from lakehouse.storage.store import Store

SECONDS_BETWEEN_LOOKS = 3.0
# A stream of rows that ends in an error is an input error to the database.
UNREADABLE = (DeltaError, OSError, duckdb.InvalidInputException, duckdb.IOException)
FROZEN_KEPT = 4  # publications of earlier runs that frozen links asked for

log = logging.getLogger("app")


@dataclass(frozen=True)
class Publication:
    """One published set of tables.

    Attributes:
        lake: the name under which the site offers the lake.
        run: the row of the ledger that names the set.
        store: the lake's.
        tables: where queries run.
    """

    lake: str
    run: Run
    store: Store = field(repr=False)
    tables: TableStore = field(repr=False)
    _columns: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def built_at(self) -> datetime:
        """When its run ended, UTC."""
        return self.run.ended_at

    @property
    def versions(self) -> Mapping[str, int]:
        """Table -> version."""
        return self.run.versions

    @cached_property
    def keys(self) -> dict[str, TableKey]:
        """Table -> what is meant by its name."""
        ids = self.run.ids
        return {
            name: TableKey(self.lake, name, ids.get(name) or self.store.id(name), version)
            for name, version in self.versions.items()
        }

    @cached_property
    def bounds(self) -> TimeBounds | None:
        """The days of its events, a few stray ones aside; None where it holds no event."""
        sql = "SELECT event_date, event_hour, sum(num_events) AS events FROM gold.activity GROUP BY ALL"
        hours = {(row["event_date"], row["event_hour"]): int(row["events"]) for row in self.rows(sql)}
        return time_bounds(hours, self.built_at)

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

    def has(self, table: str, column: str) -> bool:
        """Say whether a table of this set has a column; an older release's may lack it."""
        if table not in self.keys:
            return False
        if table not in self._columns:
            fields = self.store.delta(table, self.versions[table]).schema().fields
            self._columns[table] = frozenset(each.name for each in fields)
        return column in self._columns[table]

    def rows(self, sql: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run SQL over this set, with `$name` parameters, and return its rows.

        Raises:
            OlderRelease: a table or a column is not there.
            LakehouseError: files of a table are gone (exit code 3).
        """
        try:
            return self.tables.rows(self.store, self.keys, sql, parameters)
        except UNREADABLE as error:
            raise self._unreadable() from error

    def batches(self, sql: str, number: int, **parameters: Any) -> Iterator[list[Any]]:
        """Run SQL as `rows` does; yield the names of the columns, then so many rows at a time, each a tuple."""
        try:
            yield from self.tables.batches(self.store, self.keys, sql, parameters, number)
        except UNREADABLE as error:
            raise self._unreadable() from error

    def _unreadable(self) -> LakehouseError:
        log.exception("Tables of run %s cannot be read.", self.run.run_id)
        when = f"{self.built_at:%-d %b %Y %H:%M} UTC"
        message = (
            f"The tables of run {self.run.number}, built {when}, cannot be read: vacuum removed their "
            f"files, or they are damaged."
        )
        return LakehouseError(message, "open the newest run", Exit.REFUSED)


class Published:
    """The publications of one lake. A page takes one, so that no page mixes two runs."""

    def __init__(
        self, name: str, settings: Settings, tables: TableStore, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Look at the lake that the settings name; nothing is read yet."""
        self.name = name
        self.settings = settings
        self.store = Store(settings)
        self.ledger = Ledger(self.store)
        self.problem = ""
        self.saved = Saved(settings.lake_path)
        self.serving = Serving(settings)
        self._tables = tables
        self._clock = clock
        self._lock = Lock()
        self._ledger_seen: tuple[str, int] | None = None
        self._looked_at = float("-inf")
        self._newest: Publication | None = None
        self._frozen: OrderedDict[int, Publication] = OrderedDict()

    def current(self) -> Publication | None:
        """Return the newest publication in memory at once; look for a newer one in the background now and then."""
        if self._clock() - self._looked_at > SECONDS_BETWEEN_LOOKS and not self._lock.locked():
            Thread(target=self.refresh, name="publication", daemon=True).start()
        return self._newest

    def served(self) -> Served:
        """Return what the newest publication serves: recommendations, and facts to score by.

        Raises:
            NotServed: nothing is published, it is of an older release, or it is not loaded yet.
        """
        shown = self.current()
        if shown is None:
            raise NotServed("This lake has published nothing yet.", "lakehouse run")
        return self.serving.served(shown.run, shown.keys)

    @property
    def shown(self) -> str:
        """What a browser compares: which run of which lake is shown, which notes and model; if a newer fails."""
        number, state = self._newest.run.number if self._newest else "", "stale" if self.problem else ""
        return f"{self.name}:{number}:{state}:{self.saved.revision}:{self.serving.names}"

    def at(self, number: int) -> Publication:
        """Return what the run of a number published.

        Raises:
            LakehouseError: no such run, or it published nothing (exit code 2).
        """
        if self._newest and self._newest.run.number == number:
            return self._newest
        if number not in self._frozen:
            runs = {run: run_id for run, run_id in self.ledger.names()}
            run = self.ledger.run(number) if number in runs else None
            if run is None or run.status != "published":
                message = (
                    f"Run {number} of this lake does not exist." if run is None else f"Run {number} published nothing."
                )
                raise LakehouseError(message, "open the newest run", Exit.USAGE)
            self._frozen[number] = self._publication(run)
            while len(self._frozen) > FROZEN_KEPT:
                self._frozen.popitem(last=False)
        return self._frozen[number]

    def refresh(self) -> None:
        """Load what was published since the last look. What cannot be read leaves the former set in place."""
        with self._lock:
            self._looked_at = self._clock()
            try:
                self._refresh()
                self.problem = ""
            except Exception as error:
                self.problem = (
                    str(error) if isinstance(error, LakehouseError) else f"{type(error).__name__}, see the site's log"
                )
                log.exception("The newest publication cannot be read; the former one stays.")

    def _refresh(self) -> None:
        if not self.store.exists(LEDGER):
            return
        ledger = self.store.delta(LEDGER)
        seen = str(ledger.metadata().id), ledger.version()
        if seen == self._ledger_seen:
            return
        run = self.ledger.published()
        is_whole = run is not None and "gold.activity" in run.versions  # a first run may build some tables only
        if run is not None and is_whole and (self._newest is None or self._newest.run.run_id != run.run_id):
            self._newest = self._load(self._publication(run))
            self.serving.follow(run, self._newest.keys)
        self._ledger_seen = seen

    def _publication(self, run: Run) -> Publication:
        return Publication(self.name, run, self.store, self._tables)

    def _load(self, publication: Publication) -> Publication:
        """Read what every page needs, and what the former set had in memory, before anybody sees the new one."""
        _ = publication.bounds
        for key in [each for each in self._tables.kept if each.lake == self.name]:
            source = DERIVED[key.name].source if key.name in DERIVED else key.name
            if (
                self._newest
                and source in publication.keys
                and replace(key, name=source) == self._newest.keys.get(source)
            ):
                self._tables.load(self.store, replace(publication.keys[source], name=key.name))
        return publication
