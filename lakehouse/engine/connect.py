"""engine.connect — a Spark Connect server that somebody else keeps: Apache Spark, with no JVM on this machine.

It runs whatever it is sent, so it should ask for a token and speak TLS. Our modules reach its tasks as an artefact of
the session; the libraries that they import must be there.
"""

import pickle
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar
from urllib.parse import quote, urlsplit

import pyarrow as pa
import pyspark
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lakehouse import secrets
from lakehouse.engine import connection, properties, shipping
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

Item = TypeVar("Item")
Result = TypeVar("Result")

PORT = 15002  # of a server whose address names none
SECONDS_TO_LISTEN = 5.0
MOST_RETRIES = 5  # of a request without an answer: some twenty seconds
REFUSED = ("UNAUTHENTICATED", "PERMISSION_DENIED")


class ConnectEngine:
    """A session of a Spark Connect server."""

    jvm_process_id = None
    is_local = False

    def __init__(self, settings: Settings) -> None:
        """Connect, and send the code that tasks need.

        Raises:
            LakehouseError: no server is named, it does not answer, refuses us, or is of another Spark (exit code 4).
        """
        connection.prepare()
        self.spark = _connect(settings)
        archive = shipping.pack(settings)
        self.spark.addArtifacts(str(archive), pyfile=True)
        sys.path.remove(str(archive))  # this process has its own modules
        shipping.require_machines(self.spread, archive, settings)

    @property
    def is_alive(self) -> bool:
        """Whether the server answers and knows our session."""
        return connection.answers(self.spark)

    def spread(self, function: Callable[[Item], Iterable[Result]], items: list[Item]) -> list[Result]:
        """Call a function with each item in a task of its own; a single one is done before a task is up."""
        if len(items) < 2:
            return [result for item in items for result in function(item)]

        def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for number in batch["id"].to_pylist():
                    yield pa.RecordBatch.from_pydict({"results": [pickle.dumps(list(function(items[number])))]})

        numbers = self.spark.range(0, len(items), 1, len(items))
        found = numbers.mapInArrow(task, "results BINARY").collect()
        return [result for row in found for result in pickle.loads(row.results)]

    def interrupt(self) -> None:
        """End what the engine does at this moment."""
        self.spark.interruptAll()

    def abort(self) -> None:
        """End what the engine does; the rest ends with this process."""
        self.interrupt()

    def stop(self) -> None:
        """End the session; the server goes on."""
        self.spark.stop()


def _connect(settings: Settings) -> SparkSession:
    """Open the session, with what any session may set and the keys of the object store.

    Raises:
        LakehouseError: see `ConnectEngine`.
    """
    from pyspark.sql.connect.client.retries import DefaultPolicy

    chosen = settings.engine
    if not chosen.remote:
        message = 'engine.name is "connect", and engine.remote names no server.'
        raise LakehouseError(message, "LAKEHOUSE_ENGINE__REMOTE=sc://<host>:<port>", Exit.USAGE)
    _require_listener(chosen.remote)
    asked = properties.of_queries(settings)
    if settings.object_store:
        asked |= {name.removeprefix("spark.hadoop."): each for name, each in settings.object_store.hadoop().items()}
    try:
        spark = connection.connect(_url(chosen.remote, chosen.token), asked, retries=[DefaultPolicy(MOST_RETRIES)])
        for name, value in settings.spark.conf.items():
            if name.startswith("spark.sql.") and spark.conf.isModifiable(name):
                spark.conf.set(name, value)
        version = spark.version
    except PySparkException as error:
        raise _refusal(chosen.remote, error) from error
    if version.split(".")[:2] != pyspark.__version__.split(".")[:2]:
        message = (
            f"The server {secrets.hide(chosen.remote)} is Apache Spark {version}, and this is {pyspark.__version__}."
        )
        raise LakehouseError(message, f"name a server of Apache Spark {pyspark.__version__}", Exit.ENVIRONMENT)
    return spark


def _require_listener(remote: str) -> None:
    """Ask whether anything listens, which is told at once; the retries of a request take most of a minute.

    Raises:
        LakehouseError: its machine says that nothing does (exit code 4).
    """
    with suppress(OSError, ValueError):  # no address, or one that only a proxy knows: the request itself will tell
        try:
            address = urlsplit(remote)
            socket.create_connection((address.hostname, address.port or PORT), timeout=SECONDS_TO_LISTEN).close()
        except ConnectionRefusedError as error:
            raise _no_server(remote, str(error.strerror)) from error


def _url(remote: str, token: str) -> str:
    """Return the address with the token that the environment holds."""
    return f"{remote.rstrip('/')}{'' if '/;' in remote else '/'};token={quote(token)}" if token else remote


def _refusal(remote: str, error: PySparkException) -> LakehouseError:
    text, server = str(error), secrets.hide(remote)
    if any(each in text for each in REFUSED):
        message = f"The server {server} refused the token, or there is none."
        return LakehouseError(message, "LAKEHOUSE_ENGINE__TOKEN=<the one that it was started with>", Exit.ENVIRONMENT)
    reason = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    return _no_server(remote, reason[:200])


def _no_server(remote: str, reason: str) -> LakehouseError:
    message = f"No Spark Connect server answers at {secrets.hide(remote)}: {reason}"
    return LakehouseError(message, "start it (docs/cluster.md), or correct engine.remote", Exit.ENVIRONMENT)
