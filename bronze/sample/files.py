"""bronze.sample.files — `write`, the way in: a whole sample as CSV, chunk by chunk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from bronze.sample import faults as fault_lines
from bronze.sample.catalogue import Catalogue
from bronze.sample.chance import Stream, stream
from bronze.sample.clock import wind_up
from bronze.sample.events import Events, travel
from bronze.sample.offers import SNAPSHOTS
from bronze.sample.properties import describe
from bronze.sample.shop import Shop, open_shop
from bronze.sample.steps import EVENT_NAMES, Event
from bronze.sample.tree import Tree
from bronze.sample.visits import visit

FILES = ("events.csv", "item_properties_part1.csv", "item_properties_part2.csv", "category_tree.csv")

VISITORS = 1_407_580  # at scale 1
VISITORS_PER_CHUNK = 50_000
ITEMS_PER_CHUNK = 5_000
PART1_SHARE = 0.5425  # of the property rows; the official split is after row 10,999,999
DUPLICATES = np.zeros(len(Event))  # share of the events that are in the official file twice, exactly
DUPLICATES[[Event.VIEW, Event.CART]] = 94 / 2_664_312, 366 / 69_332
PROPERTY_FAULTS_SHARE = 0.1  # faulty property rows per row, against events


def write(
    folder: Path, scale: float, seed: int, faults: float, progress: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Write a synthetic sample of the RetailRocket data: `events.csv`, two property files and `category_tree.csv`.

    The same arguments give the same bytes. Files appear under their names only when all four are complete, and take
    the place of files of the same names.

    Args:
        folder: Where the files go; made if it is missing.
        scale: Size against the official data, more than 0: at 1, 1.4 million visitors and 20 million property rows.
        seed: Any whole number from 0 on.
        faults: Faulty event rows per sound row, in 0 .. 1; a tenth of it goes for property rows.
        progress: Called with a sentence now and then, from more than one thread.

    Returns:
        The paths of the files, in the order of `FILES`.

    Raises:
        ValueError: An argument is out of its range.
    """
    if not (0 < scale < float("inf")):
        raise ValueError(f"scale must be a number above 0, for example 0.1; it is {scale}")
    if not (0 <= faults <= 1):
        raise ValueError(f"faults must be a share from 0 to 1, for example 0.001; it is {faults}")
    if seed < 0:
        raise ValueError(f"seed must be a whole number from 0 on; it is {seed}")
    folder.mkdir(parents=True, exist_ok=True)
    shop = open_shop(scale, seed)
    stop = Flag()

    def tell(sentence: str) -> None:
        if stop.is_set():
            raise CancelledError
        progress(sentence)

    with _complete_files(folder) as (events, part1, part2, nodes), ThreadPoolExecutor(2) as pool:
        _write_tree(nodes, shop.tree)
        jobs = [
            pool.submit(_write_properties, part1, part2, shop, seed, faults, tell),
            pool.submit(_write_events, events, shop.catalogue, scale, seed, faults, tell),
        ]
        try:
            for job in as_completed(jobs):
                job.result()
        except BaseException:  # an interrupt, too, must not wait for the rest of the rows
            stop.set()
            raise
    return [folder / name for name in FILES]


@contextmanager
def _complete_files(folder: Path) -> Iterator[list[BinaryIO]]:
    """Open all files under temporary names; give them their own names at the end, or remove them on failure."""
    partial = [folder / f".{name}.partial" for name in FILES]
    handles: list[BinaryIO] = [path.open("wb") for path in partial]
    try:
        try:
            yield handles
        finally:
            for handle in handles:
                handle.close()
        for path, name in zip(partial, FILES, strict=True):
            os.replace(path, folder / name)
    finally:
        for path in partial:
            path.unlink(missing_ok=True)


def _chunks(total: int, size: int, progress: Callable[[str], None], what: str) -> Iterator[tuple[int, int, int]]:
    """Cut 0 .. total into (number, start, stop), and tell how far the work has come."""
    for number, start in enumerate(range(0, total, size)):
        yield number, start, min(start + size, total)
        progress(f"{what}: {min(start + size, total):,} of {total:,}")


def _write_header(handle: BinaryIO, columns: tuple[str, ...]) -> None:
    handle.write((",".join(columns) + "\n").encode())


def _write_lines(handle: BinaryIO, lines: pa.StringArray) -> None:
    """Write lines that end in a line feed each: their bytes lie side by side in the array's last buffer."""
    if not len(lines):
        return
    _, offsets, text = lines.buffers()
    ends = np.frombuffer(offsets, dtype=np.int32)
    handle.write(text[int(ends[lines.offset]) : int(ends[lines.offset + len(lines)])])


