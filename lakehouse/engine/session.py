"""engine.session — what an engine offers, and the one that the settings name, started once a process."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from pyspark.sql import SparkSession

from lakehouse.settings import Settings

Item = TypeVar("Item")
Result = TypeVar("Result")


class Engine(Protocol):
    """Runs frames.

    Attributes:
        spark: the session that frames are made from.
        jvm_process_id: the JVM beside this process, which may outlive it by seconds; None without one.
    """

    @property
    def spark(self) -> SparkSession:
        """The session that frames are made from."""

    @property
    def jvm_process_id(self) -> int | None:
        """The JVM beside this process, which may outlive it by seconds; None without one."""

    @property
    def is_local(self) -> bool:
        """Whether all its tasks run on this machine, and so read and write its folders."""

    @property
    def is_alive(self) -> bool:
        """Whether the engine can still be asked."""

    def spread(self, function: Callable[[Item], Iterable[Result]], items: list[Item]) -> list[Result]:
        """Call a function with each item, side by side; return all results, in no order."""

    def interrupt(self) -> None:
        """End what the engine does at this moment; whoever waits for it gets an error."""

    def abort(self) -> None:
        """End the engine in the middle of whatever it does, for a process that ends itself and may not wait."""

    def stop(self) -> None:
        """End the engine."""


_started: list[Engine] = []


def start(settings: Settings) -> Engine:
    """Return the process's engine, started at the first call.

    Raises:
        LakehouseError: the engine's own: no Java, a JAR missing or altered, a stranger on its port (exit code 4).
    """
    if not _started:
        _started.append(_engine(settings))
    return _started[0]


def _engine(settings: Settings) -> Engine:
    """Start the engine that the settings name; the others' libraries are not even imported."""
    match settings.engine.name:
        case "spark":
            from lakehouse.engine.spark import SparkEngine

            return SparkEngine(settings)
        case "connect":
            from lakehouse.engine.connect import ConnectEngine

            return ConnectEngine(settings)
        case _:
            from lakehouse.engine.sail import SailEngine

            return SailEngine(settings)


def stop() -> None:
    """End the process's engine, if one was started; the next `start` starts another."""
    while _started:
        _started.pop().stop()
