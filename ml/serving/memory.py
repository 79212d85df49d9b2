"""ml.serving.memory — what a publication serves, prepared by a process of its own and mapped into this one.

To read and sort millions of rows takes seconds and several times the memory of what is kept, and would hold up every
answer of the process that does it. So a child does, and leaves the arrays in a file, which this process maps; the file
has no name any more by the time it is used, so that nothing of a visitor stays on the disk.
"""

import mmap
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lakehouse import private
from lakehouse.settings import Settings
from lakehouse.storage.ledger import Run
from lakehouse.storage.store import Store
from ml import spark_process
from ml.recommend import serving as recommending
from ml.recommend.serving import Recommendations
from ml.serving import facts
from ml.serving.facts import LakeFacts

MODULE = "ml.serving.memory"
TABLES = tuple(dict.fromkeys((*recommending.TABLES, *facts.TABLES)))
INDEX, ARRAYS = "index", "arrays"
ALIGNMENT = 64
NICENESS = 10  # whoever asks comes first


@dataclass(frozen=True)
class Memory:
    """What one publication serves.

    Attributes:
        recommendations: its lists.
        facts: what it knows of items, categories and visitors.
    """

    recommendations: Recommendations
    facts: LakeFacts


def load(settings: Settings, run: Run) -> Memory:
    """Let a child prepare what a run serves that published every table of `TABLES`, and map it.

    Raises:
        LakehouseError: the tables cannot be read, or the child died.
    """
    with _folder(settings) as folder:
        spark_process.call(MODULE, settings, {"run": run, "folder": str(folder)}, lambda _: None)
        return _map(folder)


def prepare(settings: Settings, tell: spark_process.Tell, run: Run, folder: str) -> dict[str, Any]:
    """Be the child: read the tables, and leave the arrays in the folder."""
    os.nice(NICENESS)
    store = Store(settings)
    memory = Memory(recommending.of_run(store, run), facts.load(store, run))
    buffers: list[pickle.PickleBuffer] = []
    index = pickle.dumps(memory, protocol=5, buffer_callback=buffers.append)
    places: list[tuple[int, int]] = []
    with (Path(folder) / ARRAYS).open("wb") as file:
        for each in buffers:
            file.write(b"\0" * (-file.tell() % ALIGNMENT))
            places.append((file.tell(), each.raw().nbytes))
            file.write(each.raw())
    (Path(folder) / INDEX).write_bytes(pickle.dumps((index, places)))
    return {}


def _map(folder: Path) -> Memory:
    """Map the arrays; they can be read, and not written."""
    index, places = pickle.loads((folder / INDEX).read_bytes())
    with (folder / ARRAYS).open("rb") as file:
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    found: Memory = pickle.loads(index, buffers=[whole[start : start + length] for start, length in places])
    return found


@contextmanager
def _folder(settings: Settings) -> Iterator[Path]:
    """Make a folder where what engines leave lies too: a run that finds the maker dead removes it."""
    with TemporaryDirectory(prefix="serving-", dir=private.make_spill(settings)) as name:
        yield Path(name)


if __name__ == "__main__":
    # By its own name: what is pickled as a part of `__main__` could not be read by anybody else.
    from ml.serving import memory

    spark_process.serve(memory.prepare)
