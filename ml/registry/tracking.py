"""ml.registry.tracking — what a training leaves in MLflow: its run, its pictures, its registered version."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lakehouse import failpoints
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from ml.intent.evaluation import report
from ml.intent.evaluation.report import with_interval
from ml.registry import aliases, mlflow_store, versions
from ml.serving import formula

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pyspark.ml import PipelineModel

    from ml.intent.evaluation.figures import Evaluation

SERVED_CODE = Path(formula.__file__).with_name("served_model.py")
ANSWERS = "answers.csv"  # the artefact by which any other way to score can be compared with MLlib's
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Trained:
    """A model and what is to be known of it.

    Attributes:
        spark_model: from the terms' columns to the calibrated probability.
        document: the served model, as JSON holds it.
        evaluation: figures of the test.
        metrics: of them, those that MLflow's pages compare.
        pictures: name of the file -> a curve of the test.
        params: settings and instants of the training.
        identity: what it was made from, by the names of `versions.Version`.
        source: where the training table lies.
        answers: some rows of inputs with MLlib's own probability as `score`.
    """

    spark_model: "PipelineModel"
    document: Mapping[str, Any]
    evaluation: "Evaluation"
    metrics: Mapping[str, float]
    pictures: Mapping[str, "Figure"]
    params: Mapping[str, Any]
    identity: Mapping[str, str]
    source: str
    answers: pd.DataFrame


def record(settings: Settings, trained: Trained) -> versions.Version:
    """Log a training as an MLflow run, and register its model as the challenger.

    Returns:
        The registered version.

    Raises:
        LakehouseError: the served model does not answer as MLlib's does; nothing is registered then (exit code 3).
    """
    mlflow = mlflow_store.connect(settings)
    table, table_version = trained.identity["training_table"], trained.identity["training_version"]
    _end_left_runs(mlflow, settings)
    with mlflow.start_run(run_name=f"{table} version {table_version}") as run:
        _log_run(mlflow, trained)
        content = json.dumps(trained.document, indent=1)
        served = _log_models(mlflow, trained, content)
        compare(mlflow.pyfunc.load_model(served.model_uri), trained.answers)
        failpoints.reach("ml.logged")
    path = next(versions.artifacts(settings).glob(f"**/{served.model_id}/artifacts/artifacts/model.json"))
    tags = {
        **trained.identity,
        "path": path.relative_to(versions.artifacts(settings)).as_posix(),
        "sha256": hashlib.sha256(content.encode()).hexdigest(),
    }
    client, name = mlflow.MlflowClient(), settings.model.name
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description="Will this visit still end in a purchase?")
    area = with_interval(trained.evaluation.of().estimates["pr_auc"])
    description = f"PR-AUC {area}, trained on {table} version {table_version}. Its card is card.md of its run."
    registered = client.create_model_version(
        name, served.model_uri, run.info.run_id, tags, description=description, model_id=served.model_id
    )
    failpoints.reach("ml.registered")
    version = versions.Version(int(registered.version), tags)
    aliases.write(settings, {aliases.CHALLENGER: version})
    return version


def compare(model: Any, answers: pd.DataFrame) -> None:
    """Ask a model that `mlflow.pyfunc` loaded for MLlib's answers.

    Args:
        model: has `predict`, which returns `probability`.
        answers: the inputs, and MLlib's probability as `score`.

    Raises:
        LakehouseError: they differ by more than 1e-9 (exit code 3).
    """
    given = model.predict(answers.drop(columns="score").astype(float))["probability"].to_numpy()
    worst = float(np.abs(given - answers["score"].to_numpy()).max())
    if not worst <= TOLERANCE:  # a NaN is refused too
        message = f"The served model differs from MLlib's by {worst:.1e} on {len(answers)} rows; it was not registered."
        raise LakehouseError(message, code=Exit.REFUSED)


def _end_left_runs(mlflow: ModuleType, settings: Settings) -> None:
    """Mark the runs of trainings that died; only one trains at a time, so whatever still runs does not."""
    experiment = mlflow.get_experiment_by_name(settings.model.name)
    client = mlflow.MlflowClient()
    for run in client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
        client.set_terminated(run.info.run_id, "KILLED")


def _log_run(mlflow: ModuleType, trained: Trained) -> None:
    from mlflow.data.delta_dataset_source import DeltaDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    version = int(trained.identity["training_version"])
    source = DeltaDatasetSource(path=trained.source, delta_table_version=version)
    dataset = MetaDataset(source, name=trained.identity["training_table"])  # type: ignore[abstract]  # it is complete
    mlflow.log_input(dataset, context="training")
    mlflow.log_params(trained.params)
    mlflow.set_tags({**trained.identity, "training_uri": trained.source})
    mlflow.log_metrics(dict(trained.metrics))
    for name, picture in trained.pictures.items():
        mlflow.log_figure(picture, name)
    mlflow.log_dict(trained.evaluation.to_document(), versions.EVALUATION)
    mlflow.log_text("\n".join(report.lines(trained.evaluation)), "evaluation.txt")
    mlflow.log_text(trained.answers.to_csv(index=False), ANSWERS)


def _log_models(mlflow: ModuleType, trained: Trained, content: str) -> Any:
    """Log the served model and, beside it, MLlib's own; return what MLflow says of the first."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    read = trained.document["inputs"]
    inputs = Schema([ColSpec("double", each["name"], required=each["is_required"]) for each in read])
    outputs = Schema([ColSpec("double", "probability"), ColSpec("boolean", "is_flagged")])
    example = pd.DataFrame([{each["name"]: each["typical"] for each in read}], dtype=float)
    requirements = [f"{name}=={installed(name)}" for name in ("mlflow", "numpy", "pandas")]
    with TemporaryDirectory(prefix="lakehouse-model-") as folder:
        file = Path(folder) / "model.json"
        file.write_text(content, encoding="utf-8")
        served = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(SERVED_CODE),
            artifacts={"model": str(file), "formula": formula.__file__},
            signature=ModelSignature(inputs, outputs),
            input_example=example,
            pip_requirements=requirements,
        )
        mlflow.spark.log_model(
            trained.spark_model,
            artifact_path="spark_model",
            dfs_tmpdir=str(Path(folder) / "spark"),
            pip_requirements=[f"{name}=={installed(name)}" for name in ("mlflow", "pyspark")],
        )
    return served
