"""Both engines make the same tables of the same files, in one full run and by increments."""

from pathlib import Path

import pytest

from bronze import landing, sample
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import runner

from . import invariants
from .conftest import settings_of
from .killing import start

DAY_MS = 86_400_000
LAST_DAYS = 1_441_600_000_000  # 2015-09-07: some ten days of the sample come after it


@pytest.fixture(scope="module")
def batches(tmp_path_factory) -> list[list[Path]]:
    """The sample in three batches: what happened before its last days, those days but one, and that one."""
    folder = tmp_path_factory.mktemp("batches")
    events, *others = sample.write(folder / "files", scale=0.005, seed=7, faults=0.001, progress=lambda _: None)
    header, *lines = events.read_text().splitlines(keepends=True)
    column = header.strip().split(",").index("timestamp")

    def batch_of(line: str) -> int:
        text = line.split(",")[column].strip().strip('"') if line.count(",") else ""
        return 0 if not text.isdigit() or int(text) < LAST_DAYS else 2 if int(text) < LAST_DAYS + DAY_MS else 1

    parts = []
    for number in range(3):
        parts.append(folder / f"events-{number}.csv")
        parts[-1].write_text(header + "".join(line for line in lines if batch_of(line) == number))
    return [[parts[0], *others], [parts[1]], [parts[2]]]


@pytest.fixture(scope="module")
def embedded(spark, batches, tmp_path_factory) -> Lake:
    """What the embedded engine makes of all files at once."""
    lake = open_lake(settings_of(tmp_path_factory.mktemp("embedded") / "lake"))
    for path in (path for batch in batches for path in batch):
        landing.accept(lake.landing, path)
    runner.run(lake, print)
    return lake


def test_increments_on_the_embedded_engine_make_the_tables_of_one_full_run(spark, batches, embedded, tmp_path):
    lake = open_lake(settings_of(tmp_path / "lake"))
    modes = []
    for batch in batches:
        for path in batch:
            landing.accept(lake.landing, path)
        modes.append({each.table: each.mode for each in runner.run(lake, print).results})
    assert (modes[0]["silver.session_events"], modes[2]["silver.session_events"]) == ("full_refresh", "incremental")
    assert invariants.difference(lake, embedded) == []


def test_apache_spark_makes_the_same_tables_in_one_full_run_and_by_increments(batches, embedded, tmp_path):
    lakes = [open_lake(settings_of(tmp_path / name)) for name in ("full", "increments")]
    plans = [[[path for batch in batches for path in batch]], batches]
    arguments = [_arguments(plan) for plan in plans]
    spark = {"LAKEHOUSE_ENGINE__NAME": "spark", "LAKEHOUSE_RUN__MAX_CHANGED_SHARE": "0.3"}
    for lake, each in zip(lakes, arguments, strict=True):
        with start(lake.settings.lake_path, "-m", "lakehouse.cli", *each, **spark) as process:
            output, _ = process.communicate(timeout=600)
        assert process.returncode == 0, output
        assert invariants.difference(lake, embedded) == []
    modes = {each.table: each.mode for each in lakes[1].ledger.published().results}
    assert modes["silver.session_events"] == "incremental"


def _arguments(batches: list[list[Path]]) -> list[str]:
    commands = [["land", *map(str, batch), "then", "run"] for batch in batches]
    return [word for number, command in enumerate(commands) for word in (["then"] if number else []) + command]
