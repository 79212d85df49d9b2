"""Small lakes: of one delivery, and of two."""

import shutil
from pathlib import Path

import pytest

from lakehouse import pipeline
from lakehouse.lake import Lake, open_lake

from ..conftest import settings_of
from ..deliveries import FIRST, SECOND


@pytest.fixture(scope="session")
def sound(spark, tmp_path_factory) -> Lake:
    """What one run makes of the first delivery. Read only."""
    folder = tmp_path_factory.mktemp("sound")
    lake = open_lake(settings_of(folder / "lake"))
    FIRST.land(lake, folder)
    pipeline.run(lake, print)
    return lake


@pytest.fixture(scope="session")
def whole(spark, tmp_path_factory) -> Lake:
    """What one full run makes of both deliveries. Read only."""
    folder = tmp_path_factory.mktemp("whole")
    lake = open_lake(settings_of(folder / "lake"))
    for delivery in (FIRST, SECOND):
        delivery.land(lake, folder)
    pipeline.run(lake, print)
    return lake


@pytest.fixture
def copy(sound, tmp_path) -> Lake:
    """A lake of the first delivery, to do with what one likes."""
    return copied(sound, tmp_path / "lake")


@pytest.fixture
def damaged(copy, tmp_path) -> Lake:
    """A copy to which the second delivery has come."""
    SECOND.land(copy, tmp_path)
    return copy


def copied(lake: Lake, folder: Path) -> Lake:
    shutil.copytree(lake.settings.lake_path, folder)
    return open_lake(settings_of(folder))
