"""One session of Apache Spark on the trained lake that LAKEHOUSE_LAKE names, read only; test_mllib.py starts all this."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse import settings
from lakehouse.lake import Lake, open_lake
from ml import features, mlflow_store, training_run


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
def visits(trained: Lake) -> DataFrame:
    return features.eligible(trained.store.read(features.TABLE)).cache()


@pytest.fixture(scope="session")
def rows(visits: DataFrame) -> DataFrame:
    borders = features.split(*features.time_range(visits), settings.load().model)
    return features.count_alike(visits, borders).coalesce(1).cache()
