"""No stranger gets in: while an engine works, no port of it answers another user of the machine without a secret."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ...killing import kill, start

ENGINE = (
    "-c",
    """
import json
from lakehouse import settings
from lakehouse.engine import session
engine = session.start(settings.load())
print("ready", engine.jvm_process_id or 0, flush=True)
if engine.jvm_process_id:
    print("setting", engine.spark.sparkContext.getConf().get("spark.hadoop.fs.s3a.secret.key"), flush=True)
while input():
    print("counted", engine.spark.range(1000).repartition(2).selectExpr("sum(id)").collect()[0][0], flush=True)
""",
)
PROPERTIES = '{"spark.hadoop.fs.s3a.secret.key" = "hunter2", "spark.hadoop.fs.s3a.endpoint" = "http://store"}'
by_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user")


class Host:
    """A process in which an engine lives."""

    def __init__(self, process: subprocess.Popen[str], lake: Path) -> None:
        self.process, self.lake = process, lake
        jvm = int(self._line("ready"))
        self.processes = [psutil.Process(pid) for pid in (process.pid, jvm) if pid]
        self.setting = self._line("setting") if jvm else None

    def sum(self) -> int:
        """Let the session add up the numbers below 1000."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return int(self._line("counted"))

    def ports(self, status: str) -> set[int]:
        """Return the ports of the process and its JVM, in one state."""
        found = [each for process in self.processes for each in process.net_connections("tcp")]
        return {each.laddr.port for each in found if each.status == status}

    def _line(self, word: str) -> str:
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith(word):
                return line.split()[1]
        raise AssertionError("".join(lines))


def host(lake: Path, engine: str, **variables: str) -> Iterator[Host]:
    process = start(lake, *ENGINE, LAKEHOUSE_ENGINE__NAME=engine, **variables)
    try:
        yield Host(process, lake)
    finally:
        kill(process)
        process.communicate()


@pytest.fixture
def sail(tmp_path: Path) -> Iterator[Host]:
    yield from host(tmp_path / "lake", "sail")


@pytest.fixture(scope="module")
def apache_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    lake = tmp_path_factory.mktemp("strangers") / "lake"
    yield from host(lake, "spark", LAKEHOUSE_SPARK__CONF=PROPERTIES)


@by_root
def test_the_embedded_engine_listens_nowhere_and_lets_no_other_user_connect(sail):
    own = sail.ports(psutil.CONN_ESTABLISHED)  # both ends of the one connection
    assert own
    assert tried_by_a_stranger(own) == {"connects": [], "runs_frames": [], "runs_java": [], "serves_blocks": []}
    assert sail.ports(psutil.CONN_LISTEN) == set()
    assert sail.sum() == 499500


@by_root
def test_apache_spark_does_nothing_for_another_user_without_its_secrets(apache_spark):
    assert apache_spark.sum() == 499500
    ports = apache_spark.ports(psutil.CONN_LISTEN)
    assert len(ports) >= 3  # gateway, driver, block manager
    tried = tried_by_a_stranger(ports)
    assert tried == {"connects": sorted(ports), "runs_frames": [], "runs_java": [], "serves_blocks": []}
    assert apache_spark.sum() == 499500


def test_apache_sparks_secret_is_on_no_command_line(apache_spark):
    words = " ".join(word for process in apache_spark.processes for word in process.cmdline())
    assert "spark.authenticate=true" in words
    assert "spark.authenticate.secret" not in words


def test_a_secret_of_the_settings_reaches_apache_spark_by_no_command_line_and_no_log(apache_spark):
    words = " ".join(apache_spark.processes[-1].cmdline())
    assert (apache_spark.setting, "http://store" in words, "hunter2" in words) == ("hunter2", True, False)
    log = apache_spark.lake / "logs" / "spark.log"
    assert (stat.S_IMODE(log.stat().st_mode), b"hunter2" in log.read_bytes()) == (0o600, False)


def tried_by_a_stranger(ports: set[int]) -> dict[str, Any]:
    command = [sys.executable, Path(__file__).with_name("stranger.py"), *map(str, sorted(ports))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return json.loads(done.stdout)
