"""What tests on a cluster may ask for: the cluster, lakes for it, and what the embedded engine makes of the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lakehouse.engine import jars
from lakehouse.lake import Lake, open_lake
from lakehouse.settings import Settings

from ..conftest import MadeOnce, settings_of
from ..deliveries import FIRST, SECOND
from ..killing import ended, start
from ..lakehouse.conftest import delivered
from ..object_stores import KEYS, settings_in
from .standalone import Cluster, standalone


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers."""
    with standalone(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="session")
def embedded(spark: object, made_once: MadeOnce) -> Lake:
    """What one full run of the embedded engine makes of both deliveries, in a folder. Read only."""
    return open_lake(settings_of(made_once("whole", delivered(FIRST, SECOND)) / "lake"))


@pytest.fixture
def stored(object_server: str, tmp_path: Path) -> Lake:
    """A lake in the object store, without rows; the JARs that open it are there."""
    settings = settings_in(object_server, tmp_path / "lake", tmp_path.name)
    jars.resolve(settings, print)
    return open_lake(settings)


def variables(settings: Settings) -> dict[str, str]:
    """Return what leads a process to a lake in the object store."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    return {
        "LAKEHOUSE_STORAGE__URI": settings.storage.uri,
        "LAKEHOUSE_STORAGE__ENDPOINT": settings.storage.endpoint,
        **dict(zip(names, (KEYS.access, KEYS.secret), strict=True)),
    }


def command(lake: Lake, words: str, **surroundings: str) -> str:
    """Call `lakehouse …` on a lake, in a process of its own; return what it said, once it ended well."""
    code, said = ended(start(lake.settings.lake_path, "-m", "lakehouse.cli", *words.split(), **surroundings))
    assert code == 0, said
    return said
