"""engine.frames — what frames are compared by."""

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

MOST_BROADCAST = 2_000_000  # rows; more of them are shuffled


def difference(new: DataFrame, old: DataFrame) -> DataFrame:
    """Return the rows that only one of two frames of the same columns holds, `_sign` 1 where it is the new one."""
    signed = new.withColumn("_sign", F.lit(1)).unionByName(old.withColumn("_sign", F.lit(-1)))
    return signed.groupBy(new.columns).agg(F.sum("_sign").alias("_sign")).where("_sign <> 0")


def anti_join(rows: DataFrame, others: DataFrame, key: Sequence[str]) -> DataFrame:
    """Return the rows whose key no other row has; NULL is a value like any."""
    keys = others.select(*[F.col(column).alias(f"_other_{column}") for column in key])
    return rows.join(keys, [F.col(column).eqNullSafe(F.col(f"_other_{column}")) for column in key], how="left_anti")


def broadcast_if_small(frame: DataFrame, rows: int) -> DataFrame:
    """Mark a frame of few rows for broadcasting, so that others are joined with it where they lie."""
    return F.broadcast(frame) if rows <= MOST_BROADCAST else frame
