"""A standalone cluster of Apache Spark on this machine: a master, workers that share nothing but the disk, a secret.

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
PATIENCE = 60  # seconds until a process that should have come or gone is given up
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
        folder = self.folder / name
        folder.mkdir()
        home = java.find(os.environ)
        environ = {
            "HOME": str(folder),
            "JAVA_HOME": str(home),
            "PATH": os.defpath,
            "SPARK_HOME": str(HOME),
            "SPARK_LOCAL_DIRS": str(folder),
            "SPARK_LOCAL_IP": HOST,
            "SPARK_SCALA_VERSION": "2.13",
            "SPARK_WORKER_DIR": str(folder / "work"),
        }
        command = [f"{home}/bin/java", "-Xmx256m", *CHEAP.split(), "-cp", f"{HOME / 'jars'}/*"]
        command += [f"org.apache.spark.deploy.{role}", *arguments, "--host", HOST, "--port", "0", "--webui-port", "0"]
        command += ["--properties-file", str(self.folder / "properties")]
        with (folder / "log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(command, env=environ, cwd=folder, stdout=log, stderr=log, start_new_session=True)
            )

    def kill_worker(self, number: int) -> None:
        """Let a worker's machine go down: the worker, its executors and their tasks, at once."""
        kill(self.processes[number])

    def wait_for(self, name: str, pattern: str) -> str:
        """Wait until a process says something, and return it."""
        end = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, (self.folder / name / "log").read_text())):
            assert time.monotonic() < end, (self.folder / name / "log").read_text()
            time.sleep(0.05)
        return found.group(0)


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
    with os.fdopen(os.open(folder / "properties", os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
        file.writelines(f"{name} {value}\n" for name, value in properties.items())
    try:
        cluster.start("master", "master.Master")
        cluster.master = cluster.wait_for("master", r"spark://[\d.]+:\d+")
        for number in range(1, workers + 1):
            cluster.start(f"worker-{number}", "worker.Worker", cluster.master, "--cores", "1", "--memory", "1g")
        for number in range(1, workers + 1):
            cluster.wait_for(f"worker-{number}", "Successfully registered with master")
        yield cluster
    finally:
        for process in reversed(cluster.processes):
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
    done = subprocess.run([made / "bin" / "python", "-c", "import lakehouse"], cwd=folder, capture_output=True)
    assert b"No module named 'lakehouse'" in done.stderr, "tasks would find our code by themselves"
    with tarfile.open(folder / "environment.tar.gz", "w:gz") as archive:
        for each in sorted(made.iterdir()):
            archive.add(each, each.name)
    return folder / "environment.tar.gz"
