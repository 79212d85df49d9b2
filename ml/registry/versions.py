"""ml.registry.versions — read the registered versions, without MLflow's import of some seconds and without Java.

MLflow keeps them in SQLite; its version is pinned, and a test compares what is read here with what MLflow says.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

CHAMPION, CHALLENGER = "champion", "challenger"
TABLES = {"registered_model_aliases", "model_version_tags"}
BUSY_SECONDS = 5.0  # a program that writes into the registry takes no longer


@dataclass(frozen=True)
class Version:
    """One registered version: its number, and the tags it was registered with.

    Tags: `training_table`, `training_version`, `settings` and `code` (hashes), `path` of the model's JSON inside the
    artefacts, and its `sha256`.
    """

    number: int
    tags: Mapping[str, str]

    @property
    def identity(self) -> dict[str, str]:
        """What it was made from: the same again would give the same model."""
        return {name: self.tags.get(name, "") for name in ("training_table", "training_version", "settings", "code")}


def home(settings: Settings) -> Path:
    """Return the folder of the lake's MLflow store."""
    return settings.lake_path / "mlflow"


def database(settings: Settings) -> Path:
    """Return the SQLite file of the lake's MLflow store."""
    return home(settings) / "mlflow.db"


def artifacts(settings: Settings) -> Path:
    """Return the folder of the lake's MLflow artefacts."""
    return home(settings) / "artifacts"


def by_alias(settings: Settings, alias: str) -> Version | None:
    """Return the version that an alias names, or None.

    Raises:
        LakehouseError: the registry is locked or cannot be read, so that nobody knows (exit code 4).
    """
    if not database(settings).is_file():
        return None
    name = settings.model.name
    with _read(settings) as connection:
        tables = {table for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= TABLES:  # MLflow has not finished making its store
            return None
        named = "SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ?"
        row = connection.execute(named, (name, alias)).fetchone()
        if row is None:
            return None
        tags = "SELECT key, value FROM model_version_tags WHERE name = ? AND version = ?"
        return Version(int(row[0]), dict(connection.execute(tags, (name, row[0])).fetchall()))


@contextmanager
def _read(settings: Settings) -> Iterator[sqlite3.Connection]:
    path = database(settings)
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        message = f"The registry of models {path} cannot be read: {error}."
        remedy = "end the program that works on it, or let this user read it, or put it back from a copy"
        raise LakehouseError(message, remedy, Exit.ENVIRONMENT) from error


def document(settings: Settings, version: Version) -> dict[str, Any]:
    """Return the model's JSON, as `ml.intent.document` describes it.

    Raises:
        LakehouseError: the file is missing, or not the one that was registered (exit code 3).
    """
    path = artifacts(settings) / version.tags.get("path", "")
    remedy = "lakehouse ml train --force"
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"The file of model version {version.number} is missing: {path}."
        raise LakehouseError(message, remedy, Exit.REFUSED) from error
    if hashlib.sha256(content).hexdigest() != version.tags.get("sha256"):
        message = f"The file of model version {version.number} is not the one that was registered: {path}."
        raise LakehouseError(message, remedy, Exit.REFUSED)
    return dict(json.loads(content))
