"""data.tables — published tables for SQL: gold in memory, shared by runs that show the same version; the rest by file.

A table is kept by (lake, name, id, version), with the columns that the pages ask for. What was not asked for longest
makes room once the budget is used up; a table that fits into no half of it is read from its files, as all that is not
gold is. Tables of `site` are made of gold here (data.derived), or read from where they are kept (data.kept).
"""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from threading import RLock
from typing import TYPE_CHECKING, Any

import duckdb
from deltalake import DeltaTable

from app.data.derived import DERIVED
from app.data.kept import Kept
from lakehouse.errors import Exit, LakehouseError
from lakehouse.storage import log, reading
from lakehouse.storage.store import Store

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

NAME = re.compile(r"\b(?:bronze|silver|gold|ml|site)\.[a-z]\w*\b")
IN_MEMORY = "gold."
BYTES_OF_A_VALUE = 8
DATASETS_KEPT = 32
DATABASE: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "enable_external_access": "false",  # its SQL reaches neither files nor the network
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


@dataclass(frozen=True)
class TableKey:
    """One version of one table of one lake."""

    lake: str
    name: str
    id: str
    version: int

    def __str__(self) -> str:
        """Return the name by which the database knows it."""
        return f"{self.name}@{self.version}@{self.id}@{self.lake}"


class OlderRelease(LakehouseError):
    """A page asks for a table or a column that this lake does not have yet."""

    def __init__(self, what: str) -> None:
        """Name what is missing, and the command that builds it."""
        message = f"This lake has no {what} yet; an older release built it."
        super().__init__(message, "lakehouse run", Exit.REFUSED)


