"""runs.snapshots — of a table whose every file is a complete snapshot, only the one in force is read."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.lake import Lake
from lakehouse.landing.receipts import Receipt
from lakehouse.table import Table, short_name


def in_force(lake: Lake, table: Table) -> Receipt | None:
    """Return the receipt of a snapshot table's rows that count; None where it has none, or is another table."""
    if not table.snapshot or not lake.store.exists(table.name):
        return None
    return lake.landing.in_force(short_name(table.name), upto=lake.store.consumed(table.name))


def read(lake: Lake, name: str) -> DataFrame:
    """Read a table; of a snapshot table the rows of the receipt in force: it alone is judged and counted."""
    rows, receipt = lake.store.read(name), in_force(lake, lake.tables[name])
    if receipt is None:
        return rows
    file, at = receipt.source
    return rows.where((F.col("_source_file") == file) & (F.unix_micros("_ingested_at") == at))
