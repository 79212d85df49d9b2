"""data.database — one small SQLite file beside a lake's tables, its owner's alone: words in it can name a person."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.errors import Exit, LakehouseError

BUSY_SECONDS = 10.0


@dataclass(frozen=True)
class Database:
    """A file that comes with the first thing that is written into it.

    Attributes:
        path: of the file.
        schema: its tables, each created if it is not there.
        holds: what it holds, and its name, as a sentence about it begins.
        remedy: what mends trouble with it.
    """

    path: Path
    schema: str
    holds: str
    remedy: str

    @property
    def is_there(self) -> bool:
        """Whether anything was written into it yet."""
        return self.path.is_file() and self.path.stat().st_size > 0

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query; none where nothing was written yet.

        Raises:
            LakehouseError: it cannot be read (exit code 4).
        """
        if not self.is_there:
            return []
        mode = "rw" if os.access(self.path, os.W_OK) else "ro"  # what a killed writer left half is rolled back by it
        address = f"{self.path.as_uri()}?mode={mode}"
        with self._told(), closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that no other one can come between.

        Raises:
            LakehouseError: it cannot be written (exit code 4).
        """
        with self._told():
            if not self.path.is_file():
                os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
            connecting = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            with closing(connecting) as connection:
                connection.executescript(self.schema)
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            message = f"{self.holds}, cannot be used: {error}."
            raise LakehouseError(message, self.remedy, Exit.ENVIRONMENT) from error
