"""ml.registry.versions — a registered version, and its model's file, read without MLflow's import of some seconds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings


@dataclass(frozen=True)
class Version:
    """One registered version: its number, and the tags it was registered with.

    Tags: `training_table`, `training_version`, `settings` and `code` (hashes), `path` of the model's JSON inside the
    artefacts, and its `sha256`; once it was judged `judged_at`, `evidence`,
    `evidence_sha256`, `accepted_undecidable` and `warnings`, one a line.
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
