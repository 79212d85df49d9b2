"""A real server of Amazon's protocol on this machine, in a process of its own, and lakes that lie in it."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile

from lakehouse.object_store import Keys
from lakehouse.settings import Settings
from lakehouse.storage.folder import Folder

from .conftest import settings_of

KEYS = Keys("AKIDEXAMPLE", "hunter2secret")
BUCKET = "lake"


@contextmanager
def server() -> Iterator[str]:
    """Start a server with an empty bucket; give its address."""
    with TemporaryFile() as log:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        try:
            yield _opened(process, log)
        finally:
            process.kill()
            process.wait()


def _opened(process: subprocess.Popen[bytes], log: object) -> str:
    """Wait until the server has said where it listens, and make the bucket."""
    while process.poll() is None:
        text = os.pread(log.fileno(), 100_000, 0).decode()
        if "Running on http://" in text:
            address = "http://" + text.split("Running on http://")[1].split()[0]
            urllib.request.urlopen(urllib.request.Request(f"{address}/{BUCKET}", method="PUT")).close()
            return address
        time.sleep(0.05)
    raise RuntimeError(f"The server of objects ended: {text}")


def settings_in(address: str, folder: Path, name: str, keys: Keys = KEYS) -> Settings:
    """The test settings, for a lake of a name in the store at an address, whose own folder holds the rest."""
    own = settings_of(folder)
    return replace(own, storage=replace(own.storage, uri=f"s3://{BUCKET}/{name}", endpoint=address), keys=keys)


def move(lake: Path, settings: Settings, *parts: str) -> None:
    """Copy parts of a lake in a folder to where the settings say that a lake's tables lie."""
    there = Folder(settings.root, settings.object_store)
    for part in parts:
        for path in sorted(each for each in (lake / part).rglob("*") if each.is_file()):
            there.put(path.relative_to(lake).as_posix(), path.read_bytes())


def objects(settings: Settings) -> dict[str, int]:
    """Return what lies in a lake's part of the store: path -> bytes."""
    return Folder(settings.root, settings.object_store).sizes()
