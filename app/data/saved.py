"""data.saved — what readers leave in a lake: views under a name, and dated notes on cards. One SQLite file beside it.

It names no version of a table and is none: runs, publications and maintenance never touch it.
"""

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from app.data.database import Database
from lakehouse.errors import Exit, LakehouseError

FILE = "site.sqlite"
MOST = 500  # views, and notes, of a lake
SCHEMA = """
    CREATE TABLE IF NOT EXISTS views (name TEXT PRIMARY KEY, path TEXT NOT NULL, query TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, card TEXT NOT NULL, day TEXT NOT NULL, words TEXT NOT NULL);
"""


@dataclass(frozen=True)
class View:
    """A page with its choices, under a name."""

    name: str
    path: str
    query: str


@dataclass(frozen=True)
class Note:
    """Words that a reader left on a card about a day."""

    id: int
    card: str
    day: date
    words: str


class Saved:
    """The views and notes of one lake."""

    def __init__(self, lake: Path) -> None:
        """Look at the folder of a lake; the file comes with the first view or note."""
        holds = f"The saved views and notes of this lake, {FILE}"
        self._database = Database(lake.absolute() / FILE, SCHEMA, holds, "lakehouse doctor")

    @property
    def revision(self) -> str:
        """Return another text whenever the notes are others; empty where they cannot be read."""
        with suppress(LakehouseError):
            found = self._database.rows(
                "SELECT coalesce(max(seq), 0), (SELECT count(*) FROM notes) FROM sqlite_sequence"
            )
            return "{}.{}".format(*found[0]) if found else "0.0"
        return ""

    def views(self) -> list[View]:
        """Return the views by name."""
        return [
            View(*row)
            for row in self._database.rows("SELECT name, path, query FROM views ORDER BY name COLLATE NOCASE")
        ]

    def notes(self, card: str) -> list[Note]:
        """Return the notes of a card by day; none where they cannot be read, which the list of views tells."""
        with suppress(LakehouseError):
            rows = self._database.rows("SELECT id, card, day, words FROM notes WHERE card = ? ORDER BY day, id", card)
            return [Note(number, name, date.fromisoformat(day), words) for number, name, day, words in rows]
        return []

    def save_view(self, view: View) -> None:
        """Keep a view; one of that name gives way.

        Raises:
            LakehouseError: there are too many (exit code 2), or the lake cannot be written (exit code 4).
        """
        with self._database.writing() as connection:
            self._require_room(connection, "views")
            connection.execute("INSERT OR REPLACE INTO views VALUES (?, ?, ?)", (view.name, view.path, view.query))

    def remove_view(self, name: str) -> bool:
        """Remove a view; say whether there was one."""
        with self._database.writing() as connection:
            return connection.execute("DELETE FROM views WHERE name = ?", (name,)).rowcount > 0

    def add_note(self, card: str, day: date, words: str) -> int:
        """Keep a note; return its number.

        Raises:
            LakehouseError: there are too many (exit code 2), or the lake cannot be written (exit code 4).
        """
        with self._database.writing() as connection:
            self._require_room(connection, "notes")
            insert = "INSERT INTO notes (card, day, words) VALUES (?, ?, ?)"
            return int(connection.execute(insert, (card, day.isoformat(), words)).lastrowid or 0)

    def remove_note(self, number: int) -> bool:
        """Remove a note; say whether there was one."""
        with self._database.writing() as connection:
            return connection.execute("DELETE FROM notes WHERE id = ?", (number,)).rowcount > 0

    def _require_room(self, connection: sqlite3.Connection, table: str) -> None:
        if connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= MOST:
            raise LakehouseError(f"This lake holds {MOST} {table} already.", "remove one that nobody needs", Exit.USAGE)
