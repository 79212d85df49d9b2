"""runs.shares — all rows of a table at once, or, where the engine's memory is too small for that, share by share.

A table whose refresh goes by the values of some columns computes each value from the rows of that value alone. So those
rows can be parted by a hash of the value, and the shares computed one after the other; what has no such columns is read
whole for each.
"""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.lake import Lake
from lakehouse.machine_errors import is_memory_too_small
from lakehouse.runs.incremental import has_replace_columns, spelled
from lakehouse.storage.store import Written
from lakehouse.table import Table

MORE = 4  # times as many shares, where memory was too small
MOST = 64  # shares: each reads the upstreams


def overwrite(lake: Lake, table: Table, frames: Sequence[DataFrame], run_id: str) -> Written:
    """Replace all rows of a table by what its transform makes of all rows of its upstreams.

    Args:
        lake: the lake.
        table: the table.
        frames: the rows of its upstreams, in their order.
        run_id: the run.

    Raises:
        LakehouseError: rows break a rule of `expect_or_fail` (exit code 3).
    """
    assert table.function is not None
    number = 1
    while True:
        first, *further = [table.function(*part(lake, table, frames, number, each)) for each in range(number)]
        try:
            return lake.store.overwrite(table, first, run_id, further=further)
        except Exception as error:
            if table.refresh.kind != "replace" or number == MOST or not is_memory_too_small(error):
                raise
            number *= MORE


def part(lake: Lake, table: Table, frames: Sequence[DataFrame], number: int, share: int) -> list[DataFrame]:
    """Return one of so many shares of the upstreams' rows."""
    if number == 1:
        return list(frames)
    parts = []
    for name, frame in zip(table.upstreams, frames, strict=True):
        is_parted = has_replace_columns(lake, table, name)
        values = [spelled(lake, table, name, column) for column in table.refresh.by] if is_parted else []
        parts.append(frame.where(F.pmod(F.xxhash64(*values), F.lit(number)) == share) if is_parted else frame)
    return parts
