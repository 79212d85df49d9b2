"""engine.spark — Apache Spark, on this machine or a cluster: the engine for what outgrows one machine."""

import json
import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from subprocess import STDOUT
from tempfile import NamedTemporaryFile
from time import tzset
from typing import Any, TypeVar

import psutil
import py4j
from pyspark import SparkConf, SparkContext, SparkFiles
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from lakehouse import private, secrets
from lakehouse.engine import jars, java, properties, shipping
from lakehouse.engine.properties import JVM_OPTIONS
from lakehouse.settings import Settings, environment

Item = TypeVar("Item")
Result = TypeVar("Result")


class SparkEngine:
    """A Spark session and its JVM."""

    def __init__(self, settings: Settings) -> None:
        """Start the JVM.

        Raises:
            LakehouseError: no Java, a JAR missing or altered, or machines that cannot do our work (exit code 4).
        """
        self.spark = session(settings)
        self.jvm_process_id = jvm_process_id(self.spark)
        self.is_local = properties.is_local(settings)
        if not self.is_local:
            self._equip_machines(settings)

    @property
    def is_alive(self) -> bool:
        """Whether the JVM still runs."""
        try:
            return psutil.Process(self.jvm_process_id).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def spread(self, function: Callable[[Item], Iterable[Result]], items: list[Item]) -> list[Result]:
        """Call a function with each item in a task of its own; a single one is done before a worker is up."""
        if len(items) < 2:
            return [result for item in items for result in function(item)]
        return self.spark.sparkContext.parallelize(items, len(items)).flatMap(function).collect()

    def _equip_machines(self, settings: Settings) -> None:
        """Send our modules to the tasks on other machines; this process has its own already."""
        archive = shipping.pack(settings)
        self.spark.sparkContext.addPyFile(str(archive))
        sys.path.remove(os.path.join(SparkFiles.getRootDirectory(), archive.name))
        shipping.require_machines(self.spread, archive, settings)

    def interrupt(self) -> None:
        """End what the engine does at this moment."""
        self.spark.sparkContext.cancelAllJobs()

    def abort(self) -> None:
        """End the JVM: it plans for seconds what no cancelling of jobs reaches."""
        with suppress(psutil.NoSuchProcess):
            psutil.Process(self.jvm_process_id).kill()

    def stop(self) -> None:
        """End the session; its JVM ends with this process."""
        self.spark.stop()


def session(settings: Settings) -> SparkSession:
    """Return the process's session, started at the first call.

    Raises:
        LakehouseError: no Java, or a JAR missing or altered (exit code 4).
    """
    if SparkContext._active_spark_context is not None:
        return SparkSession.builder.getOrCreate()
    home = java.find(environment())
    chosen = properties.of_session(settings, jars.paths(settings))
    os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)  # of a parent that runs the embedded engine
    os.environ["JAVA_HOME"] = str(home)
    os.environ["PYSPARK_PYTHON"] = chosen.get(properties.PYTHON, sys.executable)
    os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["TZ"] = "UTC"  # instants that reach Python as datetimes are UTC, whatever the host says
    tzset()
    for logger in (logging.getLogger(), logging.getLogger("py4j.clientserver")):
        logger.addFilter(_is_news)
    _launch_jvm(settings, chosen)
    with _own_interrupts():
        return SparkSession.builder.config(map=chosen).getOrCreate()


def _is_news(record: logging.LogRecord) -> bool:
    """Say no to what py4j writes, with a traceback, of a JVM that ended: whoever waits for it gets the error itself."""
    return not record.pathname.startswith(os.path.dirname(py4j.__file__))


@contextmanager
def _own_interrupts() -> Iterator[None]:
    """Keep what Ctrl-C does: Spark's handler first asks the JVM to cancel its jobs, and a busy one hears that late."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler or signal.default_int_handler)


def _launch_jvm(settings: Settings, chosen: dict[str, Any]) -> None:
    """Start the JVM with its own log file: what it prints on the way belongs to nobody's terminal.

    Secrets reach it later, with the session, and those among its own options by a file: everybody can read a command
    line.
    """
    conf = SparkConf(loadDefaults=False)
    conf.setAll([(name, value) for name, value in chosen.items() if not secrets.holds_secret(str(value), name)])
    with private.open_log(settings, "spark.log") as log, _without_secrets(chosen[JVM_OPTIONS]) as options:
        conf.set(JVM_OPTIONS, options)
        gateway = launch_gateway(conf, popen_kwargs={"stdout": log, "stderr": STDOUT})  # type: ignore[no-untyped-call]
    SparkContext._ensure_initialized(gateway=gateway, conf=conf)


@contextmanager
def _without_secrets(options: str) -> Iterator[str]:
    """Return the options of a JVM, those that hold secrets in a file of its own that nobody else can read."""
    words = shlex.split(options)
    hidden = [word for word in words if secrets.holds_secret(word)]
    if not hidden:
        yield options
        return
    with NamedTemporaryFile("w", encoding="utf-8", prefix="lakehouse-", suffix=".options") as file:
        file.writelines(f"{json.dumps(word, ensure_ascii=False)}\n" for word in hidden)  # Java's quoting is JSON's
        file.flush()
        yield shlex.join([*(word for word in words if word not in hidden), f"@{file.name}"])


def jvm_process_id(spark: SparkSession) -> int:
    """Return the process id of the session's JVM."""
    return int(spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid())  # type: ignore[union-attr]
