"""ml.registry.versions — a registered version, and its model's file, read without MLflow's import of some seconds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lakehouse.errors import Exit, LakehouseError
from lakehouse.object_store import SCHEME
from lakehouse.settings import Settings
from lakehouse.storage.folder import Folder

EVALUATION = "evaluation.json"  # what a training logs of its test


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


def served(settings: Settings) -> Folder:
    """Return where that part of it lies which whoever serves reads: beside the tables, also in an object store."""
    return Folder(f"{settings.root}/mlflow", settings.object_store)


def lender(settings: Settings) -> Settings:
    """Return the settings of the lake whose champion answers as long as this one has none."""
    lent, lake = settings.lake.borrows, replace(settings.lake, borrows="")
    if lent.startswith(SCHEME):
        return replace(settings, lake=lake, storage=replace(settings.storage, uri=lent))
    return replace(settings, lake=replace(lake, path=lent), storage=replace(settings.storage, uri=""))


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
    folder = served(settings).below("artifacts")
    path = folder.file(version.tags.get("path", ""))
    remedy = "lakehouse ml train --force"
    try:
        content = folder.read(version.tags.get("path", ""))
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        message = f"The file of model version {version.number} is missing: {path}."
        raise LakehouseError(message, remedy, Exit.REFUSED) from error
    if hashlib.sha256(content).hexdigest() != version.tags.get("sha256"):
        message = f"The file of model version {version.number} is not the one that was registered: {path}."
        raise LakehouseError(message, remedy, Exit.REFUSED)
    return dict(json.loads(content))


def run_of(artifacts: Folder, version: Version) -> Folder | None:
    """Return the folder of what a version's training and promotion logged, None before it was judged.

    It is found by the digest of the evidence in it: only what was kept counts.
    """
    name, digest = version.tags.get("evidence"), version.tags.get("evidence_sha256")
    if not name:
        return None
    for path in artifacts.sizes():
        run = path.removesuffix(f"/artifacts/{name}")
        if run != path and "/" not in run and hashlib.sha256(artifacts.read(path)).hexdigest() == digest:
            return artifacts.below(f"{run}/artifacts")
    return None
