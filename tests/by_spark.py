"""What only Apache Spark can say: Python that runs in a process of its own, on a classic session with Delta."""

import json
import os
import subprocess
import sys
from typing import Any

from lakehouse.settings import PROJECT

OURS = ("SPARK_CONNECT_MODE_ENABLED", "SPARK_REMOTE", "LAKEHOUSE_LAKE")
PREPARE = """
import json, os, sys, tempfile
from dataclasses import replace
from lakehouse import settings
from lakehouse.engine import spark as engine
loaded = settings.load()
spark = engine.session(replace(loaded, lake=replace(loaded.lake, path=tempfile.mkdtemp())))
given = json.loads(sys.argv[1])
"""
FINISH = """
print("answer:" + json.dumps(answer, default=str))
sys.stdout.flush()
os._exit(0)
"""


def by_spark(code: str, **given: Any) -> Any:
    """Run Python that finds `spark` and `given`, and return what it leaves as `answer`."""
    environ = {name: value for name, value in os.environ.items() if name not in OURS and not name.startswith("SAIL_")}
    command = [sys.executable, "-c", PREPARE + code + FINISH, json.dumps(given)]
    environ |= {"PYTHONPATH": str(PROJECT), "LAKEHOUSE_ENV": "test", "LAKEHOUSE_ENGINE__NAME": "spark"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.rpartition("answer:")[2])
