"""One session of Apache Spark on the trained lake that LAKEHOUSE_LAKE names, read only; test_mllib.py starts all this."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from lakehouse import settings
from lakehouse.lake import Lake, open_lake
from ml.intent import handover, slices, training, training_run
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
def split(covered: slices.Coverage) -> slices.Slices:
    return slices.split(covered, settings.load().model)


@pytest.fixture(scope="session")
def table() -> pa.Table:
    """The decision points that the embedded engine read for a training."""
    return pq.read_table(Path(os.environ["HANDED_OVER"]) / handover.POINTS)


@pytest.fixture(scope="session")
def points(table: pa.Table) -> pd.DataFrame:
    """The same as a frame."""
    return table.to_pandas()


@pytest.fixture(scope="session")
def rows(spark: SparkSession, table: pa.Table) -> DataFrame:
    """The same on Apache Spark."""
    return spark.createDataFrame(table).cache()
