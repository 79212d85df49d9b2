"""What tests of the site share: small published lakes, one site over the sample lake, one browser."""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake
from playwright.sync_api import expect, sync_playwright

from app import pages, server
from app.site import Site
from lakehouse.environment import browser as chromium
from lakehouse.lake import Lake, open_lake
from lakehouse.settings import PROJECT, environment
from lakehouse.storage.ledger import Run

from ..conftest import settings_of

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--no-first-run",
]
DAY = date(2015, 6, 1)
PORT = 8050
HERE = {"Host": f"localhost:{PORT}"}
Publish = Callable[..., Run]

expect.set_options(timeout=30_000)  # a machine may be busy; a fact that holds does not wait for it


def activity(days: int = 1, last_hour: int = 23, events: int = 9) -> list[dict[str, Any]]:
    """Rows of gold.activity: some events in every hour of some days, the last of which ends early."""
    return [
        {"event_date": DAY + timedelta(days=day), "event_hour": hour, "event_type": "view", "num_events": events}
        for day in range(days)
        for hour in range(24 if day < days - 1 else last_hour + 1)
    ]


def publish(lake: Lake, run_id: str, rows: Mapping[str, list[dict[str, Any]]], built: datetime | None = None) -> Run:
    """Write tables and a published row of the ledger that names them beside those of the run before."""
    for name, each in rows.items():
        write_deltalake(lake.store.uri(name), pa.Table.from_pylist(each), mode="overwrite", schema_mode="overwrite")
    before = lake.ledger.published()
    versions = dict(before.versions if before else {}) | {name: lake.store.version(name) for name in rows}
    ids = dict(before.ids if before else {}) | {name: lake.store.id(name) for name in rows}
    ended = built or datetime(2015, 7, 1, 6, tzinfo=UTC)
    return lake.ledger.record(Run(run_id, "lakehouse run", "published", ended, ended, versions, ids=ids))


@pytest.fixture
def other_lake(tmp_path) -> Lake:
    """Another empty lake."""
    return open_lake(settings_of(tmp_path / "other"))


@pytest.fixture(scope="session")
def sample_site(built_lake) -> Site:
    """A site, without a server, over the sample lake."""
    site = Site(settings_of(built_lake))
    site.lakes[""].refresh()
    return site


@pytest.fixture(scope="session")
def ask(sample_site):
    """Return a page's context of the sample lake for a query string."""
    return lambda query="": sample_site.context(pages.parse(query))


def start(lake, **settings: str):
    """Start the site on a free port; return the process and its address, which its first line tells."""
    chosen = {"LAKEHOUSE_LAKE": str(lake), "LAKEHOUSE_APP__PORT": "0", "PYTHONPATH": str(PROJECT)} | settings
    command = [sys.executable, "-m", "lakehouse.cli", "app"]
    process = subprocess.Popen(command, env=environment() | chosen, stdout=subprocess.PIPE, text=True, cwd=lake.parent)
    address = re.search(r"http://[\w.]+:\d+", process.stdout.readline())
    assert address, "the site did not start"
    return process, address[0]


@pytest.fixture(scope="session")
def site(sample_lake):
    """The address of the one site that all browser tests look at."""
    process, address = start(sample_lake)
    yield address
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(scope="session")
def browser():
    """The one browser."""
    path = chromium.find(environment())
    if path is None:
        pytest.skip("no Chromium; `lakehouse setup --tests` installs one")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def settings_for(built_lake):
    """The settings of the sample lake, some of the site's changed."""
    known = settings_of(built_lake)
    return lambda **changes: replace(known, app=replace(known.app, **changes))


@pytest.fixture(scope="module")
def get(settings_for):
    """Ask a site over the sample lake for a path."""
    site = Site(settings_for())
    site.lakes[""].refresh()
    client = server.make(site, PORT).server.test_client()
    return lambda path, **headers: client.get(path, headers=HERE | headers)


@pytest.fixture(scope="module")
def silver(built_lake, settings_for):
    """DuckDB over silver of the sample lake: the numbers that no page has touched."""
    lake = open_lake(settings_for())
    database = duckdb.connect()
    for name in ("sessions", "session_events", "categories"):
        database.register(name, lake.store.arrow(f"silver.{name}"))
    return database
