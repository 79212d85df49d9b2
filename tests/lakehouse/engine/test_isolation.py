"""What the system takes from a process that runs somebody else's queries."""

import json
import subprocess
import sys

import pytest

from lakehouse.engine import isolation

TRY = """
import json, socket, sys
from pathlib import Path
from lakehouse.engine import isolation
left = isolation.isolate(Path(sys.argv[1]), keep_network=False)
def wrote(path):
    try:
        return bool(Path(path).write_text("x"))
    except OSError:
        return False
listening = socket.create_server(("127.0.0.1", 0))
socket.create_connection(listening.getsockname(), timeout=5)
try:
    socket.create_connection(("198.51.100.1", 9), timeout=0.1)
except TimeoutError:
    reached = True
except OSError:
    reached = False
print(json.dumps([left, wrote(sys.argv[1] + "/own"), wrote(sys.argv[2] + "/lake"), reached]))
"""


def test_only_its_own_folder_can_be_written_and_only_its_own_loopback_reached(tmp_path):
    if isolation.missing():
        pytest.skip("this system lets no process give these up")
    own, lake = tmp_path / "own", tmp_path / "lake"
    own.mkdir(), lake.mkdir()
    done = subprocess.run([sys.executable, "-c", TRY, str(own), str(lake)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], True, False, False]