def _write_tree(handle: BinaryIO, tree: Tree) -> None:
    _write_header(handle, fault_lines.TREE_COLUMNS)
    columns = {
        "categoryid": _text(tree.category_id),
        "parentid": pc.if_else(pa.array(tree.parent_id < 0), "", _text(tree.parent_id)),
    }
    _write_lines(handle, fault_lines.lines(columns, "{categoryid},{parentid}"))


def _write_events(
    handle: BinaryIO, catalogue: Catalogue, scale: float, seed: int, faults: float, progress: Callable[[str], None]
) -> None:
    _write_header(handle, fault_lines.EVENT_COLUMNS)
    clock = wind_up()
    visitor_ids = stream(seed, Stream.VISITOR_IDS).permutation(max(1, round(VISITORS * scale)))
    first_order = 0
    for number, start, stop in _chunks(len(visitor_ids), VISITORS_PER_CHUNK, progress, "visitors"):
        rng = stream(seed, Stream.EVENTS, number)
        events = travel(rng, catalogue, visit(rng, clock, stop - start))
        columns = _event_columns(rng, events, visitor_ids[start:stop], catalogue.item_id, first_order)
        first_order += int(events.order.max(initial=-1)) + 1
        sound = fault_lines.lines(columns, fault_lines.EVENT_LINE)
        is_twice = rng.random(len(sound)) < DUPLICATES[events.event]
        duplicates = sound.take(pa.array(np.flatnonzero(is_twice)))
        fault_rng = stream(seed, Stream.EVENT_FAULTS, number)
        faulty = fault_lines.spoil(fault_rng, columns, fault_lines.EVENT_FAULTS, faults)
        _write_lines(handle, _shuffled(rng, [sound, duplicates, *faulty]))


def _event_columns(
    rng: np.random.Generator,
    events: Events,
    visitor_ids: NDArray[np.int64],
    item_ids: NDArray[np.int64],
    first_order: int,
) -> dict[str, pa.StringArray]:
    order_ids = first_order + rng.permutation(int(events.order.max(initial=-1)) + 1)
    is_order = events.order >= 0
    transaction_id = np.zeros(len(events.order), dtype=np.int64)
    transaction_id[is_order] = order_ids[events.order[is_order]]
    return {
        "timestamp": _text(events.occurred_at),
        "visitorid": _text(visitor_ids[events.visitor]),
        "event": pa.array(EVENT_NAMES).take(pa.array(events.event)),
        "itemid": _text(item_ids[events.item]),
        "transactionid": pc.if_else(pa.array(is_order), _text(transaction_id), ""),
    }


def _write_properties(
    part1: BinaryIO,
    part2: BinaryIO,
    shop: Shop,
    seed: int,
    faults: float,
    progress: Callable[[str], None],
) -> None:
    """Write the property rows; those of an item are spread over both files."""
    for part in (part1, part2):
        _write_header(part, fault_lines.PROPERTY_COLUMNS)
    catalogue, words = shop.catalogue, shop.words
    described = np.flatnonzero(catalogue.is_described)
    snapshots, items = _text(SNAPSHOTS), _text(catalogue.item_id)
    for number, start, stop in _chunks(len(described), ITEMS_PER_CHUNK, progress, "items"):
        rng = stream(seed, Stream.PROPERTIES, number)
        rows = describe(rng, catalogue, described[start:stop])
        columns = {
            "timestamp": snapshots.take(pa.array(rows.snapshot)),
            "itemid": items.take(pa.array(rows.item)),
            "property": words.names.take(pa.array(rows.name)),
            "value": words.values.take(pa.array(rows.value)),
        }
        sound = fault_lines.lines(columns, fault_lines.PROPERTY_LINE)
        fault_rng = stream(seed, Stream.PROPERTY_FAULTS, number)
        share = faults * PROPERTY_FAULTS_SHARE
        faulty = fault_lines.spoil(fault_rng, columns, fault_lines.PROPERTY_FAULTS, share)
        lines = _shuffled(rng, [sound, *faulty])
        cut = round(len(lines) * PART1_SHARE)
        _write_lines(part1, lines.slice(0, cut))
        _write_lines(part2, lines.slice(cut))


def _text(numbers: NDArray[np.int64]) -> pa.StringArray:
    return pa.array(numbers).cast(pa.string())


def _shuffled(rng: np.random.Generator, parts: list[pa.StringArray]) -> pa.StringArray:
    lines = pa.concat_arrays(parts)
    return lines.take(pa.array(rng.permutation(len(lines))))
