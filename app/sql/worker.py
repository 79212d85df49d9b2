"""sql.worker — the third layer, and the way into the fourth: a process that runs one query after another.

It gets its settings from stdin, pickled, then a request a line; it answers each by a line of JSON, behind which so
many bytes of Arrow follow as the line says. Before Spark starts it gives up writing and the network. It ends, and its
JVM with it, when stdin does.
"""

import json
import os
import pickle
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.sql import DataFrame, SparkSession

from app.sql import explanations, limits, plan, results
from app.sql.text import Refused
from app.sql.views import PublishedTable, Views
from lakehouse.engine import isolation, session, spark
from lakehouse.settings import Settings
from lakehouse.storage.store import Store

GROUP = "query"  # of the jobs of the query that runs
OPTIONS = "-XX:+ExitOnOutOfMemoryError -XX:MaxDirectMemorySize=256m -XX:-UsePerfData"
# What no property of the lake's own settings changes.
PROPERTIES = {
    "spark.driver.maxResultSize": "32m",
    "spark.sql.autoBroadcastJoinThreshold": "16m",
    "spark.sql.catalog.spark_catalog": "builtin",  # the log is read by delta-rs; nobody names a table by its path
    "spark.sql.cteRecursionLevelLimit": "1",
    "spark.sql.extensions": "",
    "spark.sql.runSQLOnFiles": "false",
    "spark.sql.scripting.enabled": "false",
    "spark.sql.variable.substitute": "false",
    "spark.ui.enabled": "false",
}


# The first query of a JVM takes seconds, which no reader's clock should count.
FIRST = "SELECT id % 7 AS a, count(*) AS b FROM range(1000) WHERE id > 1 GROUP BY id % 7 ORDER BY b DESC LIMIT 5"


class Worker:
    """A session, and the published tables that it shows."""

    def __init__(self, settings: Settings, scratch: Path) -> None:
        """Start Spark, in its own folder; the tables are the lake's."""
        session.start(confined(settings, scratch))
        self.store = Store(settings)
        self.spark: SparkSession = self.store.spark
        self.spark.sparkContext.setLogLevel("ERROR")
        self.views = Views(self.store)
        self.answer({"act": "run", "sql": FIRST, "tables": {}})

    def answer(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Judge a query and do what is asked with it: `run`, `plan`, or `check` and nothing more.

        Returns:
            What is told of the answer, and its rows in Arrow's form.

        Raises:
            Refused: a rule refuses it.
            LakehouseError: it failed.
        """
        tables = {view: PublishedTable(*each) for view, each in request["tables"].items()}
        known = {name: view for view, table in tables.items() for name in (view, table.name.lower())}
        judged = plan.judge(self.spark, request["sql"], known)
        told: dict[str, Any] = {"tables": sorted(judged.tables)}
        if request["act"] == "check":
            return told, b""
        self.spark.sparkContext.setJobGroup(GROUP, GROUP, interruptOnCancel=True)
        self.views.make(tables, judged.tables)
        frame = self.spark.sql(judged.sql)
        self.views.require_published(frame, judged.tables)
        if request["act"] == "plan":
            return told | {"plan": self._plan(frame)}, b""
        rows = results.require_small(frame.limit(limits.MOST_ROWS + 1).toArrow())
        told["is_cut"] = rows.num_rows > limits.MOST_ROWS
        return told, _bytes(rows.slice(0, limits.MOST_ROWS))

    def cancel(self) -> None:
        """End the jobs of the query that runs."""
        self.spark.sparkContext.cancelJobGroup(GROUP)

    def _plan(self, frame: DataFrame) -> str:
        """Return how Spark would run a query, in words, without paths."""
        execution = frame._jdf.queryExecution()
        words = self.spark._jvm.PythonSQLUtils.explainString(execution, "formatted")  # type: ignore[union-attr]
        return "\n".join(explanations.scrub(line) for line in str(words).splitlines())


def confined(settings: Settings, scratch: Path) -> Settings:
    """Return the settings of the session: its own folder for logs and spills, little memory."""
    chosen = settings.spark
    options = " ".join([chosen.java_options, OPTIONS])
    local = {"spark.local.dir": str(scratch), "spark.sql.warehouse.dir": str(scratch / "warehouse")}
    return replace(
        settings,
        lake=replace(settings.lake, path=str(scratch)),
        engine=replace(settings.engine, name="spark"),
        spark=replace(
            chosen,
            master="local[2]",
            driver_memory=limits.MEMORY,
            java_options=options,
            conf=chosen.conf | PROPERTIES | local,
        ),
    )


def _bytes(rows: pa.Table) -> bytes:
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(stream.getvalue().to_pybytes())


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its child
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    settings, scratch = pickle.load(sys.stdin.buffer)
    open_doors = isolation.isolate(scratch, keep_network=bool(settings.storage.uri))
    try:
        worker = Worker(settings, scratch)
    except Exception as error:
        _fail(answers, error)
        os.killpg(0, signal.SIGKILL)
    _send(answers, {"ready": True, "open": open_doors, "jvm": spark.jvm_process_id(worker.spark)})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if request["act"] == "cancel":
            worker.cancel()
        else:
            threading.Thread(target=_serve, args=(worker, request, answers), daemon=True).start()
    os.killpg(0, signal.SIGKILL)


def _serve(worker: Worker, request: Mapping[str, Any], answers: BinaryIO) -> None:
    try:
        told, rows = worker.answer(request)
        _send(answers, told, rows)
    except Exception as error:
        if isinstance(error, ConnectionError | Py4JError) and not isinstance(error, Py4JJavaError):
            os.killpg(0, signal.SIGKILL)  # the JVM ended itself, for want of memory
        _fail(answers, error)


def _fail(answers: BinaryIO, error: Exception) -> None:
    known = explanations.explain(error)
    rule = error.rule if isinstance(error, Refused) else ""
    _send(answers, {"error": [known.message, known.remedy, int(known.code)], "rule": rule})


def _send(answers: BinaryIO, told: Mapping[str, Any], rows: bytes = b"") -> None:
    answers.write(json.dumps({**told, "bytes": len(rows)}).encode() + b"\n" + rows)
    answers.flush()


if __name__ == "__main__":
    _main()
