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
    uri = f"{store.settings.root}/.spill/{uuid.uuid4()}"
    if "://" not in uri:
        Path(uri).mkdir(parents=True, mode=0o700)
    measured = Writer("frame", uri, None, is_kept=False).spread(frame, counts, limits)
    computed = store.files(frame.schema, uri, [file.path for file in measured.files])
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
