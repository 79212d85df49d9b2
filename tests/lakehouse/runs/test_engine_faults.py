"""An engine with too little memory, one that dies, one that idles, and Ctrl-C in a query: told, and mended by a run."""

import json
import os
import shutil
import signal
from pathlib import Path
from subprocess import Popen

import psutil
import pytest

from lakehouse import processes
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import runner

from ... import invariants
from ...conftest import settings_of
from ...killing import ended, start

CLI = ("-m", "lakehouse.cli", "run")
DYING = (
    "-c",
    """
from lakehouse.cli.commands import runs
from lakehouse.cli.main import main
from lakehouse.engine import session
say = runs.say
def die(line):
    say(line)
    if line.lstrip().startswith("2/"):
        session._started[0]._server.stop()
runs.say = die
main(["run"])
""",
)
SPILLING = (
    "-c",
    """
from lakehouse import error_messages, settings
from lakehouse.engine import session
chosen = settings.load()
spark = session.start(chosen).spark
def look_back(rows):
    texts = spark.range(rows).selectExpr("md5(cast(id AS STRING)) AS text")
    return texts.selectExpr("lag(text) OVER (ORDER BY text) AS before").where("before IS NOT NULL").count()
try:
    look_back(4_000_000)
except Exception as error:
    print(error_messages.explain(error, chosen))
print(look_back(1000))
""",
)
IDLING = (
    "-c",
    """
import sys, time
from lakehouse import settings
from lakehouse.cli.main import main
from lakehouse.engine import sail, session
sail.FOREVER_SECONDS = int(sys.argv[1]) or sail.FOREVER_SECONDS
session.start(settings.load())
time.sleep(3)
main(["run"])
""",
)


def expect_mended(lake: Lake, whole: Lake) -> None:
    """Run as usual: it leaves the tables of a run without a fault, and nothing that was spilled."""
    runner.run(lake, print)
    assert invariants.difference(lake, whole) == []
    assert spilled(lake) == []


def spilled(lake: Lake) -> list[Path]:
    """Return what lies in the spill folder."""
    return list(lake.settings.spill_path.glob("*"))


def test_a_memory_pool_that_is_too_small_is_told_with_its_setting(damaged, whole):
    before = damaged.ledger.published()
    code, output = ended(start(damaged.settings.lake_path, *CLI, LAKEHOUSE_ENGINE__MEMORY="100k"))
    assert (code, "Traceback" in output) == (4, False), output
    assert "✗ The engine's memory of 100.0 KB (engine.memory) is too small for this data" in output
    assert "→ LAKEHOUSE_ENGINE__MEMORY=… with more than that" in output
    assert (damaged.ledger.published(), spilled(damaged)) == (before, [])
    expect_mended(damaged, whole)


def test_a_disk_that_is_full_of_spilled_rows_is_told_and_they_are_removed_at_once(small_disk):
    lake = open_lake(settings_of(small_disk / "lake"))
    code, output = ended(start(lake.settings.lake_path, *SPILLING, LAKEHOUSE_ENGINE__MEMORY="48m"))
    assert f"There is no space left for the lake {lake.settings.lake_path}; nothing was published." in output
    assert (code, output.endswith("\n999\n"), spilled(lake)) == (0, True, []), output


def test_an_embedded_engine_that_ends_within_a_run_is_told_at_once(damaged, whole):
    before = damaged.ledger.published()
    code, output = ended(start(damaged.settings.lake_path, *DYING))
    assert (code, "Traceback" in output) == (4, False), output
    assert "✗ The engine ended during a query" in output
    assert (damaged.ledger.published(), spilled(damaged)) == (before, [])
    expect_mended(damaged, whole)


def test_a_jvm_that_is_killed_within_a_run_is_told(damaged, whole):
    before = damaged.ledger.published()
    process = start(damaged.settings.lake_path, *CLI, LAKEHOUSE_ENGINE__NAME="spark")
    read_until(process, "1/")
    jvm = json.loads((damaged.settings.lake_path / ".lock").read_text())["jvm_pid"]
    os.kill(jvm, signal.SIGKILL)
    code, output = ended(process)
    assert (code, "Traceback" in output) == (4, False), output
    assert "✗ Spark's JVM ended during a query" in output
    assert (damaged.ledger.published(), spilled(damaged)) == (before, [])
    expect_mended(damaged, whole)


@pytest.mark.parametrize(("seconds", "code"), [(0, 0), (1, 4)])
def test_an_idle_session_is_kept_because_its_time_out_is_years(damaged, whole, seconds, code):
    found, output = ended(start(damaged.settings.lake_path, *IDLING, str(seconds)))
    assert found == code, output
    assert ("✗ The engine ended" in output) == bool(code)
    expect_mended(damaged, whole)


@pytest.mark.parametrize("engine", ["sail", "spark"])
def test_ctrl_c_in_the_middle_of_a_query_ends_the_run(built_lake, tmp_path, engine):
    lake = open_lake(settings_of(tmp_path / "lake"))
    shutil.copytree(built_lake / "landing", lake.landing.folder)
    process = start(lake.settings.lake_path, *CLI, LAKEHOUSE_ENGINE__NAME=engine)
    read_until(process, "bronze.item_properties")  # a million and more values to clean come next
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    code, output = ended(process)
    assert (code, output.strip().splitlines()[-1], "Traceback" in output) == (130, "Interrupted.", False), output
    assert not [each for each in children if processes.is_running(each.pid)]
    assert (lake.ledger.published(), spilled(lake)) == (None, [])
    assert runner.run(lake, print) is not None
    assert (lake.ledger.published() is None, spilled(lake)) == (False, [])


def read_until(process: Popen[str], word: str) -> None:
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return
    raise AssertionError("".join(lines))
