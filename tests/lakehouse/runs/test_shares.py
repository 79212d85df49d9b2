"""All rows of a table share by share are those of all at once, and so a table is made where memory is too small."""

from functools import reduce

import pytest
from pyspark.sql import DataFrame

from lakehouse.engine.frames import difference
from lakehouse.runs import judging, shares, snapshots
from lakehouse.settings import load
from lakehouse.table import discover

REPLACED = [name for name, table in discover(load().layers).items() if table.refresh.kind == "replace"]
SHARES = 3


@pytest.mark.parametrize("name", REPLACED)
def test_the_shares_of_a_table_make_its_rows(whole, name):
    table = whole.tables[name]
    first, *others = [snapshots.read(whole, each) for each in table.upstreams]
    frames = [judging.valid(table, judging.apply_source_filter(whole, table, first)), *others]
    made = [table.function(*shares.part(whole, table, frames, SHARES, each)) for each in range(SHARES)]
    assert difference(reduce(DataFrame.unionByName, made), whole.store.read(name)).collect() == []
