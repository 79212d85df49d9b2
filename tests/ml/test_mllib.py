"""What needs MLlib is tested as it works: on Apache Spark, in a process of its own, whatever engine this one uses."""

import re
import subprocess
import sys
from pathlib import Path

from lakehouse.settings import PROJECT
from ml.spark_process import child_environment

FOLDER = Path(__file__).with_name("mllib")
PATIENCE = 600  # seconds


def test_all_that_needs_mllib_passes_in_a_process_of_its_own(sample_lake):
    command = [sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--confcutdir={FOLDER}", FOLDER],  # none of the fixtures that speak to this process's engine
        cwd=PROJECT,
        env=child_environment() | {"LAKEHOUSE_ENV": "test", "LAKEHOUSE_LAKE": str(sample_lake)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout  # that no test was found is a failure too
    assert re.search(r"^\d+ passed in ", done.stdout, re.MULTILINE), f"not all of it ran:\n{done.stdout}"
