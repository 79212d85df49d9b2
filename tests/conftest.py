"""What every test may ask for: one Spark session, rows written as text, and a finished lake."""

import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

os.environ["LAKEHOUSE_ENV"] = "test"
# A JVM of a test lives too briefly for C2. C1 alone would get a code cache that is too small for Spark.
os.environ["SPARK_SUBMIT_OPTS"] = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=400m"

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse import settings
from lakehouse.engine import session as engine_session
from lakehouse.lake import Lake, open_lake
from lakehouse.landing import csv_reader
from lakehouse.runs import runner
from lakehouse.storage.schema import check_columns
from lakehouse.table import Table, short_name

TESTS = Path(__file__).parent
# The files that take longest, the longest first; test_training makes the trained lake that some others read.
LONGEST = (
    "ml/intent/test_training.py",
    "ml/test_kills.py",
    "ml/test_mllib.py",
    "lakehouse/privacy/test_erasure.py",
    "test_engines.py",
    "lakehouse/runs/test_kills.py",
    "app/test_browser.py",
    "lakehouse/runs/test_engine_faults.py",
    "ml/test_commands.py",
    "ml/recommend/test_commands.py",
    "lakehouse/runs/test_random_kills.py",
    "test_increments.py",
    "lakehouse/privacy/test_whose_rows.py",
    "lakehouse/maintenance/test_vacuum.py",
    "lakehouse/maintenance/test_optimize.py",
    "lakehouse/maintenance/test_restore.py",
    "bronze/test_watch.py",
    "lakehouse/test_error_messages.py",
)

MadeOnce = Callable[[str, Callable[[Path], object]], Path]
Given = Callable[[Table, str], DataFrame]
ExpectRows = Callable[[Table, DataFrame, str], None]


def pytest_configure() -> None:
    """Let processes be interrupted even where the tests were started in the background, which ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, so that both processes of `make test` end together."""
    places = {TESTS / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


def settings_of(lake: Path) -> settings.Settings:
    """The test settings, for a lake in this folder."""
    loaded = settings.load()
    return replace(loaded, lake=replace(loaded.lake, path=str(lake)))


def ingest(lake: Lake, table: Table) -> DataFrame:
    """Take up the landed files of a bronze table as a run does; return its rows."""
    receipts = lake.landing.receipts(short_name(table.name))
    lake.store.create(table)
    folder = lake.store.folder(table.name)
    files = csv_reader.write(lake.store.engine, lake.landing, table, receipts, folder, "run")
    lake.store.ingest(table, files, "run", receipts[-1].number)
    return lake.store.read(table.name)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one session of this process, of the engine that `LAKEHOUSE_ENGINE__NAME` names, the embedded one by default."""
    # In a worker of pytest-xdist the main module has no file; pyspark takes that for its own doctests, and exits.
    vars(sys.modules["__main__"]).setdefault("__file__", __file__)
    yield engine_session.start(settings_of(tmp_path_factory.mktemp("engine"))).spark
    engine_session.stop()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return open_lake(settings_of(tmp_path / "lake"))


@pytest.fixture(scope="session")
def object_server(spark: SparkSession) -> Iterator[str]:
    """The address of a server of objects with one empty bucket; the engine of this process is told of it."""
    from . import object_stores

    with object_stores.server() as address:
        settings = object_stores.settings_in(address, Path("unused"), "unused")
        os.environ.update(settings.object_store.sail())
        yield address


@pytest.fixture
def door(object_server: str) -> Iterator[Any]:
    """A door before that server, which can lose answers; the engine of this process goes past it."""
    from . import object_stores

    with object_stores.door(object_server) as found:
        yield found


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Let whichever process of this test run asks first make a folder; every other one waits for it and reads it.

    `TEST_LAKES` names a folder that keeps them for the next runs: remove it when what makes them changes.
    """
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    if kept := os.environ.get("TEST_LAKES"):
        shared = Path(kept)
        shared.mkdir(parents=True, exist_ok=True)

    def folder(name: str, make: Callable[[Path], object]) -> Path:
        path, done = shared / name, shared / f"{name}.done"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(path, ignore_errors=True)  # of one that failed
                path.mkdir()
                make(path)
                done.touch()
        return path

    return folder


@pytest.fixture(scope="session")
def built_lake(spark: SparkSession, made_once: MadeOnce) -> Path:
    """A lake with the sample at scale 0.01, landed and run. Read only: copy it before you write."""
    from bronze import landing, sample

    def make(folder: Path) -> None:
        lake = open_lake(settings_of(folder / "lake"))
        for path in sample.write(folder / "files", scale=0.01, seed=7, faults=0.001, progress=lambda _: None):
            landing.accept(lake.landing, path)
        runner.run(lake, print)

    return made_once("built", make) / "lake"


@pytest.fixture(scope="session")
def sample_lake(built_lake: Path, made_once: MadeOnce) -> Path:
    """The same lake with a trained model, its scores and their weekly sums. Read only: copy it before you write."""
    from ml.intent import training
    from ml.promotion import monitoring, promotion
    from ml.serving import scoring

    def make(folder: Path) -> None:
        shutil.copytree(built_lake, folder / "lake")
        lake = open_lake(settings_of(folder / "lake"))
        training.train(lake, print)
        promotion.promote(lake, print, bootstrap=True)
        scoring.score(lake, print)
        monitoring.monitor(lake, print)

    return made_once("trained", make) / "lake"


@pytest.fixture
def given(spark: SparkSession) -> Given:
    """Turn a text table into a frame with the contract's types; columns that are not written are NULL."""

    def frame(table: Table, text: str) -> DataFrame:
        names, rows = parse(text)
        unknown = set(names) - {column.name for column in table.columns}
        assert not unknown, f"{table.name} has no column {unknown}"
        texts = spark.createDataFrame(rows, ", ".join(f"{name} STRING" for name in names) or "nothing STRING")
        return texts.select(*[_cast(c.name, c.type, names).alias(c.name) for c in table.columns])

    return frame


@pytest.fixture
def none(given: Given) -> Callable[[Table], DataFrame]:
    """No rows of a table."""
    return lambda table: given(table, table.columns[0].name)


@pytest.fixture
def expect_rows(given: Given) -> ExpectRows:
    """Compare a frame with its contract, and with the columns that the text table names, in any order of rows."""

    def compare(table: Table, frame: DataFrame, text: str) -> None:
        check_columns(table, frame.schema.fields)
        names, _ = parse(text)
        assert _texts(frame.select(*names)) == _texts(given(table, text).select(*names))

    return compare


def parse(text: str) -> tuple[list[str], list[tuple[str | None, ...]]]:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip() and not set(line.strip()) <= {"-", "+"}]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return cells[0], [tuple(None if cell in ("", "NULL") else cell for cell in row) for row in cells[1:]]


def _cast(name: str, type_: str, names: list[str]):
    if name not in names:
        return F.lit(None).cast(type_)
    return F.split(name, " ").cast(type_) if type_.startswith("ARRAY") else F.col(name).cast(type_)


def _texts(frame: DataFrame) -> list[tuple[str | None, ...]]:
    as_text = frame.select(*[F.col(column).cast("string") for column in frame.columns])
    return sorted((tuple(row) for row in as_text.collect()), key=str)
