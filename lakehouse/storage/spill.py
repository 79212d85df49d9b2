"""storage.spill — frames that a run needs twice: computed once, kept in the lake's spill folder until the run ends."""

import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame

from lakehouse import private
from lakehouse.storage.folder import Folder
from lakehouse.storage.parquet_writer import Writer
from lakehouse.storage.store import Store


@dataclass(frozen=True)
class Materialized:
    """A frame that was computed once, with what was counted on the way: see `Measured`."""

    frame: DataFrame
    rows: int
    counts: dict[str, int]
    limits: dict[str, list[Any]]


def materialize(
    store: Store,
    frame: DataFrame,
    counts: Mapping[str, Column] | None = None,
    limits: Mapping[str, Column] | None = None,
) -> Materialized:
    """Compute a frame once, counting on the way.

    Args:
        store: the lake's tables, beside which the frame is kept.
        frame: any rows.
        counts: name -> condition whose rows are counted.
        limits: name -> value whose lowest and highest are found, of a DATE all.
    """
    folder = _folder(store).below(str(uuid.uuid4()))
    if folder.is_local:
        Path(folder.uri).mkdir(parents=True, mode=0o700)
    measured = Writer("frame", folder, None, is_kept=False).spread(frame, counts, limits)
    computed = store.files(frame.schema, folder.uri, [file.path for file in measured.files])
    return Materialized(computed, measured.rows, measured.counts, measured.limits)


@contextmanager
def emptied(store: Store) -> Iterator[None]:
    """Empty the spill folder before and after a run, however it ends. Enter it under the lake's lock."""
    forget(store)
    try:
        yield
    finally:
        forget(store)


def forget(store: Store) -> None:
    """Remove what was kept for a run, and what engines that died left there. Call it under the lake's lock."""
    for path in private.unused_spills(store.settings):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    if store.settings.object_store:
        Folder(f"{store.settings.root}/.spill", store.settings.object_store).clear()


def _folder(store: Store) -> Folder:
    """Return where frames are kept: on this machine if the engine runs here, even if the tables lie elsewhere."""
    if store.engine.is_local:
        return Folder(str(store.settings.spill_path))
    return Folder(f"{store.settings.root}/.spill", store.settings.object_store)
