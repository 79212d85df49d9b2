"""silver.ordering — the one order of a visitor's events, also of those at the same millisecond."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def event_order() -> list[Column]:
    """Return the sort: instant, then view, addtocart, transaction, then item, then order (NULL first)."""
    rank = F.when(F.col("event_type") == "view", 0).when(F.col("event_type") == "addtocart", 1).otherwise(2)
    return [F.col("occurred_at"), rank, F.col("item_id"), F.col("transaction_id").asc_nulls_first()]
