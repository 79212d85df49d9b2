"""lakehouse.private — the folders and logs that a lake makes are their owner's alone: they can name a person."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from lakehouse import processes
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

MOST_BYTES = 10_000_000  # of a log; the one before it stays beside it
MOST_TRACES = 100
ENGINE = "engine-"  # and the id of its process
JOBS = "jobs"  # the folder of what the site had done for its readers
SITE = "site"  # the folder of what the site made of tables


def make_lake(settings: Settings) -> Path:
    """Return the lake's folder; where there is none it is made, closed to other users. Those above it are as usual.

    Raises:
        LakehouseError: there is something else in its place (exit code 2).
    """
    path = settings.lake_path
    try:
        _make_durable(path, mode=0o700)
    except (FileExistsError, NotADirectoryError) as error:
        message = f"The lake {path} is not a folder, and cannot become one."
        raise LakehouseError(message, "LAKEHOUSE_LAKE=<another folder>", Exit.USAGE) from error
    return path


def make_folder(settings: Settings, name: str) -> Path:
    """Return a folder of the lake, made if need be."""
    folder = make_lake(settings) / name
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def make_spill(settings: Settings) -> Path:
    """Return where this process's engine puts what does not fit in memory; it makes a folder there only once."""
    folder = make_folder(settings, settings.spill_path.name) / f"{ENGINE}{os.getpid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def unused_spills(settings: Settings) -> list[Path]:
    """Return what lies in the spill folder, without what an engine that lives may need, as that of an idle watch."""
    found = [(path, path.name.removeprefix(ENGINE)) for path in settings.spill_path.glob("*")]
    return [path for path, owner in found if not (owner.isdigit() and processes.is_running(int(owner)))]


def remove_what_site_made(settings: Settings) -> None:
    """Remove what the site made of tables and for its readers, which can be done again; its key stays."""
    shutil.rmtree(settings.lake_path / SITE, ignore_errors=True)
    for path in (settings.lake_path / JOBS).glob("*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != "key":
            path.unlink(missing_ok=True)


def make_cache(settings: Settings) -> Path:
    """Return the folder of JARs, made if need be; it may lie in the lake."""
    if settings.cache_path.is_relative_to(settings.lake_path):
        make_lake(settings)
    settings.cache_path.mkdir(parents=True, exist_ok=True)
    return settings.cache_path


def _make_durable(folder: Path, mode: int = 0o777) -> None:
    """Make a folder, and those above it, so that they outlast a power cut."""
    if folder.is_dir():
        return
    _make_durable(folder.parent)
    folder.mkdir(mode, exist_ok=True)
    parent = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def open_log(settings: Settings, name: str) -> BinaryIO:
    """Open a log of the lake to append to; one that has grown large is put aside, and takes the place of the last."""
    path = make_folder(settings, "logs") / name
    if path.exists() and path.stat().st_size > MOST_BYTES:
        path.rename(path.with_name(f"{name}.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


def write_trace(settings: Settings, trace: str) -> Path:
    """Keep the trace of an unforeseen error in the lake's folder `logs`, with some of those before it."""
    folder = make_folder(settings, "logs")
    for old in sorted(folder.glob("2*.log"))[: -MOST_TRACES + 1]:
        old.unlink(missing_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(trace)
    return path
