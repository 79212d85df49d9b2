"""runs.shares — how a run does with little memory: one table at a time, and a large one share by share.

A table whose refresh goes by the values of some columns computes each value from the rows of that value alone. So those
rows can be parted by a hash of the value, and the shares computed one after the other; what has no such columns is read
whole for each.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.lake import Lake
from lakehouse.machine_errors import is_memory_too_small
from lakehouse.runs.incremental import has_replace_columns, spelled
from lakehouse.runs.planner import Step
from lakehouse.table import Table

MORE = 4  # times as many shares, where memory was too small
MOST = 64  # times as many: each share reads the upstreams


def smaller(step: Step, error: BaseException | None, is_alone: bool) -> Step | None:
    """Return how a table that needed too much memory is built instead; None where it cannot be, or ended otherwise.

    An increment for which memory is too small even alone becomes a full refresh, which can be parted.

    Args:
        step: the table.
        error: how it ended.
        is_alone: whether no other table was built at the same time.
    """
    if error is None or not is_memory_too_small(error):
        return None
    if not is_alone:
        return step
    can_part = step.table.refresh.kind == "replace" and step.shares < MOST
    return replace(step, shares=step.shares * MORE, ignores_existing=True) if can_part else None


def number(lake: Lake, step: Step) -> int:
    """Return in how many shares all rows of a table are computed, by its upstreams' rows and by what ended before."""
    most = step.table.refresh.rows_at_once
    rows = sum(lake.store.rows(name) for name in step.table.upstreams)
    return step.shares * (max(1, math.ceil(rows / most)) if most else 1)


def part(lake: Lake, table: Table, frames: Sequence[DataFrame], count: int, share: int) -> list[DataFrame]:
    """Return one of so many shares of the upstreams' rows.

    Args:
        lake: the lake.
        table: the table.
        frames: the rows of its upstreams, in their order.
        count: how many shares there are; of one that is no `replace()`, one.
        share: which, from 0.
    """
    if count == 1:
        return list(frames)
    parts = []
    for name, frame in zip(table.upstreams, frames, strict=True):
        is_parted = has_replace_columns(lake, table, name)
        values = [spelled(lake, table, name, column) for column in table.refresh.by] if is_parted else []
        parts.append(frame.where(F.pmod(F.xxhash64(*values), F.lit(count)) == share) if is_parted else frame)
    return parts
