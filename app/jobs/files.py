"""jobs.files — the folder of a job: what it was given, and what came of it; its owner's alone, and for a while."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from app.jobs.store import ENDED, Job, Store

INPUT = "input.csv"
PARTIAL = ".part"
SECONDS_OF_NOBODYS = 3600.0  # a folder without a job is an upload that goes on, or one that was given up


def folder_of(root: Path, identity: str) -> Path:
    """Return the folder of a job."""
    return root / identity


@contextmanager
def receiving(root: Path, identity: str) -> Iterator[BinaryIO]:
    """Open the file that a job is given; it is there, durably, when all of it came, and else nothing is left of it."""
    folder = folder_of(root, identity)
    folder.mkdir(mode=0o700)
    partial = folder / f"{INPUT}{PARTIAL}"
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.rename(folder / INPUT)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def results(root: Path, identity: str) -> dict[str, int]:
    """Return the files that came of a job: name -> bytes."""
    folder = folder_of(root, identity)
    return {
        path.name: path.stat().st_size
        for path in sorted(folder.glob("*"))
        if path.is_file() and path.name != INPUT and not path.name.endswith(PARTIAL)
    }


def clear(root: Path, identity: str) -> None:
    """Remove what a job made so far; what it was given stays, so that it can be done again."""
    for path in folder_of(root, identity).glob("*"):
        if path.name == INPUT:
            continue
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def remove(root: Path, identity: str) -> None:
    """Remove the folder of a job."""
    shutil.rmtree(folder_of(root, identity), ignore_errors=True)


def clean(root: Path, store: Store, keep_seconds: float, quota: int) -> None:
    """Remove jobs that ended too long ago, then the oldest ones until the files of all fit into the quota.

    Args:
        root: the folder of all jobs.
        store: their table.
        keep_seconds: how long one is kept after its end.
        quota: bytes of all files together; those of jobs that go on count and stay.
    """
    now, ended = time.time(), store.among(ENDED)
    kept = [job for job in ended if now - (job.ended or now) <= keep_seconds]
    for job in ended:
        if job not in kept:
            _forget(root, store, job)
    _remove_nobodys(root, store)
    used = sum(_size(path) for path in _folders(root))
    for job in kept:
        if used <= quota:
            break
        used -= _size(folder_of(root, job.id))
        _forget(root, store, job)


def _forget(root: Path, store: Store, job: Job) -> None:
    if store.remove(job.id):
        remove(root, job.id)


def _remove_nobodys(root: Path, store: Store) -> None:
    for folder in _folders(root):
        with suppress(OSError):
            age = time.time() - max(each.stat().st_mtime for each in [folder, *folder.iterdir()])
            if age > SECONDS_OF_NOBODYS and store.get(folder.name) is None:
                shutil.rmtree(folder, ignore_errors=True)


def _folders(root: Path) -> list[Path]:
    return [path for path in root.glob("*") if path.is_dir()]


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size
    return total
