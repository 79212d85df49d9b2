"""datasets.store — the lakes that readers brought: a folder each, with its files, its lake and a note of both.

    <site's lake>/datasets/<id>/  dataset.json · files/<number>.csv · lake/

Whoever has the id may look at a dataset; only its owner lists, changes or removes it.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from threading import RLock
from typing import Any, BinaryIO

from app.datasets import upload
from app.datasets.upload import Upload
from lakehouse import private
from lakehouse.bounds import size_in_bytes
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

FOLDER, NOTE, FILES, LAKE, PREFIX = "datasets", "dataset.json", "files", "lake", "own-"
DAY_SECONDS = 86_400.0
SECONDS_BETWEEN_USES = 3600.0  # that a look at a dataset is noted
MOST_FILES = 20


class NoDataset(LakehouseError):
    """There is no such dataset of this reader."""


@dataclass(frozen=True)
class Dataset:
    """A lake that a reader brought.

    Attributes:
        id: by which the site offers it, not to be guessed.
        name: for people.
        owner: the reader.
        created: seconds since 1970.
        used: when it was last looked at, seconds since 1970.
        files: what was uploaded and is not landed yet.
        job: the id of the job that builds it; empty before.
    """

    id: str
    name: str
    owner: str
    created: float
    used: float
    files: list[Upload] = field(default_factory=list)
    job: str = ""

    def file(self, number: int) -> Upload:
        """Return an uploaded file.

        Raises:
            NoDataset: there is none.
        """
        for each in self.files:
            if each.number == number:
                return each
        raise NoDataset(f"This dataset has no file {number}.", "GET /api/v1/datasets lists them")


class Datasets:
    """The datasets of a site."""

    def __init__(self, settings: Settings) -> None:
        """Look at the folder `datasets` of the site's own lake; it comes with the first upload."""
        self.root = settings.lake_path / FOLDER
        self._settings = settings
        self._lock = RLock()

    def settings(self, identity: str) -> Settings | None:
        """Return the settings of a dataset's lake; None where there is no such dataset."""
        if not _is_id(identity) or not (self._folder(identity) / NOTE).is_file():
            return None
        site = self._settings.root
        lake = replace(self._settings.lake, path=str(self._folder(identity) / LAKE), borrows=site)
        return replace(self._settings, lake=lake, storage=replace(self._settings.storage, uri=""))

    def of(self, owner: str) -> list[Dataset]:
        """Return the datasets of an owner, the newest first."""
        found = [self._read(path.parent.name) for path in self.root.glob(f"{PREFIX}*/{NOTE}")]
        return sorted((each for each in found if each and each.owner == owner), key=lambda each: -each.created)

    def get(self, identity: str, owner: str) -> Dataset:
        """Return a dataset of an owner.

        Raises:
            NoDataset: there is none.
        """
        found = self._read(identity) if _is_id(identity) else None
        if found is None or not owner or found.owner != owner:
            raise NoDataset("There is no such dataset of this browser.", "GET /api/v1/datasets lists them")
        return found

    @contextmanager
    def receive(self, owner: str, identity: str, name: str) -> Iterator[tuple[BinaryIO, list[Dataset]]]:
        """Open a file of a dataset; once it came whole and can be read, the dataset that holds it is in the list.

        Args:
            owner: the reader.
            identity: of the dataset; a new one is made if it is empty.
            name: of the file, printable.

        Raises:
            LakehouseError: too many datasets or files (exit code 2), no CSV (3), the disk is full (4).
        """
        self._require_room(owner, identity)
        dataset = self.get(identity, owner) if identity else self._new(owner, Path(name).stem[:40] or "Upload")
        partial = self._folder(dataset.id) / FILES / f"{token_hex(8)}.part"
        received: list[Dataset] = []
        try:
            self._make_folders(dataset.id)
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                yield file, received
                file.flush()
                os.fsync(file.fileno())
            with self._lock:
                dataset = self._read(dataset.id) or dataset
                number = 1 + max((each.number for each in dataset.files), default=0)
                seen = upload.look(partial, number, name)
                partial.rename(self.path(dataset, number))
                received.append(self._write(replace(dataset, files=[*dataset.files, seen])))
        finally:
            partial.unlink(missing_ok=True)
            if not (self._folder(dataset.id) / NOTE).is_file():
                shutil.rmtree(self._folder(dataset.id), ignore_errors=True)

    def path(self, dataset: Dataset, number: int) -> Path:
        """Return where an uploaded file lies."""
        return self._folder(dataset.id) / FILES / f"{number}.csv"

    def change(self, dataset: Dataset, **changes: Any) -> Dataset:
        """Note changes of a dataset."""
        with self._lock:
            return self._write(replace(self._read(dataset.id) or dataset, **changes))

    def map(self, dataset: Dataset, number: int, kind: str, mapping: dict[str, str]) -> Dataset:
        """Note which columns of a file stand for ours.

        Raises:
            LakehouseError: they cannot (exit code 2), or there is no such file.
        """
        mapped = dataset.file(number).mapped(kind, mapping)
        return self.change(dataset, files=[mapped if each.number == number else each for each in dataset.files])

    def drop(self, dataset: Dataset, number: int) -> Dataset:
        """Remove an uploaded file."""
        dropped = dataset.file(number)
        self.path(dataset, number).unlink(missing_ok=True)
        return self.change(dataset, files=[each for each in dataset.files if each != dropped])

    def remove(self, dataset: Dataset) -> None:
        """Remove a dataset with everything that is in it."""
        with suppress(FileNotFoundError):  # so that nothing half-removed is offered
            (self._folder(dataset.id) / NOTE).unlink()
        shutil.rmtree(self._folder(dataset.id), ignore_errors=True)

    def use(self, identity: str) -> None:
        """Note that somebody looks at a dataset."""
        found = self._read(identity)
        if found and time.time() - found.used > SECONDS_BETWEEN_USES:
            self.change(found, used=time.time())

    def clean(self) -> None:
        """Remove datasets that nobody looked at for long."""
        for path in self.root.glob(f"{PREFIX}*/{NOTE}"):
            found = self._read(path.parent.name)
            if found and time.time() - found.used > self._settings.datasets.keep_days * DAY_SECONDS:
                self.remove(found)

    def bytes_of(self, owner: str) -> int:
        """Return how much room an owner's datasets take."""
        paths = (path for each in self.of(owner) for path in self._folder(each.id).rglob("*"))
        return sum(_size(path) for path in paths)

    def _require_room(self, owner: str, identity: str) -> None:
        """Refuse one dataset or file too many.

        Raises:
            LakehouseError: there are too many, or they are too large together (exit code 2).
        """
        limits, mine = self._settings.datasets, self.of(owner)
        if not identity and len(mine) >= limits.most:
            raise LakehouseError(f"You have {len(mine)} datasets, the most there may be.", "remove one", Exit.USAGE)
        if identity and len(self.get(identity, owner).files) >= MOST_FILES:
            raise LakehouseError(f"A dataset has {MOST_FILES} files at most.", "put several into one", Exit.USAGE)
        if self.bytes_of(owner) >= size_in_bytes(limits.quota):
            message = f"Your datasets take all of the {limits.quota.upper()} that they may."
            raise LakehouseError(message, "remove one", Exit.USAGE)

    def _new(self, owner: str, name: str) -> Dataset:
        now = time.time()
        return Dataset(f"{PREFIX}{token_hex(12)}", name, owner, now, now)

    def _make_folders(self, identity: str) -> None:
        private.make_folder(self._settings, FOLDER)
        for folder in (self._folder(identity), self._folder(identity) / FILES):
            folder.mkdir(mode=0o700, exist_ok=True)

    def _folder(self, identity: str) -> Path:
        return self.root / identity

    def _read(self, identity: str) -> Dataset | None:
        try:
            said = json.loads((self._folder(identity) / NOTE).read_text(encoding="utf-8"))
            return Dataset(**said | {"files": [Upload(**each) for each in said["files"]]})
        except (OSError, ValueError, TypeError, KeyError):  # gone, or of another release
            return None

    def _write(self, dataset: Dataset) -> Dataset:
        partial = self._folder(dataset.id) / f"{NOTE}.{token_hex(4)}"
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(dataset), file)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(self._folder(dataset.id) / NOTE)
        return dataset


def _is_id(text: str) -> bool:
    return text.startswith(PREFIX) and text.removeprefix(PREFIX).isalnum()


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size if path.is_file() else 0
    return 0
