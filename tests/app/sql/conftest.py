"""One small published lake, and the one worker that all tests of a module ask."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from app.sql import published
from app.sql.process import Process, Reply
from lakehouse.cli import main as cli
from lakehouse.lake import Lake, open_lake
from lakehouse.settings import Settings

from ...conftest import settings_of
from ..conftest import publish

BRIEF = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # a JVM of a test lives too briefly for C2
CANARY = "canary-7d1f"  # in the environment, in a file, in tables that nobody published


@dataclass
class Desk:
    """A worker and the tables that it may read; asks it, and starts another where one died."""

    lake: Lake
    tables: dict
    process: Process

    @property
    def settings(self) -> Settings:
        return self.lake.settings

    @property
    def living(self) -> Process:
        if not self.process.is_alive:
            self.process.kill()
            self.process = Process(self.settings)
        return self.process

    def ask(self, sql: str, act: str = "run") -> Reply:
        return self.living.ask(act, sql, self.tables)


def instant(hour: int) -> datetime:
    return datetime(2015, 6, 1, hour, tzinfo=UTC)


@pytest.fixture(scope="session")
def asked_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with events and sessions, and with tables that no query may read."""
    known = settings_of(tmp_path_factory.mktemp("sql") / "lake")
    lake = open_lake(replace(known, spark=replace(known.spark, java_options=BRIEF)))
    events = [
        {"ts": instant(hour), "event": event, "visitor_id": visitor, "item_id": item}
        for hour, event, visitor, item in [
            (10, "view", 1, 100),
            (10, "addtocart", 1, 100),
            (11, "view", 2, 101),
            (12, "view", 3, None),
            (12, "transaction", 1, 100),
        ]
    ]
    sessions = [{"session_id": 10 + visitor, "visitor_id": visitor} for visitor in (1, 2)]
    secret = [{"secret": CANARY}]
    publish(
        lake,
        "first",
        {
            "silver.events": events,
            "silver.sessions": sessions,
            "silver.events_quarantine": secret,
            "ml.secrets": secret,
        },
    )
    write_deltalake(lake.store.uri("gold.unpublished"), pa.Table.from_pylist(secret))
    Path(lake.settings.lake_path, "secret.csv").write_text(f"{CANARY}\n")
    return lake


@pytest.fixture(scope="session")
def desk(asked_lake: Lake) -> Iterator[Desk]:
    """The worker."""
    patch = pytest.MonkeyPatch()
    patch.setenv("SECRET", CANARY)
    found = Desk(asked_lake, published.tables(asked_lake.ledger.published()), Process(asked_lake.settings))
    patch.undo()
    yield found
    found.process.kill()


@pytest.fixture
def query(desk, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Run `lakehouse query` against the one worker; return exit code, stdout and stderr."""
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(desk.settings.lake_path))
    desk.ask("SELECT 1")
    monkeypatch.setattr("app.sql.process.Process", lambda settings: nullcontext(desk.living))

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["query", *arguments])
        return (ended.value.code, *capsys.readouterr())

    return run
