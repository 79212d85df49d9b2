"""Both engines make the same tables of the same files, in one full run and by increments."""

from pathlib import Path

import pytest

from bronze import landing, sample
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import runner

from . import invariants
from .by_spark import by_spark
from .conftest import settings_of

DAY_MS = 86_400_000
LAST_DAYS = 1_441_600_000_000  # 2015-09-07: some ten days of the sample come after it


@pytest.fixture(scope="module")
def batches(tmp_path_factory) -> list[list[Path]]:
    """The sample in three batches: what happened before its last days, those days but one, and that one."""
    folder = tmp_path_factory.mktemp("batches")
    events, *others = sample.write(folder / "files", scale=0.002, seed=7, faults=0.001, progress=lambda _: None)
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


BUILD = """
from dataclasses import replace
from pathlib import Path
from lakehouse import settings
from lakehouse.lake import open_lake
from lakehouse.runs import runner
from bronze import landing
loaded = settings.load()
run = replace(loaded.run, max_changed_share=0.3)
for path, batches in given["plans"].items():
    lake = open_lake(replace(loaded, run=run, lake=replace(loaded.lake, path=path)))
    for batch in batches:
        for file in batch:
            landing.accept(lake.landing, Path(file))
        runner.run(lake, print)
answer = type(lake.store.engine).__name__
"""


def test_apache_spark_makes_the_same_tables_in_one_full_run_and_by_increments(batches, embedded, tmp_path):
    full, increments = (open_lake(settings_of(tmp_path / name)) for name in ("full", "increments"))
    files = [[str(path) for path in batch] for batch in batches]
    plans = {"full": [[path for batch in files for path in batch]], "increments": files}
    by_path = {str(tmp_path / name): plan for name, plan in plans.items()}
    assert by_spark(BUILD, plans=by_path) == "SparkEngine"
    for lake in (full, increments):
        assert invariants.difference(lake, embedded) == []
    modes = {each.table: each.mode for each in increments.ledger.published().results}
    assert modes["silver.session_events"] == "incremental"
