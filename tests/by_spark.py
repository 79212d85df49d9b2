"""What only Apache Spark can say: Python for a process beside this one, on a classic session with Delta.

One process answers all that this process asks; it ends when this one does.
"""

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

from lakehouse.settings import PROJECT

from .killing import CHEAP

OURS = ("SPARK_CONNECT_MODE_ENABLED", "SPARK_REMOTE", "LAKEHOUSE_LAKE")
ANSWER = "answer:"
SERVE = """
import json, sys, tempfile, traceback
from dataclasses import replace
from lakehouse import settings
from lakehouse.engine import session
loaded, folder = settings.load(), tempfile.TemporaryDirectory()
spark = session.start(replace(loaded, lake=replace(loaded.lake, path=folder.name))).spark
for line in sys.stdin:
    code, given = json.loads(line)
    names = {"spark": spark, "given": given}
    try:
        exec(code, names)
        told = {"answer": names["answer"]}
    except Exception:
        told = {"error": traceback.format_exc()}
    print("answer:" + json.dumps(told, default=str), flush=True)
"""


def by_spark(code: str, **given: Any) -> Any:
    """Run Python that finds `spark` and `given`, and return what it leaves as `answer`."""
    process = _started()
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps([code, given]) + "\n")
    process.stdin.flush()
    lines = []
    for line in process.stdout:
        if line.startswith(ANSWER):
            told = json.loads(line.removeprefix(ANSWER))
            assert "error" not in told, told["error"]
            return told["answer"]
        lines.append(line)
    raise AssertionError("".join(lines))


@cache
def _started() -> "subprocess.Popen[str]":
    environ = {name: value for name, value in os.environ.items() if name not in OURS and not name.startswith("SAIL_")}
    environ |= CHEAP | {"PYTHONPATH": str(PROJECT), "LAKEHOUSE_ENGINE__NAME": "spark"}
    return subprocess.Popen(
        [sys.executable, "-c", SERVE],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
