"""lakehouse.machine_errors — what a machine refuses, as sentences: space, rights, memory, processes that end."""

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

FULL_BYTES = 1 << 20
ELSEWHERE = "TMPDIR=dir"
NO_SPACE = "No space left on device|Disk quota exceeded"
READ_ONLY = "Read-only file system|Permission denied|Operation not permitted|AccessDeniedException"
UNREADABLE = "Input/output error|Stale file handle|Too many open files"
NO_EXEC = "failed to map segment from shared object|UnsatisfiedLinkError"
NO_FOLDER = "No usable temporary directory found"
NO_NAME = "invalid null input: name"
NO_SHARE = r"Could not allocate memory to grow|Unable to acquire \d+ bytes of memory|UNABLE_TO_ACQUIRE_MEMORY"
NO_MEMORY = f"java.lang.OutOfMemoryError|INVALID_DRIVER_MEMORY|{NO_SHARE}"
NO_POOL = r"Resources exhausted: (?!.*disk)"
ENGINE_GONE = r"session [0-9a-f-]{36} is not running|StatusCode\.UNAVAILABLE|error reading a body from connection"
JVM_GONE = "Answer from Java side is empty|Error while sending or receiving|Connection refused|Connection reset by peer"
CLUSTER_GONE = "Master removed our application|All masters are unresponsive|Master is down|a stopped SparkContext"
PLACE = re.compile(r"[\"'`: ](/[^\n\"'`]*?)(?=[\"'`:]|: |, | \(|$)", re.MULTILINE)


def _no_space(settings: Settings, _: str) -> LakehouseError:
    lake = str(settings.lake_path)
    full = next((each for each in (lake, _temporary_folder(), str(settings.cache_path)) if _is_full(each)), lake)
    what = f"for the lake {lake}" if full == lake else f"in {full}, which is not the lake's own"
    message = f"There is no space left {what}; nothing was published."
    remedy = "free some space, then repeat the command"
    if full == _temporary_folder() != lake:
        remedy += f", or name another folder for temporary files: {ELSEWHERE}"
    return LakehouseError(message, remedy, Exit.ENVIRONMENT)


def read_only(settings: Settings, text: str) -> LakehouseError:
    """Name the folder or file that this user may not use; the lake where none is named or all of it is meant."""
    lake, found = settings.lake_path, PLACE.search(text)
    if not found and os.access(lake, os.R_OK | os.W_OK | os.X_OK):
        line = next(line.strip() for line in text.splitlines() if re.search(READ_ONLY, line))
        return LakehouseError(f"The system denied this user access: {line}.", "lakehouse doctor", Exit.ENVIRONMENT)
    place = Path(found.group(1)) if found else lake
    if "Read-only" in text and place.is_relative_to(lake):
        place = lake
    what = f"The lake {lake}" if place == lake else str(place)
    verb = "be read or written" if place != lake and place.is_relative_to(lake) else "be written"
    message = f"{what} cannot {verb}: it is read-only, or belongs to another user."
    return LakehouseError(message, f"let this user in: ls -ld {shlex.quote(str(place))}", Exit.ENVIRONMENT)


def _unreadable(settings: Settings, text: str) -> LakehouseError:
    found = re.search(UNREADABLE, text)
    message = f"The lake {settings.lake_path} cannot be read now: {found.group(0).lower() if found else text}."
    return LakehouseError(message, "check the disk, then repeat the command", Exit.ENVIRONMENT)


def _no_exec(_: Settings, __: str) -> LakehouseError:
    message = f"Libraries cannot be loaded from {_temporary_folder()}: it may be mounted with noexec."
    return LakehouseError(message, f"name another folder for temporary files: {ELSEWHERE}", Exit.ENVIRONMENT)


def _no_folder(_: Settings, text: str) -> LakehouseError:
    found = re.search(rf"{NO_FOLDER} in (.*)", text)
    message = f"There is no folder for temporary files: {found[1] if found else text}."
    return LakehouseError(message, ELSEWHERE, Exit.ENVIRONMENT)


def _no_name(settings: Settings, _: str) -> LakehouseError:
    message = f"Apache Spark needs the name of user {os.getuid()}, and this system has none."
    return LakehouseError(message, "add a line for it to /etc/passwd", Exit.ENVIRONMENT)


def _no_memory(settings: Settings, _: str) -> LakehouseError:
    tables, models = settings.spark.driver_memory, settings.spark.mllib_memory
    message = f"Spark's memory of {tables} (spark.driver_memory; for models {models}) is too small for this data."
    remedy = "LAKEHOUSE_SPARK__DRIVER_MEMORY=…, or for models LAKEHOUSE_SPARK__MLLIB_MEMORY=…, with more than that"
    return LakehouseError(message, remedy, Exit.ENVIRONMENT)


def _no_pool(settings: Settings, text: str) -> LakehouseError:
    found = re.search(r"pool_size: ([\d.]+ \w+)", text)
    size = found.group(1) if found else settings.engine.memory
    message = f"The engine's memory of {size} (engine.memory) is too small for this data; nothing was published."
    return LakehouseError(message, "LAKEHOUSE_ENGINE__MEMORY=… with more than that", Exit.ENVIRONMENT)


def _engine_gone(_: Settings, __: str) -> LakehouseError:
    message = "The engine ended during a query, or its server cannot be reached; nothing was published."
    return LakehouseError(message, "repeat the command", Exit.ENVIRONMENT)


def _cluster_gone(settings: Settings, _: str) -> LakehouseError:
    message = f"Apache Spark at {settings.spark.master} stopped: its master does not answer, or gave this work up."
    log = shlex.quote(str(settings.lake_path / "logs" / "spark.log"))
    remedy = f"see {log} and the logs of master and workers, correct LAKEHOUSE_SPARK__MASTER or repeat the command"
    return LakehouseError(message, remedy, Exit.ENVIRONMENT)


def _jvm_gone(settings: Settings, _: str) -> LakehouseError:
    message = "Spark's JVM ended during a query: it was killed, or the machine ran out of memory."
    log = settings.lake_path / "logs" / "spark.log"
    return LakehouseError(
        message, f"repeat the command; its last words are in {shlex.quote(str(log))}", Exit.ENVIRONMENT
    )


def _temporary_folder() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # there is none that can be written
        return ""


def _is_full(folder: str) -> bool:
    try:
        return shutil.disk_usage(folder).free < FULL_BYTES
    except OSError:
        return False


def is_memory_too_small(error: BaseException) -> bool:
    """Say whether a query needed more memory than the engine had for it; another, smaller one may do."""
    return re.search(f"{NO_POOL}|{NO_SHARE}", str(error)) is not None


Sentences = list[tuple[str, Callable[[Settings, str], LakehouseError]]]  # a pattern of what is said, and our sentence
OF_FOLDERS: Sentences = [
    (NO_SPACE, _no_space),
    (READ_ONLY, read_only),
    (UNREADABLE, _unreadable),
    (NO_EXEC, _no_exec),
    (NO_FOLDER, _no_folder),
]
OF_ENGINES: Sentences = [
    (NO_NAME, _no_name),
    (NO_POOL, _no_pool),
    (NO_MEMORY, _no_memory),
    (ENGINE_GONE, _engine_gone),
    (CLUSTER_GONE, _cluster_gone),
    (JVM_GONE, _jvm_gone),
]
