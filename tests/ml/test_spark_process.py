import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lakehouse.errors import Exit, LakehouseError
from lakehouse.runs import lock
from lakehouse.settings import PROJECT
from ml.spark_process import call

from ..conftest import settings_of

Program = Callable[[str], None]
SLOW = """
from contextlib import ExitStack
from pathlib import Path
import time

def work(settings, tell):
    with ExitStack() as begun:
        begun.callback(Path(settings.lake.path, "undone").touch)
        tell(say=str(os.getpid()))
        time.sleep(600)
"""
# What starts SLOW: it prints the child's process id, and waits for it.
PARENT = """
import sys
from functools import partial
from lakehouse import settings
from ml.spark_process import call
call("work", settings.load(), {}, partial(print, flush=True))
"""


def is_there(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def settings(tmp_path):
    return settings_of(tmp_path / "lake")


@pytest.fixture
def program(tmp_path, monkeypatch) -> Program:
    """Make a module `work`, which serves its function of that name."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def write(text: str) -> None:
        (tmp_path / "work.py").write_text(f"import os, sys\n{text}\nfrom ml.spark_process import serve\nserve(work)\n")

    return write


def test_a_child_is_asked_tells_how_it_goes_and_answers(program, settings):
    program("def work(settings, tell, number):\n tell(say=settings.lake.path)\n return {'twice': 2 * number}")
    lines: list[str] = []
    assert call("work", settings, {"number": 21}, lines.append) == {"twice": 42}
    assert lines == [settings.lake.path]


def test_an_expected_failure_of_the_child_is_that_of_the_parent(program, settings):
    program(
        "from lakehouse.errors import Exit, LakehouseError\n"
        "def work(settings, tell): raise LakehouseError('Too little.', 'lakehouse run', Exit.REFUSED)"
    )
    with pytest.raises(LakehouseError) as error:
        call("work", settings, {}, print)
    assert (error.value.message, error.value.remedy, error.value.code) == ("Too little.", "lakehouse run", Exit.REFUSED)


def test_an_unforeseen_failure_of_the_child_names_the_file_of_its_trace(program, settings):
    program("def work(settings, tell): return {}['x']")
    with pytest.raises(LakehouseError, match="KeyError: 'x'") as error:
        call("work", settings, {}, print)
    trace = Path(error.value.remedy.removeprefix("the trace is in "))
    assert trace.parent == settings.lake_path / "logs" and "in work" in trace.read_text()


@pytest.mark.parametrize(
    ("death", "how", "code"),
    [("os.kill(os.getpid(), 9)", "signal SIGKILL", Exit.ENVIRONMENT), ("os._exit(7)", "code 7", Exit.FAILED)],
)
def test_a_child_that_dies_without_a_word_is_told_with_the_log_that_holds_its_last(program, settings, death, how, code):
    program(f"def work(settings, tell):\n print('no memory', file=sys.stderr, flush=True)\n {death}")
    with pytest.raises(LakehouseError, match=how) as error:
        call("work", settings, {}, print)
    assert error.value.code == code
    assert Path(error.value.remedy.split()[-1]).read_text() == "no memory\n"


def test_what_a_library_prints_in_the_child_disturbs_no_answer(program, settings):
    program("def work(settings, tell):\n print('{}')\n os.system('echo hello')\n return {'sound': True}")
    assert call("work", settings, {}, print) == {"sound": True}


def test_a_child_finds_nothing_of_the_embedded_engine_in_its_environment(program, settings, monkeypatch):
    for name in ("SPARK_CONNECT_MODE_ENABLED", "SPARK_REMOTE", "SPARK_LOCAL_REMOTE", "SPARK_API_MODE", "SPARK_HOME"):
        monkeypatch.setenv(name, "1")
    program("def work(settings, tell): return {name: '' for name in os.environ if 'SPARK' in name}")
    found = call("work", settings, {}, print)
    assert "SPARK_HOME" in found
    assert not found.keys() & {"SPARK_CONNECT_MODE_ENABLED", "SPARK_REMOTE", "SPARK_LOCAL_REMOTE", "SPARK_API_MODE"}


def test_a_later_holder_of_the_lock_knows_the_childs_jvm(program, settings):
    program("def work(settings, tell):\n tell(jvm_pid=4711)\n tell(say='noted')\n return {}")
    seen: list[int | None] = []
    with lock.hold(settings, "test"):
        call("work", settings, {}, lambda _: seen.append(lock.holder(settings).jvm_pid))
    assert seen == [4711]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_child_takes_back_what_it_began_when_its_parent_is_interrupted_or_dies(program, settings, end):
    program(SLOW)
    path = os.pathsep.join([str(PROJECT), os.environ["PYTHONPATH"]])
    environment = os.environ | {"PYTHONPATH": path, "LAKEHOUSE_LAKE": settings.lake.path}
    with subprocess.Popen([sys.executable, "-c", PARENT], env=environment, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        parent.send_signal(end)
        began = time.monotonic()
        while is_there(child) and time.monotonic() < began + 5:
            time.sleep(0.05)
        assert not is_there(child)
    assert (settings.lake_path / "undone").exists()
