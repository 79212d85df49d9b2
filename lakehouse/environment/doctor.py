"""environment.doctor — look at the machine, leave nothing changed, and name what mends each thing that is wrong."""

import shlex
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from tempfile import gettempdir

from lakehouse import secrets
from lakehouse.bounds import size_in_bytes
from lakehouse.engine import isolation, jars, java, loopback, memory
from lakehouse.environment import browser
from lakehouse.errors import LakehouseError
from lakehouse.runs import lock
from lakehouse.settings import Settings, environment
from lakehouse.storage import probe

GB = 2**30
OLDEST, NEWEST = (3, 11), (3, 13)  # of Python
FULL, SCARCE = 1 * GB, 5 * GB  # of disk: below the one nothing is written, below the other soon nothing
BESIDE_ENGINE = 1 * GB  # what Python and the system need beside it
OTHERS = 0o077  # the rights of group and world

NEEDED = """\
Needed by `lakehouse ml train`, by `lakehouse query` and the site's page Query, and wherever engine.name is "spark".
On the embedded engine `run`, `ml score`, `app`, `mlflow`, `maintain`, `restore` and `erase` do without."""
NOTES = {"Java": NEEDED, "JARs": "Needed wherever Java is."}


@dataclass(frozen=True)
class Check:
    """What was looked at, whether it is right, what was found, what mends it (on a right one: advice), who needs it."""

    name: str
    ok: bool
    found: str
    remedy: str = ""
    note: str = ""


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
        "engine": partial(_engine, settings),
        "queries": _isolation,
        "memory": partial(_memory, settings),
        "disk": partial(_disk, settings),
        "temporary files": _temporary,
        "lake's rights": partial(_rights, settings),
        "app.port": partial(_port, "app.port", settings.app.host, settings.app.port),
        "mlflow.port": partial(_port, "mlflow.port", "127.0.0.1", settings.mlflow.port),
        "lake lock": partial(_lock, settings),
        "object store": partial(_object_store, settings),
        "browser": partial(_browser, environ),
    }
    return [replace(_look(name, look), note=NOTES.get(name, "")) for name, look in looks.items()]


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
    return _verdict("Python", OLDEST <= sys.version_info[:2] <= NEWEST, found, "PYTHON=python3.12 make setup")


def _java(environ: Mapping[str, str]) -> Check:
    home = java.find(environ)
    return Check("Java", True, f"{java.version(home)} in {home}")


def _versions() -> Check:
    """Compare pyspark and delta-spark with the JAR that names both in `delta-spark_<Spark>_<Scala>:<Delta>`."""
    spark, delta = version("pyspark"), version("delta-spark")
    jar = next(each for each in jars.read_lock() if each.artifact.startswith("delta-spark_"))
    fits = spark.startswith(jar.artifact.split("_")[1] + ".") and delta == jar.version
    found = f"pyspark {spark}, delta-spark {delta}, JAR {jar.artifact}:{jar.version}"
    return _verdict("Spark and Delta", fits, found, "make clean setup")


def _jars(settings: Settings) -> Check:
    paths = jars.paths(settings)
    return Check("JARs", True, f"{len(paths)} of {len(paths)} in {jars.folder(settings)}")


def _engine(settings: Settings) -> Check:
    """Say whether other users of the machine can reach the engine while it works."""
    if settings.engine.name == "spark":
        return Check("engine", True, f"spark on {settings.spark.master}; its ports ask for a secret")
    if settings.engine.name == "connect":
        return Check("engine", True, f"Spark Connect at {secrets.hide(settings.engine.remote) or 'no address'}")
    if loopback.can_close():
        return Check("engine", True, "sail; its port is closed to other users")
    found = "sail; this platform offers no way to close its port to other users of this machine while it works"
    return Check("engine", True, found, "LAKEHOUSE_ENV=spark, if others use this machine")


def _object_store(settings: Settings) -> Check:
    """Try whether the store takes, lists, gives and removes what a lake puts there."""
    where = settings.storage.uri
    if not where:
        return Check("object store", True, "none; the lake is one folder")
    probe.require_store(settings)
    return Check("object store", True, f"{where} takes, lists, gives and removes files")


def _isolation() -> Check:
    """Say what the system does not take from the process that runs readers' queries; the other layers stand anyway."""
    left = isolation.missing()
    found = f"the system does not take from them: {', '.join(left)}" if left else "without writing and network"
    return Check("queries", True, found, "allow user namespaces, if strangers ask queries" if left else "")


def _memory(settings: Settings) -> Check:
    is_embedded = settings.engine.name == "sail"
    key = "engine.memory" if is_embedded else "spark.driver_memory"
    asked = memory.pool_bytes(settings.engine.memory) if is_embedded else size_in_bytes(settings.spark.driver_memory)
    there = memory.machine_bytes()
    fitting = f"LAKEHOUSE_{key.upper().replace('.', '__')}={max(1, int(there * memory.SHARE / GB))}g"
    found = f"{key} {asked / GB:.1f} of {there / GB:.1f} GB"
    return _verdict("memory", asked + BESIDE_ENGINE <= there, found, fitting)


def _disk(settings: Settings) -> Check:
    lake = settings.lake_path
    there = next(each for each in [lake, *lake.parents] if each.exists())
    free = shutil.disk_usage(there).free
    found = f"{free / GB:.1f} GB free at {lake}" + (", soon too little" if FULL <= free < SCARCE else "")
    advice = "lakehouse maintain vacuum, or LAKEHOUSE_LAKE=<folder on a larger disk>" if free < SCARCE else ""
    return Check("disk", free >= FULL, found, advice)


def _temporary() -> Check:
    """See that files of moments have a folder; Python looks for one in TMPDIR, /tmp and the like."""
    try:
        return Check("temporary files", True, gettempdir())
    except FileNotFoundError as error:
        return Check("temporary files", False, str(error), "TMPDIR=<a folder that can be written>")


def _rights(settings: Settings) -> Check:
    """Say whether other users of the machine may look into a lake, which can name a person."""
    lake = settings.lake_path
    if not lake.is_dir():
        return Check("lake's rights", True, f"{lake} is not there yet; it will be its owner's alone")
    mode = lake.stat().st_mode & 0o777
    advice = f"chmod go= {shlex.quote(str(lake))}" if mode & OTHERS else ""
    return Check("lake's rights", True, f"{mode:o}" + (", open to other users" if advice else ""), advice)


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
