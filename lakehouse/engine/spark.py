"""engine.spark — Apache Spark, on this machine or a cluster: the engine for what outgrows one machine."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from secrets import token_hex
from subprocess import STDOUT
from tempfile import NamedTemporaryFile, gettempdir
from time import tzset
from typing import Any, TypeVar

import psutil
from pyspark import SparkConf, SparkContext
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from lakehouse import private, secrets
from lakehouse.engine import jars, java
from lakehouse.settings import CONF, Settings, environment

Item = TypeVar("Item")
Result = TypeVar("Result")

JVM_OPTIONS = "spark.driver.extraJavaOptions"
COMPILER_OPTIONS = ("-XX:+UnlockDiagnosticVMOptions", f'-XX:CompilerDirectivesFile="{CONF / "compiler.json"}"')


class SparkEngine:
    """A Spark session and its JVM."""

    def __init__(self, settings: Settings) -> None:
        """Start the JVM.

        Raises:
            LakehouseError: no Java, or a JAR missing or altered (exit code 4).
        """
        self.spark = session(settings)
        self.jvm_process_id = jvm_process_id(self.spark)
        self.is_local = settings.spark.master.startswith("local")

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

    def interrupt(self) -> None:
        """End what the engine does at this moment."""
        self.spark.sparkContext.cancelAllJobs()

    def abort(self) -> None:
        """End the JVM: it plans for seconds what no cancelling of jobs reaches."""
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
    class_path = os.pathsep.join(map(str, jars.paths(settings)))
    options = " ".join([settings.spark.java_options, *COMPILER_OPTIONS])
    os.environ.pop("SPARK_CONNECT_MODE_ENABLED", None)  # of a parent that runs the embedded engine
    os.environ["JAVA_HOME"] = str(home)
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["TZ"] = "UTC"  # instants that reach Python as datetimes are UTC, whatever the host says
    tzset()
    properties = _properties(settings, class_path, options)
    _launch_jvm(settings, properties)
    return SparkSession.builder.config(map=properties).getOrCreate()


def _launch_jvm(settings: Settings, properties: dict[str, Any]) -> None:
    """Start the JVM with its own log file: what it prints on the way belongs to nobody's terminal.

    Secrets reach it later, with the session, and those among its own options by a file: everybody can read a command
    line.
    """
    conf = SparkConf(loadDefaults=False)
    conf.setAll([(name, value) for name, value in properties.items() if not secrets.holds_secret(str(value), name)])
    with private.open_log(settings, "spark.log") as log, _without_secrets(properties[JVM_OPTIONS]) as options:
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


def _properties(settings: Settings, class_path: str, java_options: str) -> dict[str, Any]:
    chosen = settings.spark
    properties: dict[str, Any] = {
        "spark.driver.extraClassPath": class_path,
        JVM_OPTIONS: " ".join(["-Duser.timezone=UTC", f'-Djava.io.tmpdir="{gettempdir()}"', java_options]),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": chosen.driver_memory,
        "spark.app.name": "lakehouse",
        "spark.log.level": "WARN",
        "spark.master": chosen.master,
        "spark.buffer.size": str(1 << 20),
        "spark.scheduler.mode": "FAIR",
        "spark.sql.autoBroadcastJoinThreshold": chosen.broadcast_threshold,
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.codegen.cache.maxEntries": "5000",  # one run's queries are more than the default of 100
        "spark.sql.codegen.hugeMethodLimit": "8000",  # bytes of code; a longer method the JVM never compiles
        "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",  # rows on their way to Python; 10,000 cost a tenth
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.files.maxPartitionBytes": chosen.max_partition_bytes,
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.hadoop.parquet.compression.codec.zstd.level": "1",
        # What Spark itself writes, for maintenance and erasure, is as lakehouse.datafiles writes it: a column of many
        # values gives up its dictionary at once, and statistics, by which files are chosen, stand in the log alone.
        "spark.hadoop.parquet.dictionary.page.size": "65536",
        "spark.hadoop.parquet.column.statistics.enabled": "false",
        # Every page carries a checksum; a damaged one is refused instead of read as other values.
        "spark.hadoop.parquet.page.verify-checksum.enabled": "true",
        "spark.hadoop.parquet.page.size.row.check.min": "1000",
        "spark.hadoop.parquet.page.size.row.check.max": "50000",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(chosen.shuffle_partitions),
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
        "spark.sql.warehouse.dir": gettempdir(),
        "spark.databricks.delta.snapshotPartitions": str(chosen.snapshot_partitions),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if not chosen.master.startswith("local"):
        properties["spark.executor.extraClassPath"] = class_path
        del properties["spark.driver.host"]
    else:  # a cluster has a secret of its own, which its settings name
        properties |= {"spark.authenticate": "true", "spark.authenticate.secret": token_hex(32)}
    if settings.object_store:
        properties |= settings.object_store.hadoop()
    return properties | chosen.conf
