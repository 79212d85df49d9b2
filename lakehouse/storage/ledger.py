"""storage.ledger — the ledger: what each run read, wrote and refused; its newest published row is the set to read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pyarrow as pa

from lakehouse.storage import lake_format, log, small_tables
from lakehouse.storage.ledger_rows import (
    SCHEMA,
    Built,
    Discarded,
    Result,
    Run,
    State,
    advance,
    row_of,
    run_of,
    state_of,
)
from lakehouse.storage.store import Store

__all__ = ["LEDGER", "Built", "Ledger", "Result", "Run", "State", "new_run_id", "now"]

LEDGER = "ledger"
MOST_FILES = 50  # each row comes as a file of its own
COLUMNS = ", ".join(name for name in SCHEMA.names if name != "state")


class Ledger:
    """The ledger of a lake: an append-only Delta table. What a start asks for is in its newest row."""

    def __init__(self, store: Store) -> None:
        """Look at the lake's ledger; it is made by the first row."""
        self.store = store
        self._seen: tuple[object, State, Run | None] = (None, State(), None)

    def state(self) -> State:
        """Return how the lake stands after the newest row."""
        return self._newest()[0]

    def published(self) -> Run | None:
        """Return the newest published row, or None while there is none."""
        return self._newest()[1]

    def built(self) -> dict[str, Built]:
        """Return how the last run that finished each table left it, also where that run published nothing."""
        return dict(self.state().built)

    def runs(self, newest: int | None = None) -> list[Run]:
        """Return the rows, or some of the newest, in the order in which they were recorded."""
        if self._is_unnumbered():
            rows = [run for run, _ in self._number_runs()]
            return rows if newest is None else rows[-newest:]
        return self._rows("true" if newest is None else f"number > {self.state().number - newest}")

    def names(self) -> list[tuple[int, str]]:
        """Return number and id of every run, in the order in which they were recorded."""
        if self._is_unnumbered():
            return [(run.number, run.run_id) for run in self.runs()]
        rows = self._query("number, run_id")
        return sorted((row["number"], row["run_id"]) for row in rows)

    def run(self, number: int) -> Run:
        """Return the row of a number."""
        if self._is_unnumbered():
            return next(run for run in self.runs() if run.number == number)
        return self._rows(f"number = {number}")[0]

    def newest_asked(self) -> Run | None:
        """Return the newest row of a run; other commands leave rows, too, but are not asked to build."""
        for count in (1, 20, None):  # it is nearly always the newest row
            found = [run for run in self.runs(count) if "full_refresh" in run.request]
            if found:
                return found[-1]
        return None

    def has_run(self, run_id: str) -> bool:
        """Say whether a run was recorded."""
        return bool(self._query("run_id", f"run_id = '{run_id}'"))

    def latest_results(self) -> dict[str, Result]:
        """Return for each table what the newest published run that built it did."""
        by = self.state().built_by
        runs = {number: self.run(number) for number in set(by.values())}
        return {table: next(each for each in runs[by[table]].results if each.table == table) for table in by}

    def discarded(self, table: str) -> Discarded:
        """Return which refused rows of a table were discarded: landed file and rules broken -> rows."""
        found: Discarded = {}
        for row in self.state().discarded.get(table, []):
            key = row["file"], tuple(row["rules"])
            found[key] = found.get(key, 0) + row["rows"]
        return found

    def record(self, run: Run) -> Run:
        """Add a row, and return it with its number. Call it under the lake's lock.

        A published row is the publication itself: before it, readers see none of the run.
        """
        lake_format.write(self.store.settings)
        if self._is_unnumbered():
            small_tables.append(
                self.store, LEDGER, _table([row_of(*each) for each in self._number_runs()]), is_anew=True
            )
        elif self.store.exists(LEDGER) and len(log.files(self.store.delta(LEDGER))) >= MOST_FILES:
            small_tables.compact(self.store, LEDGER)  # before the row: once that is written, nothing may fail any more
        state, before = self._newest()
        numbered = replace(run, number=state.number + 1)
        small_tables.append(self.store, LEDGER, _table([row_of(numbered, advance(state, numbered, before))]))
        return numbered

    def _newest(self) -> tuple[State, Run | None]:
        """Return the state after the newest row, and the newest published row; both are asked for again and again."""
        lake_format.check(self.store.settings)
        if not self.store.exists(LEDGER):
            return State(), None
        delta = self.store.delta(LEDGER)
        mark = delta.metadata().id, delta.version()
        if self._seen[0] != mark:
            self._seen = mark, *self._look()
        return self._seen[1:]

    def _look(self) -> tuple[State, Run | None]:
        if self._is_unnumbered():
            rows = self._number_runs()
            published = [run for run, _ in rows if run.status == "published"]
            return rows[-1][1] if rows else State(), published[-1] if published else None
        highest = max(int(each["max.number"]) for each in log.files(self.store.delta(LEDGER)))
        (row,) = self._query("*", f"number = {highest}")
        state = state_of(row)
        if not state.published:
            return state, None
        return state, run_of(row) if state.published == highest else self._rows(f"number = {state.published}")[0]

    def _rows(self, where: str) -> list[Run]:
        return sorted((run_of(row) for row in self._query(COLUMNS, where)), key=lambda run: run.number)

    def _query(self, columns: str, where: str = "true") -> list[dict[str, Any]]:
        return self.store.records(LEDGER, columns, where) if self.store.exists(LEDGER) else []

    def _is_unnumbered(self) -> bool:
        """Say whether an earlier release wrote the ledger: its rows have no number, and carry no state."""
        if not self.store.exists(LEDGER):
            return False
        return "number" not in [each.name for each in self.store.delta(LEDGER).schema().fields]

    def _number_runs(self) -> list[tuple[Run, State]]:
        """Number the rows of an earlier release by their end, and find how the lake stood after each."""
        state, published = State(), None
        found: list[tuple[Run, State]] = []
        for run in sorted((run_of(row) for row in self._query("*")), key=lambda run: run.ended_at):
            numbered = replace(run, number=len(found) + 1)
            state = advance(state, numbered, published)
            published = numbered if numbered.status == "published" else published
            found.append((numbered, state))
        return found


def _table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), SCHEMA)


def new_run_id() -> str:
    """Return an id that begins with its start."""
    return f"{now():%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"


def now() -> datetime:
    """Return this instant, UTC."""
    return datetime.now(UTC)
