"""What needs MLlib is tested as it works: on Apache Spark, in a process of its own, whatever engine this one uses."""

import re
import subprocess
import sys
from pathlib import Path

from lakehouse.lake import open_lake
from lakehouse.settings import PROJECT
from ml.intent import training
from ml.intent.handover import hand_over
from ml.spark_process import child_environment

from ..conftest import settings_of

FOLDER = Path(__file__).with_name("mllib")
PATIENCE = 600  # seconds


def test_all_that_needs_mllib_passes_in_a_process_of_its_own(sample_lake, tmp_path):
    lake = open_lake(settings_of(sample_lake))
    publication = lake.ledger.published()
    hand_over(lake, publication, training.covered(lake, publication), tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--confcutdir={FOLDER}", FOLDER],  # none of the fixtures that speak to this process's engine
        cwd=PROJECT,
        env=child_environment()
        | {"LAKEHOUSE_ENV": "test", "LAKEHOUSE_LAKE": str(sample_lake), "HANDED_OVER": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout  # that no test was found is a failure too
    assert re.search(r"^\d+ passed in ", done.stdout, re.MULTILINE), f"not all of it ran:\n{done.stdout}"
