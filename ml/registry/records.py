"""ml.registry.records — what MLflow keeps of a version beside its model, read and written by MLflow's own client.

Answers and signature come from its training; evidence and tags from its promotion.
"""

import hashlib
import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from ml.registry import mlflow_store
from ml.registry.tracking import ANSWERS
from ml.registry.versions import EVALUATION, Version


def answers(settings: Settings, number: int) -> pd.DataFrame:
    """Return the inputs of some decision points and, as `score`, what MLlib answered in the training."""
    mlflow = mlflow_store.connect(settings)
    text = mlflow.artifacts.load_text(f"{_run_uri(mlflow, settings, number)}/{ANSWERS}")
    return pd.read_csv(StringIO(text), float_precision="round_trip")


def evaluation(settings: Settings, number: int) -> dict[str, Any]:
    """Return the whole evaluation of a version's test, as `ml.intent.evaluation` writes it."""
    mlflow = mlflow_store.connect(settings)
    return dict(mlflow.artifacts.load_dict(f"{_run_uri(mlflow, settings, number)}/{EVALUATION}"))


def kept(settings: Settings, version: Version) -> dict[str, Any] | None:
    """Return what the promotion of a version kept, None where it was never judged.

    Raises:
        LakehouseError: it is not what was kept (exit code 3).
    """
    mlflow = mlflow_store.connect(settings)
    tags = _client(mlflow).get_model_version(settings.model.name, str(version.number)).tags
    if "evidence" not in tags:
        return None
    text = mlflow.artifacts.load_text(f"{_run_uri(mlflow, settings, version.number)}/{tags['evidence']}")
    if hashlib.sha256(text.encode()).hexdigest() != tags["evidence_sha256"]:
        message = f"The gates' evidence of version {version.number} is not what was kept at its promotion."
        raise LakehouseError(message, "put the folder mlflow back from a copy of the lake", Exit.REFUSED)
    return dict(json.loads(text))


def by_number(settings: Settings, number: int) -> Version:
    """Return a registered version.

    Raises:
        LakehouseError: there is none of that number (exit code 2).
    """
    mlflow = mlflow_store.connect(settings)
    try:
        found = _client(mlflow).get_model_version(settings.model.name, str(number))
    except mlflow.exceptions.MlflowException as error:
        raise LakehouseError(f"There is no version {number}.", "lakehouse mlflow shows all", Exit.USAGE) from error
    return Version(number, dict(found.tags))


def signature(settings: Settings, number: int) -> dict[str, str]:
    """Return the inputs of the model that MLflow shows: name -> type."""
    mlflow = mlflow_store.connect(settings)
    source = f"models:/{settings.model.name}/{number}"
    found = mlflow.models.get_model_info(source).signature
    return {each.name: each.type.name for each in found.inputs.inputs}


def keep(settings: Settings, version: Version, name: str, text: str) -> str:
    """Keep a text with a version, in the place of an earlier one; return its digest."""
    mlflow = mlflow_store.connect(settings)
    run = mlflow.get_run(_run_id(mlflow, settings, version.number))
    # By its place: by its id, MLflow's client remembers where another copy of the lake has that run's artefacts.
    folder = mlflow.utils.file_utils.local_file_uri_to_path(run.info.artifact_uri)
    Path(folder, name).write_text(text, encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()


def tag(settings: Settings, number: int, tags: Mapping[str, str]) -> None:
    """Set tags of a version."""
    mlflow = mlflow_store.connect(settings)
    for key, value in tags.items():
        _client(mlflow).set_model_version_tag(settings.model.name, str(number), key, value)


def _client(mlflow: Any) -> Any:
    return mlflow.MlflowClient()


def _run_id(mlflow: Any, settings: Settings, number: int) -> str:
    return str(_client(mlflow).get_model_version(settings.model.name, str(number)).run_id)


def _run_uri(mlflow: Any, settings: Settings, number: int) -> str:
    return f"runs:/{_run_id(mlflow, settings, number)}"
