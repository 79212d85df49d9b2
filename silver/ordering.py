"""silver.ordering — the one order of a visitor's events, and the buckets in which long sequences are ordered."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def event_order() -> list[Column]:
    """Return the sort: instant, then view, addtocart, transaction, then item, then order (NULL first)."""
    rank = F.when(F.col("event_type") == "view", 0).when(F.col("event_type") == "addtocart", 1).otherwise(2)
    return [F.col("occurred_at"), rank, F.col("item_id"), F.col("transaction_id").asc_nulls_first()]


def bucket(key: Column | str) -> Column:
    """Return the bucket of an id, 0 to 1,023: windows over it, ordered by the id first, hold many ids each.

    A window costs its engine some microseconds for each value that it is partitioned by; there are millions of ids.
    """
    return F.pmod(key, F.lit(1024))
