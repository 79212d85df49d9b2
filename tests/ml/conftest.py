"""Lakes of one's own with a trained model."""

import shutil
from pathlib import Path

import pytest

from lakehouse.lake import Lake, open_lake
from ml.registry import mlflow_store

from ..conftest import settings_of

collect_ignore = ["mllib"]  # in a process of its own, which test_mllib.py starts


@pytest.fixture
def trained_lake(sample_lake: Path, tmp_path: Path) -> Lake:
    """A copy of the sample's lake that has forgotten where it was copied from."""
    shutil.copytree(sample_lake, tmp_path / "trained")
    settings = settings_of(tmp_path / "trained")
    mlflow_store.follow(settings)
    return open_lake(settings)