class TableStore:
    """The tables of every lake that the site shows, in one database within one budget."""

    def __init__(self, columns: Mapping[str, Sequence[str]], budget_mb: int) -> None:
        """Keep nothing yet.

        Args:
            columns: table -> columns that the pages ask for; other columns are not read.
            budget_mb: mebibytes for all tables together.
        """
        self.columns = columns
        self._budget = budget_mb << 20
        self._lock = RLock()
        self._building: dict[TableKey, RLock] = {}
        self._datasets: OrderedDict[TableKey, Dataset] = OrderedDict()
        self._sizes: OrderedDict[TableKey, int] = OrderedDict()
        config = DATABASE | {"memory_limit": f"{2 * budget_mb + 64}MiB"}  # tables, and what queries need beside them
        self._database = duckdb.connect(":memory:", config=config)

    @property
    def kept(self) -> list[TableKey]:
        """The tables in memory, the one that was asked for last at the end."""
        return list(self._sizes)

    @property
    def used_bytes(self) -> int:
        """How much the tables in memory take, as estimated when they came."""
        return sum(self._sizes.values())

    def rows(
        self, store: Store, keys: Mapping[str, TableKey], sql: str, parameters: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Run SQL in which tables have their own names (`gold.funnel`), and return its rows.

        Args:
            store: the lake's, for what is not in memory.
            keys: table -> the version that is meant.
            sql: one statement with `$name` parameters.
            parameters: their values.

        Raises:
            OlderRelease: a table or a column is not there.
        """
        with closing(self._database.cursor()) as cursor:
            names = self._execute(cursor, store, keys, sql, parameters)
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def batches(
        self, store: Store, keys: Mapping[str, TableKey], sql: str, parameters: Mapping[str, Any], number: int
    ) -> Iterator[list[Any]]:
        """Run SQL as `rows` does; yield the names of the columns, then so many rows at a time, each a tuple."""
        with closing(self._database.cursor()) as cursor:
            yield self._execute(cursor, store, keys, sql, parameters)
            while found := cursor.fetchmany(number):
                yield found

    def load(self, store: Store, key: TableKey) -> bool:
        """Bring a table into memory if it is not there; return whether it is there now."""
        if not key.name.startswith(IN_MEMORY) and key.name not in DERIVED:
            return False
        if self._is_kept(key):
            return True
        with self._lock:
            building = self._building.setdefault(key, RLock())
        with building:  # whoever asks for this table waits for it; others do not
            return self._is_kept(key) or (self._derive(store, key) if key.name in DERIVED else self._read(store, key))

    def _is_kept(self, key: TableKey) -> bool:
        with self._lock:
            if key in self._sizes:
                self._sizes.move_to_end(key)
            return key in self._sizes

    def _read(self, store: Store, key: TableKey) -> bool:
        delta = store.delta(key.name, key.version)
        columns = self._columns(delta, key.name)
        size = sum(int(each["num_records"]) for each in log.files(delta)) * len(columns) * BYTES_OF_A_VALUE
        if size > self._budget / 2:
            return False
        with closing(self._database.cursor()) as cursor:
            cursor.register("incoming", reading.stream(delta, columns))
            cursor.execute(f'CREATE OR REPLACE TABLE "{key}" AS FROM incoming')
            cursor.unregister("incoming")
        self._keep(key, size)
        return True

    def _derive(self, store: Store, key: TableKey) -> bool:
        derived = DERIVED[key.name]
        kept = Kept(store.settings, key.name, (key.id, key.version), derived.sql)
        with closing(self._database.cursor()) as cursor:
            if derived.is_kept and (found := kept.read()) is not None:
                cursor.register("incoming", found)
                cursor.execute(f'CREATE OR REPLACE TABLE "{key}" AS FROM incoming')
                cursor.unregister("incoming")
            else:
                source = self._spell(cursor, store, replace(key, name=derived.source))
                made = NAME.sub(lambda _: source, derived.sql)
                cursor.execute(f'CREATE OR REPLACE TABLE "{key}" AS FROM ({made}) ORDER BY day')
                if derived.is_kept:
                    kept.write(cursor.sql(f'FROM "{key}"').to_arrow_table())
            (rows,) = cursor.execute(f'SELECT count(*) FROM "{key}"').fetchall()[0]
            columns = len(cursor.execute(f'DESCRIBE "{key}"').fetchall())
        self._keep(key, rows * columns * BYTES_OF_A_VALUE)
        return True

    def _keep(self, key: TableKey, size: int) -> None:
        with self._lock:
            self._make_room(size)
            self._sizes[key] = size
            self._building.pop(key, None)

    def _execute(
        self,
        cursor: duckdb.DuckDBPyConnection,
        store: Store,
        keys: Mapping[str, TableKey],
        sql: str,
        parameters: Mapping[str, Any],
    ) -> list[str]:
        for attempt in (1, 2):
            spelled = {name: self._provide(cursor, store, keys, name) for name in set(NAME.findall(sql))}
            try:
                cursor.execute(NAME.sub(lambda found: spelled[found[0]], sql), dict(parameters))  # noqa: B023
                break
            except duckdb.BinderException as error:
                raise OlderRelease(f"such column in {', '.join(sorted(spelled))} ({_first_line(error)})") from error
            except duckdb.CatalogException:  # a table made room for another just now
                if attempt == 2:
                    raise
        return [column[0] for column in cursor.description or []]

    def _provide(self, cursor: duckdb.DuckDBPyConnection, store: Store, keys: Mapping[str, TableKey], name: str) -> str:
        """Make a table readable for a cursor; return how SQL spells it."""
        source = DERIVED[name].source if name in DERIVED else name
        if source not in keys:
            raise OlderRelease(source)
        return self._spell(cursor, store, replace(keys[source], name=name))

    def _spell(self, cursor: duckdb.DuckDBPyConnection, store: Store, key: TableKey) -> str:
        if not self.load(store, key):
            cursor.register(str(key), self._dataset(store, key))
        return f'"{key}"'

    def _dataset(self, store: Store, key: TableKey) -> "Dataset":
        """Return a table by its files; to find them takes longer than to read a day."""
        with self._lock:
            found = self._datasets.get(key)
        if found is None:
            found = store.delta(key.name, key.version).to_pyarrow_dataset()
            with self._lock:
                self._datasets[key] = found
                while len(self._datasets) > DATASETS_KEPT:
                    self._datasets.popitem(last=False)
        return found

    def _columns(self, delta: DeltaTable, name: str) -> list[str]:
        """Return which of the wanted columns a table has, in its order; all if nobody said which."""
        there = [field.name for field in delta.schema().fields]
        wanted = self.columns.get(name)
        return [each for each in there if each in wanted] if wanted else there

    def _make_room(self, size: int) -> None:
        while self._sizes and self.used_bytes + size > self._budget:
            key, _ = self._sizes.popitem(last=False)
            with closing(self._database.cursor()) as cursor:
                cursor.execute(f'DROP TABLE IF EXISTS "{key}"')


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].removeprefix("Binder Error: ")
