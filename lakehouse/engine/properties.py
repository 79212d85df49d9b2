"""engine.properties — what Apache Spark is told: how to run queries, and what its processes on each machine are."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from typing import Any

from lakehouse.settings import CONF, Settings

JVM_OPTIONS = "spark.driver.extraJavaOptions"
PYTHON = "spark.pyspark.python"  # of the tasks; on a cluster it may lie elsewhere than here
COMPILER_OPTIONS = ("-XX:+UnlockDiagnosticVMOptions", f'-XX:CompilerDirectivesFile="{CONF / "compiler.json"}"')
OF_MACHINES = (PYTHON, "spark.archives")  # of use only to tasks on other machines
IDLE = "30s"
# The names of variables that belong to the embedded engine begin so.
EMBEDDED = ("SAIL_", "SPARK_CONNECT", "SPARK_REMOTE", "SPARK_LOCAL_REMOTE", "SPARK_API_MODE")


def is_local(settings: Settings) -> bool:
    """Say whether driver and tasks are one process of this machine."""
    return settings.spark.master.startswith("local")


def without_embedded(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what leads pyspark to the embedded engine, for a child that runs Apache Spark."""
    return {name: value for name, value in environ.items() if not name.startswith(EMBEDDED)}


def of_queries(settings: Settings) -> dict[str, str]:
    """Return how queries run; any session may set it."""
    chosen = settings.spark
    return {
        "spark.sql.autoBroadcastJoinThreshold": chosen.broadcast_threshold,
        "spark.sql.codegen.hugeMethodLimit": "8000",  # bytes of code; a longer method the JVM never compiles
        "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",  # rows on their way to Python; 10,000 cost a tenth
        "spark.sql.files.maxPartitionBytes": chosen.max_partition_bytes,
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(chosen.shuffle_partitions),
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    }


def of_session(settings: Settings, jars: Sequence[Path]) -> dict[str, Any]:
    """Return everything that a session is started with.

    Args:
        settings: those of the lake; `spark.conf` has the last word.
        jars: those beside pyspark's own.
    """
    chosen = settings.spark
    class_path = os.pathsep.join(map(str, jars))
    options = ["-Duser.timezone=UTC", f'-Djava.io.tmpdir="{gettempdir()}"', chosen.java_options, *COMPILER_OPTIONS]
    properties: dict[str, Any] = of_queries(settings) | {
        "spark.driver.extraClassPath": class_path,
        JVM_OPTIONS: " ".join(options),
        "spark.driver.memory": chosen.driver_memory,
        "spark.app.name": "lakehouse",
        "spark.log.level": "WARN",
        "spark.master": chosen.master,
        "spark.buffer.size": str(1 << 20),
        "spark.scheduler.mode": "FAIR",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.codegen.cache.maxEntries": "5000",  # one run's queries are more than the default of 100
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
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
        "spark.sql.warehouse.dir": gettempdir(),
        "spark.databricks.delta.snapshotPartitions": str(chosen.snapshot_partitions),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    if settings.object_store:
        properties |= settings.object_store.hadoop()
    if is_local(settings):  # a cluster has a secret of its own, which its settings name
        here = {"spark.driver.host": "127.0.0.1", "spark.authenticate": "true"}
        conf = {name: value for name, value in chosen.conf.items() if name not in OF_MACHINES}
        return properties | here | {"spark.authenticate.secret": token_hex(32)} | conf
    return properties | _of_machines(jars) | chosen.conf


def _of_machines(jars: Sequence[Path]) -> dict[str, str]:
    """Return what a cluster's machines are told; they need not have the JARs, which the driver sends them.

    A session gives back the machines that it has no work for: what a command starts in a process of its own, such as
    a training, asks for them too, and would wait for ever.
    """
    return {
        "spark.jars": ",".join(path.as_uri() for path in jars),
        "spark.executor.extraJavaOptions": "-Duser.timezone=UTC",
        "spark.executorEnv.TZ": "UTC",
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.executorIdleTimeout": IDLE,
        "spark.dynamicAllocation.shuffleTracking.timeout": IDLE,  # a shuffle is of use to its own query alone
    }
