"""Processes that die while a file lands, and several that land it at once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bronze import landing
from lakehouse import settings
from lakehouse.lake import Lake

from ..killing import PATIENCE, start
from .conftest import HEADER, ROW, write
from .test_landing import files


def killed_at(failpoint: str, lake, path: Path) -> int:
    """Land a file by a process that dies at a failpoint, and return its exit code."""
    variables = {"LAKEHOUSE_LAKE": str(lake.settings.lake_path), "LAKEHOUSE_FAILPOINT": failpoint}
    command = [sys.executable, "-m", "lakehouse.cli", "land", str(path)]
    environment = os.environ | variables
    return subprocess.run(command, env=environment, cwd=settings.PROJECT, start_new_session=True).returncode


LEFT = {  # failpoint -> what lies in the landing folder then, by suffix
    "landing.copied": [".part"],
    "landing.renamed": [".csv"],
    "landing.receipted": [".csv", ".json"],
}


@pytest.mark.parametrize("failpoint", LEFT)
def test_a_landing_that_was_killed_is_completed_by_the_next(lake, tmp_path, failpoint):
    path = write(tmp_path, HEADER + ROW)
    assert killed_at(failpoint, lake, path) == -signal.SIGKILL
    assert [Path(name).suffix for name in files(lake)] == LEFT[failpoint]
    receipt, is_new = landing.accept(lake.landing, path)
    assert is_new == (failpoint != "landing.receipted")
    assert files(lake) == [f"events/{receipt.sha256}.csv", "receipts/00000001.json"]
    assert lake.landing.receipts() == [receipt]
    lake.landing.verify(receipt)


def test_a_file_without_a_receipt_is_replaced_when_its_content_lands(lake, tmp_path):
    path = write(tmp_path, HEADER + ROW)
    killed_at("landing.renamed", lake, path)
    (orphan,) = files(lake)
    (lake.landing.folder / orphan).write_text("cut sho")
    receipt, _ = landing.accept(lake.landing, path)
    assert lake.landing.file(receipt).read_bytes() == path.read_bytes()


def test_what_a_kill_left_is_removed_by_the_landing_of_another_file(lake, tmp_path, land):
    killed_at("landing.copied", lake, write(tmp_path, HEADER + ROW, "a.csv"))
    (lake.landing.folder / "receipts").mkdir()
    (lake.landing.folder / "receipts" / ".7.part").write_text('{"number": 7, "ki')
    receipt = land("categoryid,parentid\n")
    assert files(lake) == [f"category_tree/{receipt.sha256}.csv", "receipts/00000001.json"]


def test_what_a_living_process_is_copying_is_not_removed(lake, land):
    with lake.landing.incoming("events") as partial:
        land(HEADER)
        assert Path(partial.name).exists()


# Lands a file when it is told to, and prints the receipt's number and whether it is new.
WAIT_AND_LAND = """
import sys
from pathlib import Path
from bronze import landing
from lakehouse import settings
from lakehouse.landing.receipts import Landing
ours = Landing(settings.load())
print("ready", flush=True)
input()
receipt, is_new = landing.accept(ours, Path(sys.argv[1]))
print(receipt.number, is_new)
"""


def land_at_once(lake: Lake, paths: list[Path]) -> list[tuple[int, bool]]:
    """Land each file by a process of its own, all at the same time; return what each says."""
    processes = [start(lake.settings.lake_path, "-c", WAIT_AND_LAND, str(path)) for path in paths]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=PATIENCE)[0].split() for process in processes]
    return sorted((int(number), is_new == "True") for number, is_new in told)


def test_several_processes_that_land_a_file_at_once_give_it_one_receipt(lake, tmp_path):
    path = write(tmp_path, HEADER + ROW * 100_000)
    assert land_at_once(lake, [path] * 4) == [(1, False), (1, False), (1, False), (1, True)]
    assert [Path(name).suffix for name in files(lake)] == [".csv", ".json"]


def test_several_processes_that_land_different_files_give_each_a_number_of_its_own(lake, tmp_path):
    paths = [write(tmp_path, HEADER + ROW * n, f"{n}.csv") for n in range(4)]
    assert land_at_once(lake, paths) == [(1, True), (2, True), (3, True), (4, True)]
