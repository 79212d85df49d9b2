"""privacy.redaction — where else a lake may name a visitor: the ledger, what readers wrote, and the logs."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from lakehouse.errors import Exit, LakehouseError
from lakehouse.privacy.subject import DataSubject
from lakehouse.runs.results import FILE_NAME
from lakehouse.storage import files
from lakehouse.storage.ledger import LEDGER
from lakehouse.storage.store import Store

TEXTS = ("error",)  # columns of the ledger that may quote a row
BUSY_SECONDS = 30.0  # that a program which writes to a file of the site may take


def clean_ledger(store: Store, visitor: DataSubject) -> None:
    """Hide the id where the error of a run quotes it; then neither versions nor statistics of before may stay."""
    if not store.exists(LEDGER):
        return
    rows = store.arrow(LEDGER)
    cleaned = rows
    for name in TEXTS:
        texts = pa.array([text and visitor.hide(text) for text in rows[name].to_pylist()], pa.string())
        cleaned = cleaned.set_column(cleaned.column_names.index(name), name, texts)
    if not cleaned.equals(rows):
        write_deltalake(store.delta(LEDGER), cleaned, mode="overwrite")
        files.sync_table(store.folder(LEDGER))  # before the rows that they take the place of are removed
    store.delta(LEDGER).vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
    delta = store.delta(LEDGER)
    delta.create_checkpoint()
    files.sync_log(store.folder(LEDGER))
    files.shorten_log(delta.folder, delta.version())  # statistics of text columns quote their values


def count_in_databases(folder: Path, visitor: DataSubject) -> dict[str, int]:
    """Count the texts that name the visitor by the SQLite files beside the lake's tables.

    Raises:
        LakehouseError: one cannot be read (exit code 4).
    """
    found: dict[str, int] = {}
    for path in sorted(folder.glob("*.sqlite")):
        with _opened(path) as connection:
            found[path.name] = len(_texts_of(connection, visitor))
    return found


def clean_databases(folder: Path, visitor: DataSubject) -> None:
    """Hide the id in what readers asked, saved and noted: every text of the SQLite files beside the lake's tables.

    Raises:
        LakehouseError: one cannot be written, or its program holds it (exit code 4).
    """
    for path in sorted(folder.glob("*.sqlite")):
        with _opened(path) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                for table, column, row, text in _texts_of(connection, visitor):
                    change = f'UPDATE OR REPLACE "{table}" SET "{column}" = ? WHERE rowid = ?'
                    connection.execute(change, (visitor.hide(text), row))
            connection.execute("VACUUM")  # pages that are free may still hold the text that was there


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        message = f"{path.name} cannot be searched and cleaned: {error}."
        raise LakehouseError(message, "stop the site, then erase again", Exit.ENVIRONMENT) from error


def _texts_of(connection: sqlite3.Connection, visitor: DataSubject) -> list[tuple[str, str, int, str]]:
    """Return table, column, row and text of each text that names the visitor."""
    found = []
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    for (table,) in connection.execute(named).fetchall():
        for _, column, kind, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
            if kind.upper() != "TEXT":
                continue
            for row, text in connection.execute(f'SELECT rowid, "{column}" FROM "{table}"'):
                if text and visitor.is_named_in(text):
                    found.append((table, column, row, text))
    return found


def clean_logs(folder: Path, visitor: DataSubject) -> None:
    """Hide the id in the logs and in the results of the last run."""
    for path in (each for each in (folder / "logs").rglob("*") if each.is_file()):
        _clean_log(path, visitor)
    results = folder / FILE_NAME
    if results.exists():
        facts = json.loads(results.read_text())
        if visitor.is_named_in(facts.get("error", "")):
            partial = results.with_suffix(".part")
            partial.write_text(json.dumps(facts | {"error": visitor.hide(facts["error"])}, indent=1))
            partial.rename(results)


def _clean_log(path: Path, visitor: DataSubject) -> None:
    """Write asterisks over the id: bytes neither come nor go, so whoever still writes to the log is not disturbed."""
    with path.open("r+b") as file:
        while line := file.readline():
            text = line.decode(errors="surrogateescape")
            hidden = visitor.hide(text, lambda number: "*" * len(number))
            if hidden != text:
                file.seek(-len(line), os.SEEK_CUR)
                file.write(hidden.encode(errors="surrogateescape"))
