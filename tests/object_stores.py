"""A real server of Amazon's protocol on this machine, in a process of its own, and lakes that lie in it."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
    with _process("-m", "moto.server", "-H", "127.0.0.1", "-p", "0") as address:
        urllib.request.urlopen(urllib.request.Request(f"{address}/{BUCKET}", method="PUT")).close()
        yield address


@dataclass(frozen=True)
class Door:
    """The door before a server: what it does, and what came through it since that was said."""

    address: str

    def rule(self, **rules: object) -> None:
        """Say what it does from now on: see `object_store_proxy`."""
        urllib.request.urlopen(f"{self.address}/_rules", json.dumps(rules).encode()).close()

    def seen(self) -> list[str]:
        """Return the requests that came since, each as its method and path."""
        with urllib.request.urlopen(f"{self.address}/_seen") as answer:
            return list(json.loads(answer.read()))


@contextmanager
def door(address: str) -> Iterator[Door]:
    """Start a door before a server."""
    with _process(str(Path(__file__).with_name("object_store_proxy.py")), address) as own:
        yield Door(own)


@contextmanager
def _process(*arguments: str) -> Iterator[str]:
    """Start a program of Python; give the address at which it says that it runs."""
    with TemporaryFile() as log:
        process = subprocess.Popen([sys.executable, *arguments], stdout=log, stderr=log)
        try:
            while "Running on http://" not in (text := os.pread(log.fileno(), 100_000, 0).decode()):
                if process.poll() is not None:
                    raise RuntimeError(f"The server ended: {text}")
                time.sleep(0.05)
            yield "http://" + text.split("Running on http://")[1].split()[0]
        finally:
            process.kill()
            process.wait()


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


def download(settings: Settings, folder: Path) -> None:
    """Copy all objects of a lake's part of the store into a folder."""
    there = Folder(settings.root, settings.object_store)
    for name in there.sizes():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(there.read(name))
