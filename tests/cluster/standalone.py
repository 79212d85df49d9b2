"""A cluster of Apache Spark on this machine: a master and workers that share nothing but the disk; or a Connect server.

A worker has a process group, a folder and an environment of its own. Its tasks run in a Python that has the libraries
and not our code, which comes as an archive, as it would to another machine.
"""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import sysconfig
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pyspark

from lakehouse.engine import java

HOME = Path(pyspark.__file__).parent
CHEAP = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
PATIENCE = 120  # seconds until a process that should have come or gone is given up
HOST = "127.0.0.1"


@dataclass
class Cluster:
    """A cluster that runs.

    Attributes:
        folder: where its processes keep their files.
        secret: without it nothing of the cluster answers.
        processes: the master, then the workers; each leads a process group.
    """

    folder: Path
    secret: str
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    master: str = ""

    def variables(self, **properties: str) -> dict[str, str]:
        """Return what leads a process of ours to the cluster; properties come on top of those that a test needs."""
        conf = {
            "spark.driver.host": HOST,
            "spark.driver.bindAddress": HOST,
            "spark.authenticate": "true",
            "spark.authenticate.secret": self.secret,
            "spark.executor.memory": "600m",
            "spark.executor.extraJavaOptions": f"-Duser.timezone=UTC {CHEAP}",
            "spark.archives": f"{self.folder / 'environment.tar.gz'}#environment",
            "spark.pyspark.python": "./environment/bin/python",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            **properties,
        }
        return {
            "LAKEHOUSE_ENGINE__NAME": "spark",
            "LAKEHOUSE_SPARK__MASTER": self.master,
            "LAKEHOUSE_SPARK__CONF": "{" + ", ".join(f'"{k}" = {json.dumps(v)}' for k, v in conf.items()) + "}",
        }

    def start(self, name: str, role: str, *arguments: str) -> None:
        """Start the master or a worker."""
        asked = (*arguments, "--host", HOST, "--port", "0", "--webui-port", "0")
        self.processes.append(
            start_spark(
                self.folder / name,
                "spark-class",
                f"org.apache.spark.deploy.{role}",
                *asked,
                "--properties-file",
                str(self.folder / "properties"),
                SPARK_DAEMON_JAVA_OPTS=CHEAP,
                SPARK_DAEMON_MEMORY="256m",
                SPARK_WORKER_DIR=str(self.folder / name / "work"),
            )
        )

    def add_worker(self) -> None:
        """Start a worker of one core, and wait until the master knows it."""
        name = f"worker-{len(self.processes)}"
        self.start(name, "worker.Worker", self.master, "--cores", "1", "--memory", "1g")
        wait_for(self.processes[-1], self.folder / name, "Successfully registered with master")

    def sessions(self) -> int:
        """Count the sessions that drivers have opened with the master so far."""
        return (self.folder / "master" / "log").read_text().count("Registered app ")

    def kill_worker(self, number: int) -> None:
        """Let a worker's machine go down: the worker, its executors and their tasks, at once."""
        kill(self.processes[number])


def start_spark(folder: Path, script: str, *arguments: str, **environ: str) -> "subprocess.Popen[bytes]":
    """Start a script of Spark's own in a folder, with an environment that leads to nothing of ours."""
    folder.mkdir()
    bare = {
        "HOME": str(folder),
        "JAVA_HOME": str(java.find(os.environ)),
        "PATH": os.defpath,
        "SPARK_HOME": str(HOME),
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_LOCAL_IP": HOST,
    }
    command = ["bash", str(HOME / "bin" / script), *arguments]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, env=bare | environ, cwd=folder, stdout=log, stderr=log, start_new_session=True)


def wait_for(process: "subprocess.Popen[bytes]", folder: Path, pattern: str) -> str:
    """Wait until the process of a folder says something, and return it."""
    end = time.monotonic() + PATIENCE
    while not (found := re.search(pattern, (folder / "log").read_text())):
        assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
        time.sleep(0.05)
    return found.group(0)


def write_properties(path: Path, properties: dict[str, str]) -> None:
    """Write properties into a file that nobody else can read."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.writelines(f"{name} {value}\n" for name, value in properties.items())


@contextmanager
def standalone(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """Run a cluster of one core each in an empty folder; nothing of it outlives this."""
    cluster = Cluster(folder, secrets.token_hex(16))
    pack_environment(folder)
    properties = {
        "spark.authenticate": "true",
        "spark.authenticate.secret": cluster.secret,
        "spark.master.rest.enabled": "false",
    }
    write_properties(folder / "properties", properties)
    try:
        cluster.start("master", "master.Master")
        cluster.master = wait_for(cluster.processes[0], folder / "master", r"spark://[\d.]+:\d+")
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        for process in reversed(cluster.processes):
            kill(process)


@contextmanager
def connect_server(folder: Path, class_path: str = "") -> Iterator[tuple[str, str]]:
    """Run a Spark Connect server in an empty folder, with further JARs; give its address and the token that it asks for."""
    pack_environment(folder)
    token = secrets.token_hex(16)
    properties = {
        "spark.connect.grpc.binding.address": HOST,
        "spark.connect.grpc.binding.port": "0",
        "spark.driver.extraClassPath": class_path,
        "spark.driver.extraJavaOptions": CHEAP,
        "spark.driver.memory": "1g",
        "spark.log.level": "INFO",  # it says so on which port it listens
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
    }
    write_properties(folder / "properties", properties)
    process = start_spark(
        folder / "server",
        "spark-submit",
        "--properties-file",
        str(folder / "properties"),
        "--class",
        "org.apache.spark.sql.connect.service.SparkConnectServer",
        "spark-internal",
        PYSPARK_PYTHON=str(folder / "environment" / "bin" / "python"),
        SPARK_CONNECT_AUTHENTICATE_TOKEN=token,
    )
    try:
        port = wait_for(process, folder / "server", r"server started at: \S+:\d+").rpartition(":")[2]
        yield f"sc://localhost:{port}", token
    finally:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and everything that it started."""
    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(process.pid).children(recursive=True)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for each in below:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(below, timeout=PATIENCE)
    process.wait()


def pack_environment(folder: Path) -> Path:
    """Make an archive of a Python that finds the libraries of this one, and no code of ours."""
    made = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", made], check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(made), "platbase": str(made)}))
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    done = subprocess.run([made / "bin" / "python", "-c", "import lakehouse"], cwd=folder, env={}, capture_output=True)
    assert b"No module named 'lakehouse'" in done.stderr, "tasks would find our code by themselves"
    with tarfile.open(folder / "environment.tar.gz", "w:gz") as archive:
        for each in sorted(made.iterdir()):
            archive.add(each, each.name)
    return folder / "environment.tar.gz"
