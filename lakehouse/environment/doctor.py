"""environment.doctor — look at the machine, change nothing, and name what mends each thing that is wrong."""

import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from lakehouse.engine import archive, jars, java
from lakehouse.environment import browser
from lakehouse.errors import LakehouseError
from lakehouse.runs import lock
from lakehouse.settings import Settings, environment

GB = 2**30
FULL, SCARCE = 1 * GB, 5 * GB  # of disk: below the one nothing is written, below the other soon nothing
BESIDE_JVM = 1 * GB  # what Python and the system need beside the driver
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


@dataclass(frozen=True)
class Check:
    """What was looked at, whether it is right, what was found and what mends it (on a right one: advice)."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def check(settings: Settings, environ: Mapping[str, str] | None = None) -> list[Check]:
    """Look at everything a lakehouse needs of its machine.

    Args:
        settings: whose Java, JARs, memory, ports and lake are looked at.
        environ: the environment, this process's unless given.

    Returns:
        One check a subject; those that are not `ok` are failures and carry a remedy.
    """
    environ = environment() if environ is None else environ
    looks: dict[str, Callable[[], Check]] = {
        "Python": _python,
        "Java": partial(_java, environ),
        "Spark and Delta": _versions,
        "JARs": partial(_jars, settings),
        "class archive": partial(_archive, settings, environ),
        "memory": partial(_memory, settings),
        "disk": partial(_disk, settings),
        "app.port": partial(_port, "app.port", settings.app.host, settings.app.port),
        "mlflow.port": partial(_port, "mlflow.port", "127.0.0.1", settings.mlflow.port),
        "lake lock": partial(_lock, settings),
        "browser": partial(_browser, environ),
    }
    return [_look(name, look) for name, look in looks.items()]


def _look(name: str, look: Callable[[], Check]) -> Check:
    """Turn an error that a part raises into its failure."""
    try:
        return look()
    except LakehouseError as error:
        return Check(name, False, error.message, error.remedy)


def _verdict(name: str, ok: bool, found: str, remedy: str) -> Check:
    """Give the remedy to a failure alone."""
    return Check(name, ok, found, "" if ok else remedy)


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return _verdict("Python", sys.version_info >= (3, 11), found, "PYTHON=python3.12 make setup")


def _java(environ: Mapping[str, str]) -> Check:
    home = java.find(environ)
    return Check("Java", True, f"{java.version(home)} in {home}")


def _versions() -> Check:
    """Compare pyspark and delta-spark with the JAR that names both in `delta-spark_<Spark>_<Scala>:<Delta>`."""
    spark, delta = version("pyspark"), version("delta-spark")
    jar = next(each for each in jars.locked() if each.artifact.startswith("delta-spark_"))
    fits = spark.startswith(jar.artifact.split("_")[1] + ".") and delta == jar.version
    found = f"pyspark {spark}, delta-spark {delta}, JAR {jar.artifact}:{jar.version}"
    return _verdict("Spark and Delta", fits, found, "make clean setup")


def _jars(settings: Settings) -> Check:
    paths = jars.paths(settings)
    return Check("JARs", True, f"{len(paths)} of {len(paths)} in {jars.folder(settings)}")


def _archive(settings: Settings, environ: Mapping[str, str]) -> Check:
    path = archive.find(settings, java.find(environ))
    advice = "" if path else "lakehouse setup"
    return Check("class archive", True, str(path or "none for these settings: Spark starts slower"), advice)


def _memory(settings: Settings) -> Check:
    asked, there = _size(settings.spark.driver_memory), _machine_memory()
    found = f"spark.driver_memory {settings.spark.driver_memory} of {there / GB:.1f} GB"
    fitting = f"LAKEHOUSE_SPARK__DRIVER_MEMORY={max(1, int(there * 0.6 / GB))}g"
    return _verdict("memory", asked + BESIDE_JVM <= there, found, fitting)


def _machine_memory() -> int:
    """Return what this machine or its container has, in bytes."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")]
    told = [path.read_text().strip() for path in limits if path.is_file()]
    return min([physical, *(int(each) for each in told if each.isdigit())])


def _size(text: str) -> int:
    """Read a JVM size such as 5g; without a unit Spark takes mebibytes."""
    lower = text.strip().lower().removesuffix("b")
    number, unit = (lower[:-1], lower[-1]) if lower[-1:] in UNITS else (lower, "m")
    if not number.isdigit():
        raise LakehouseError(f"spark.driver_memory = {text!r} is no size.", "write it as 5g or 512m")
    return int(number) * UNITS[unit]


def _disk(settings: Settings) -> Check:
    lake = settings.lake_path
    there = next(each for each in [lake, *lake.parents] if each.exists())
    free = shutil.disk_usage(there).free
    found = f"{free / GB:.1f} GB free at {lake}" + (", soon too little" if FULL <= free < SCARCE else "")
    advice = "lakehouse maintain vacuum, or LAKEHOUSE_LAKE=<folder on a larger disk>" if free < SCARCE else ""
    return Check("disk", free >= FULL, found, advice)


def _port(key: str, host: str, port: int) -> Check:
    variable = f"LAKEHOUSE_{key.upper().replace('.', '__')}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed listener's leftovers do not count
            probe.bind(address)
    except OSError as error:
        return Check(key, False, f"{host}:{port} cannot be taken: {error.strerror}", f"{variable}={port + 1}")
    return Check(key, True, f"{host}:{port} is free")


def _lock(settings: Settings) -> Check:
    holder = lock.holder(settings)
    if holder is None:
        return Check("lake lock", True, f"{settings.lake_path} is free")
    return Check("lake lock", True, f"held by {holder.command} (process {holder.pid}) since {holder.started_at}")


def _browser(environ: Mapping[str, str]) -> Check:
    path = browser.find(environ)
    return Check("browser", True, str(path or "none; only tests need one"), "" if path else "lakehouse setup --tests")
