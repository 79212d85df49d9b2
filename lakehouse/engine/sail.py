"""engine.sail — the embedded engine: Sail, which runs PySpark's frames in this process, without a JVM.

It speaks Spark's Connect protocol over a port of the loopback, asks nobody for a secret, and runs whatever it is sent.
So the port is closed for everybody as soon as our own connection stands.
"""

import atexit
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakSet

from lakehouse import private
from lakehouse.engine import connection, loopback
from lakehouse.engine.memory import pool_bytes
from lakehouse.settings import Settings

Item = TypeVar("Item")
Result = TypeVar("Result")

HOST = "127.0.0.1"
FOREVER_SECONDS = 10 * 365 * 86_400  # an idle session would be removed, and behind a closed port none can be made anew
FOREVER_MS = 2**31 - 1
MOST_MESSAGE_BYTES = 2**31 - 1
MOST_SPILLED_BYTES = 2**40


class SailEngine:
    """Sail, and the one session that is connected with it."""

    jvm_process_id = None
    is_local = True

    def __init__(self, settings: Settings) -> None:
        """Start the server, connect and close the port.

        Raises:
            LakehouseError: somebody else connected before the port was closed (exit code 4).
        """
        self._threads = settings.engine.threads or os.cpu_count() or 1
        self._pools: WeakSet[ThreadPoolExecutor] = WeakSet()
        spill = private.make_spill(settings)
        atexit.register(shutil.rmtree, spill, ignore_errors=True)  # also what an interrupted query left there
        os.environ.update(_environment(pool_bytes(settings.engine.memory), self._threads, str(spill)))
        os.environ.update(settings.object_store.sail() if settings.object_store else {})
        connection.prepare()
        from pysail.spark import SparkConnectServer

        self._server = SparkConnectServer(HOST, 0)
        self._server.start(background=True)
        _, port = self._server.listening_address
        options = [("grpc.client_idle_timeout_ms", FOREVER_MS)]
        self.spark = connection.connect(f"sc://{HOST}:{port}", PROPERTIES, options)  # a server that is gone stays gone
        self.spark.client.disable_reattachable_execute()  # no network to bridge; to prepare for it costs calls a query
        loopback.close(HOST, port)
        _keep_interrupts()

    @property
    def is_alive(self) -> bool:
        """Whether the server runs and knows our session."""
        return bool(self._server.running and connection.answers(self.spark))

    def spread(self, function: Callable[[Item], Iterable[Result]], items: list[Item]) -> list[Result]:
        """Call a function with each item, as many side by side as there are processors; return all results."""
        with ThreadPoolExecutor(self._threads) as pool:
            self._pools.add(pool)
            return [result for results in pool.map(function, items) for result in results]

    def interrupt(self) -> None:
        """End what the engine does at this moment; of what is spread, items that are begun are done."""
        for pool in list(self._pools):
            pool.shutdown(wait=False, cancel_futures=True)
        self.spark.interruptAll()

    def abort(self) -> None:
        """End what the engine does; the rest ends with this process."""
        self.interrupt()

    def stop(self) -> None:
        """End the session, then the server: the other way round the process would hang at its end."""
        self.spark.stop()
        self._server.stop()


PROPERTIES = {
    "spark.sql.session.timeZone": "UTC",
}


def _keep_interrupts() -> None:
    """Let Ctrl-C reach Python alone: Sail would end its server by it, and who then asks for anything would hang."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT) or signal.default_int_handler)


def _environment(memory: int, threads: int, spill: str) -> dict[str, str]:
    return {
        "RUST_LOG": "error",
        "MIMALLOC_PURGE_DELAY": "10",  # ms until freed memory goes back: of a second, it would keep as much as it uses
        "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
        "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE": str(memory),
        "SAIL_RUNTIME__TEMPORARY_FILES__PATHS": f'["{spill}"]',
        "SAIL_RUNTIME__TEMPORARY_FILES__MAX_SIZE": str(MOST_SPILLED_BYTES),
        "SAIL_EXECUTION__DEFAULT_PARALLELISM": str(threads),
        "SAIL_PARQUET__PUSHDOWN_FILTERS": "true",  # of the properties' column only the pages that are wanted
        "SAIL_SPARK__SESSION_TIMEOUT_SECS": str(FOREVER_SECONDS),
    }
