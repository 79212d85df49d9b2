"""sql.history — the log of queries, and queries under a name: one SQLite file beside the lake's tables, its owner's.

Every query is written down, with its verdict, also one that was refused.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.data.database import Database
from app.sql import limits
from lakehouse.errors import Exit, LakehouseError

FILE = "queries.sqlite"
MOST_KEPT = 2_000  # queries of the log; the oldest go
MOST_SAVED = 200
LONGEST_NAME = 80  # characters
SCHEMA = """
    CREATE TABLE IF NOT EXISTS queries (
        id INTEGER PRIMARY KEY AUTOINCREMENT, asked_at TEXT NOT NULL, asked_by TEXT NOT NULL, sql TEXT NOT NULL,
        verdict TEXT NOT NULL, message TEXT NOT NULL, seconds REAL NOT NULL, num_rows INTEGER,
        run INTEGER, versions TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS saved (name TEXT PRIMARY KEY, sql TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Asked:
    """A query and what became of it.

    Attributes:
        sql: its text.
        asked_by: `command line`, or whose browser.
        verdict: `done`, `planned`, `refused: <rule>`, `failed`, `stopped`.
        message: the sentence, empty where it is done.
        seconds: how long it took, waiting aside.
        num_rows: of the result; None without one.
        run: the number of the run whose tables it read.
        versions: of the tables it read.
        asked_at: when, UTC, in ISO 8601; filled in when it is written.
    """

    sql: str
    asked_by: str
    verdict: str
    message: str
    seconds: float
    num_rows: int | None
    run: int | None
    versions: Mapping[str, int]
    asked_at: str = ""


def reader_name(owner: str) -> str:
    """Return what the log calls a reader of the site: the name of a browser is a secret."""
    return "reader " + hashlib.sha256(owner.encode()).hexdigest()[:12]


class History:
    """The queries of one lake."""

    def __init__(self, lake: Path) -> None:
        """Look at the folder of a lake; the file comes with the first query."""
        holds = f"The log of this lake's queries, {FILE}"
        self._database = Database(lake.absolute() / FILE, SCHEMA, holds, "lakehouse doctor")

    def add(self, asked: Asked) -> None:
        """Write a query down.

        Raises:
            LakehouseError: the lake cannot be written (exit code 4).
        """
        values = (
            datetime.now(UTC).isoformat(timespec="seconds"),
            asked.asked_by,
            asked.sql,
            asked.verdict,
            asked.message,
            round(asked.seconds, 3),
            asked.num_rows,
            asked.run,
            json.dumps(dict(asked.versions)),
        )
        with self._database.writing() as connection:
            insert = (
                "INSERT INTO queries (asked_at, asked_by, sql, verdict, message, seconds, num_rows, run, versions) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            )
            newest = connection.execute(insert, values).lastrowid or 0
            connection.execute("DELETE FROM queries WHERE id <= ?", (newest - MOST_KEPT,))

    def newest(self, number: int, asked_by: str | None = None) -> list[Asked]:
        """Return the newest queries, the newest first; only one reader's if given."""
        where = "" if asked_by is None else "WHERE asked_by = ?"
        rows = self._database.rows(
            "SELECT sql, asked_by, verdict, message, seconds, num_rows, run, versions, asked_at "
            f"FROM queries {where} ORDER BY id DESC LIMIT {number:d}",
            *([] if asked_by is None else [asked_by]),
        )
        return [Asked(*(*row[:7], json.loads(row[7]), row[8])) for row in rows]

    def saved(self) -> list[tuple[str, str]]:
        """Return name and text of the saved queries, by name."""
        return [
            (name, sql) for name, sql in self._database.rows("SELECT name, sql FROM saved ORDER BY name COLLATE NOCASE")
        ]

    def save(self, name: str, sql: str) -> None:
        """Keep a query; one of that name gives way.

        Raises:
            LakehouseError: it has no name, or there are too many (exit code 2), or the lake cannot be written (4).
        """
        name = " ".join(name.split())
        if not 0 < len(sql) <= limits.LONGEST_TEXT:
            raise LakehouseError(f"A query has 1 to {limits.LONGEST_TEXT:,} characters.", "write it anew", Exit.USAGE)
        if not 0 < len(name) <= LONGEST_NAME:
            raise LakehouseError(f"A name has 1 to {LONGEST_NAME} characters.", "write it anew", Exit.USAGE)
        with self._database.writing() as connection:
            if connection.execute("SELECT count(*) FROM saved WHERE name <> ?", (name,)).fetchone()[0] >= MOST_SAVED:
                message = f"This lake holds {MOST_SAVED} saved queries already."
                raise LakehouseError(message, "remove one that nobody needs", Exit.USAGE)
            connection.execute("INSERT OR REPLACE INTO saved VALUES (?, ?)", (name, sql))

    def remove(self, name: str) -> bool:
        """Remove a saved query; say whether there was one."""
        with self._database.writing() as connection:
            return connection.execute("DELETE FROM saved WHERE name = ?", (name,)).rowcount > 0
