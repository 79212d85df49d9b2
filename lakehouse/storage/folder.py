"""storage.folder — a folder of this machine, or of an object store: what is in it, how a file is read, put, removed.

Arrow does it for both. What is put is complete or not there, and outlasts a power cut: an object store promises that of
each object, on a disk the file and its name are synced.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import pyarrow as pa
from deltalake import DeltaTable
from pyarrow import fs

from lakehouse.object_store import SCHEME, ObjectStore

if TYPE_CHECKING:
    import pyarrow.dataset as ds


PIECE = 1 << 20


class Status(NamedTuple):
    """How a file stands in a folder: its bytes, and when it was written, nanoseconds since 1970."""

    size: int
    written_ns: int


@dataclass(frozen=True)
class Folder:
    """A folder; it is sent into tasks as it is.

    Attributes:
        uri: its path on this machine, or its address in an object store.
        object_store: the store; None for this machine.
    """

    uri: str
    object_store: ObjectStore | None = None

    @property
    def is_local(self) -> bool:
        """Whether it lies on this machine."""
        return self.object_store is None

    @property
    def system(self) -> fs.FileSystem:
        """The file system that knows it."""
        return self.object_store.arrow() if self.object_store else fs.LocalFileSystem()

    def path(self, name: str = "") -> str:
        """Return the path of a file in it, or its own, as the file system spells it."""
        return "/".join(filter(None, [self.uri.removeprefix(SCHEME), name]))

    def below(self, name: str) -> "Folder":
        """Return a folder in it."""
        return Folder(f"{self.uri}/{name}", self.object_store)

    def open(self, name: str) -> pa.NativeFile:
        """Open a file at any place of it.

        Raises:
            FileNotFoundError: it is not there.
        """
        return self.system.open_input_file(self.path(name))

    def open_stream(self, name: str) -> pa.NativeFile:
        """Open a file to read it from its start.

        Raises:
            FileNotFoundError: it is not there.
        """
        return self.system.open_input_stream(self.path(name), compression=None)

    def read(self, name: str) -> bytes:
        """Return what a file holds.

        Raises:
            FileNotFoundError: it is not there.
        """
        with self.open_stream(name) as source:
            return bytes(source.read())

    def file(self, name: str) -> "ReadableFile":
        """Return a file in it, which can be opened like a path."""
        return Path(self.uri, name) if self.is_local else StoredFile(self, name)

    def status(self, name: str) -> Status | None:
        """Return how a file stands there; None where there is none."""
        found = self.system.get_file_info(self.path(name))
        return Status(int(found.size), int(found.mtime_ns)) if found.is_file else None

    def take(self, path: Path, name: str) -> None:
        """Let a complete, synced file of this machine become a file in it, durably; it is gone from where it was."""
        if self.is_local:
            target = Path(self.uri, name)
            path.replace(target)
            sync_folder(str(target.parent))
            return
        with path.open("rb") as source, self.system.open_output_stream(self.path(name), compression=None) as target:
            shutil.copyfileobj(source, target, PIECE)
        there = self.status(name)
        if there is None or there.size != path.stat().st_size:
            raise OSError(f"{self.uri}/{name} is not what was put there")
        path.unlink()

    def put(self, name: str, content: pa.Buffer | bytes, is_kept: bool = True) -> None:
        """Write a new file in one stroke, durably unless it is not to be kept."""
        if self.is_local:
            with Path(self.uri, name).open("xb") as file:
                file.write(content)
                if is_kept:
                    file.flush()
                    os.fsync(file.fileno())
        else:
            with self.system.open_output_stream(self.path(name)) as target:
                target.write(content)

    def overwrite(self, name: str, content: bytes) -> None:
        """Put a small file in the place of another, or of none, durably and in one step."""
        if not self.is_local:
            self.put(name, content)
            return
        partial = Path(self.uri, f".{name}.part")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(Path(self.uri, name))
        sync_folder(self.uri)

    def sizes(self, names: Sequence[str] | None = None) -> dict[str, int]:
        """Return the bytes of some files that are there, of all below it if none are named.

        An object store tells of a thousand by one request, if all of them are asked for; so that is what is asked.
        """
        if self.is_local and names is not None:
            found = self.system.get_file_info([self.path(name) for name in names])
        else:
            found = self.system.get_file_info(fs.FileSelector(self.path(), recursive=True, allow_not_found=True))
        start = len(self.path()) + 1
        there = {each.path[start:]: int(each.size) for each in found if each.is_file}
        return there if names is None else {name: there[name] for name in names if name in there}

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is no matter."""
        with suppress(FileNotFoundError):
            self.system.delete_file(self.path(name))

    def clear(self) -> None:
        """Remove all that is in it; one that is not there is no matter."""
        self.system.delete_dir_contents(self.path(), missing_dir_ok=True)


@dataclass(frozen=True)
class StoredFile:
    """A file in an object store, opened as a path is; it is sent into tasks as it is."""

    folder: Folder
    name: str

    def __str__(self) -> str:
        """Return its address."""
        return f"{self.folder.uri}/{self.name}"

    def open(self, mode: Literal["rb"] = "rb") -> BufferedReader:
        """Open it; what is read of it is asked for by its bytes, some at a time."""
        return BufferedReader(self.folder.open(self.name), PIECE)


ReadableFile: TypeAlias = Path | StoredFile


def sync_folder(folder: str) -> None:
    """Make the names in a folder of this machine durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class TableLog(DeltaTable):
    """A table's log at one version, and the folder in which it lies with the table's files."""

    def __init__(self, folder: Folder, version: int | None = None) -> None:
        """Open it at a version, the newest if none is given.

        Raises:
            TableNotFoundError: there is no table.
        """
        options = folder.object_store.delta_rs() if folder.object_store else None
        super().__init__(folder.uri, version=version, storage_options=options)
        self.folder = folder

    @staticmethod
    def is_there(folder: Folder) -> bool:
        """Say whether a folder is a table's."""
        if folder.is_local:
            return bool(DeltaTable.is_deltatable(folder.uri))
        # which would let every other thread of this process wait until the store has answered
        return any(name.endswith((".json", ".parquet")) for name in folder.below("_delta_log").sizes())

    def at(self, version: int) -> "TableLog":
        """Open it at another version."""
        return TableLog(self.folder, version)

    def to_pyarrow_dataset(self, *args: Any, **options: Any) -> "ds.Dataset":
        """Return its rows for Arrow, which reads an object store by its own client: other threads go on meanwhile."""
        if not (self.folder.is_local or options.get("filesystem")):
            options["filesystem"] = fs.SubTreeFileSystem(self.folder.path(), self.folder.system)
        return super().to_pyarrow_dataset(*args, **options)
