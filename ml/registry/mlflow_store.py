"""ml.registry.mlflow_store — the MLflow store of a lake: where it lies, how it opens, how it follows a moved lake."""

import os
import sqlite3
import warnings
from contextlib import closing
from types import ModuleType

from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from ml.registry import aliases, versions

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
RECOMMENDATIONS = "recommendations"  # the experiment beside the model's own
BUSY_SECONDS = 5.0  # a program that writes into the registry takes no longer
# where MLflow keeps absolute places of artefacts
PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def uri(settings: Settings) -> str:
    """Return the address of the lake's store, as MLflow writes it."""
    return f"sqlite:///{versions.database(settings)}"


def connect(settings: Settings, experiment: str = "") -> ModuleType:
    """Import MLflow, silent, and point it to the lake's store and an experiment, the model's own unless given.

    Both are made if need be. Its aliases are made to say what the lake's file of aliases says.

    The import takes seconds: most commands do without.
    """
    os.environ.update(QUIET)  # MLflow reads them while it is imported
    versions.artifacts(settings).mkdir(parents=True, exist_ok=True)
    follow(settings)
    import mlflow

    warnings.filterwarnings("ignore", module="mlflow")
    mlflow.set_tracking_uri(uri(settings))
    mlflow.set_registry_uri(uri(settings))
    name = experiment or settings.model.name
    if mlflow.get_experiment_by_name(name) is None:
        mlflow.create_experiment(name, versions.artifacts(settings).as_uri())
    mlflow.set_experiment(name)
    aliases.show(settings, mlflow)
    return mlflow


def follow(settings: Settings) -> None:
    """Let MLflow find its artefacts where the lake lies now: it keeps absolute places, and a lake may be moved.

    Raises:
        LakehouseError: MLflow's database is locked or damaged (exit code 4).
    """
    path = versions.database(settings)
    if not path.is_file():
        return
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection, connection:
            _move(connection, (settings.model.name, RECOMMENDATIONS), versions.artifacts(settings).as_uri())
    except sqlite3.DatabaseError as error:
        message = f"The registry of models {path} cannot be used: {error}."
        remedy = "end the program that works on it, or let this user write it, or put it back from a copy"
        raise LakehouseError(message, remedy, Exit.ENVIRONMENT) from error


def _move(connection: sqlite3.Connection, experiments: tuple[str, str], here: str) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "experiments" not in tables:  # MLflow has not finished making its store
        return
    named = "SELECT artifact_location FROM experiments WHERE name IN (?, ?)"
    row = connection.execute(named, experiments).fetchone()
    if row is None or row[0] == here:
        return
    for table, column in PLACES:
        moved = f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?"
        connection.execute(moved, (here, len(row[0]) + 1, len(row[0]), row[0]))
