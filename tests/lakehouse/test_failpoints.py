import os
import signal
import subprocess
import sys

from lakehouse import settings
from lakehouse.failpoints import reach

WITH_A_CHILD = """
import subprocess
from lakehouse.failpoints import reach
child = subprocess.Popen(["sleep", "600"])
reach("here")
child.kill()
print("lives")
"""


def run(failpoint: str) -> tuple[int, bytes]:
    """Return the exit code, and the output that ends when the program's child has ended too."""
    environment = os.environ | {"LAKEHOUSE_FAILPOINT": failpoint}
    command = [sys.executable, "-c", WITH_A_CHILD]
    with subprocess.Popen(
        command, env=environment, cwd=settings.PROJECT, start_new_session=True, stdout=subprocess.PIPE
    ) as process:
        output, _ = process.communicate(timeout=60)
    return process.returncode, output


def test_a_process_dies_with_its_children_at_the_failpoint_that_is_named():
    assert run("here") == (-signal.SIGKILL, b"")


def test_a_failpoint_of_another_name_does_nothing():
    assert run("there") == (0, b"lives\n")


def test_without_the_variable_a_failpoint_does_nothing(monkeypatch):
    monkeypatch.delenv("LAKEHOUSE_FAILPOINT", raising=False)
    reach("here")


def test_the_name_of_a_failpoint_is_no_setting():
    assert settings.load({"LAKEHOUSE_FAILPOINT": "here"}) == settings.load({})
