"""One session of Apache Spark on the trained lake that LAKEHOUSE_LAKE names, read only; test_mllib.py starts all this."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse import settings
from lakehouse.lake import Lake, open_lake
from ml.intent import estimator, slices, training, training_run
from ml.intent.design import terms
from ml.registry import mlflow_store


@pytest.fixture(scope="session")
def trained() -> Lake:
    """The trained lake."""
    return training_run.open_on_spark(settings.load(), lambda **_: None)


@pytest.fixture
def copy(trained: Lake, tmp_path: Path) -> Lake:
    """A copy of it, to write into."""
    shutil.copytree(trained.settings.lake_path, tmp_path / "lake")
    lake = replace(trained.settings.lake, path=str(tmp_path / "lake"))
    copied = open_lake(replace(trained.settings, lake=lake))
    mlflow_store.follow(copied.settings)
    return copied


@pytest.fixture(scope="session")
def spark(trained: Lake) -> SparkSession:
    return trained.store.spark


@pytest.fixture(scope="session")
def covered(trained: Lake) -> slices.Coverage:
    return training.covered(trained, trained.ledger.published())


@pytest.fixture(scope="session")
def points(trained: Lake, covered: slices.Coverage) -> DataFrame:
    """The decision points of visits that have ended, with their part."""
    split = slices.split(covered, settings.load().model)
    return training_run.decision_points(trained.store.read(training.TABLE), covered, split).cache()


@pytest.fixture(scope="session")
def examples(points: DataFrame) -> DataFrame:
    """What a fit reads, with the terms' columns."""
    chosen = points.where("part IN ('fit', 'selection', 'calibration')")
    sampled = estimator.sample(chosen, estimator.count(points), settings.load().model.max_examples)
    return estimator.with_values(sampled, terms()).coalesce(1).cache()
