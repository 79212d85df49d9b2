"""A lake of two runs, copies of it to put in order, clean and take back, and what is read of them."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from lakehouse import settings
from lakehouse.lake import Lake, open_lake
from lakehouse.maintenance import optimize
from lakehouse.runs import runner

from ...conftest import settings_of
from ..runs.test_runner import HOUR, land

START = 1433152800000


def of(folder: Path) -> Lake:
    """The lake in a folder, with files of 10 kB."""
    chosen = settings_of(folder)
    return open_lake(replace(chosen, maintenance=replace(chosen.maintenance, file_mb=0.01)))


def copy(lake: Lake, folder: Path) -> Lake:
    shutil.copytree(lake.settings.lake_path, folder / "lake")
    return of(folder / "lake")


def event(number: int) -> str:
    return f"{START + number * HOUR // 2},{number * 7919 % 5000},view,{number % 50},"


@pytest.fixture(scope="session")
def two_runs(spark, tmp_path_factory) -> Lake:
    """A lake of 4,000 events over 83 days, and a run later 20 more of the fifth day. Read only: copy it."""
    folder = tmp_path_factory.mktemp("runs")
    lake = of(folder / "lake")
    land(lake, folder, *[event(number) for number in range(4000)])
    runner.run(lake, print)
    land(lake, folder, *[f"{START + 120 * HOUR + n},9{n},view,3," for n in range(20)])
    runner.run(lake, print)
    return lake


@pytest.fixture(scope="session")
def optimized(two_runs: Lake, tmp_path_factory) -> tuple[Lake, dict[str, optimize.Rewritten]]:
    lake = copy(two_runs, tmp_path_factory.mktemp("optimized"))
    return lake, {each.table: each for each in optimize.optimize(lake, print)}


def cli(lake: Lake, *arguments: str, failpoint: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process group of its own, which dies at the failpoint."""
    named = {"LAKEHOUSE_LAKE": str(lake.settings.lake_path)} | ({"LAKEHOUSE_FAILPOINT": failpoint} if failpoint else {})
    command = [sys.executable, "-m", "lakehouse.cli", *arguments]
    return subprocess.run(
        command, env=os.environ | named, cwd=settings.PROJECT, start_new_session=True, capture_output=True
    )


def files(lake: Lake, name: str) -> list[dict]:
    return pa.table(lake.store.delta(name).get_add_actions(flatten=True)).to_pylist()


def rows(lake: Lake, name: str, version: int | None = None) -> list[str]:
    """The published rows of a table, or those of a version, without what differs between two runs; in any order."""
    wanted = lake.ledger.published().versions[name] if version is None else version
    return sorted(
        str({k: v for k, v in row.items() if k[0] != "_"}) for row in lake.store.arrow(name, wanted).to_pylist()
    )
