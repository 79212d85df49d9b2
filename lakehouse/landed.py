"""lakehouse.landed — the rows of landed CSV files as a frame of text, each file read by its own header."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from itertools import groupby
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse.receipts import Landing, Receipt
from lakehouse.table import Table


def read(spark: SparkSession, landing: Landing, table: Table, receipts: Iterable[Receipt], run_id: str) -> DataFrame:
    """Read landed files as rows of a bronze table.

    A line whose number of fields is not its header's has NULL in every delivered column and its text in `_rest`;
    elsewhere `_rest` holds the fields of columns that the contract does not name.

    Args:
        spark: the session.
        landing: the lake's landing folder.
        table: the bronze table; its delivered columns are found in each header by name.
        receipts: the files to read, at least one.
        run_id: what `_run_id` shall say.

    Returns:
        The columns of the table.

    Raises:
        LakehouseError: a landed file is missing or was changed since it came in (exit code 3).
    """
    receipts = list(receipts)
    for receipt in receipts:
        landing.verify(receipt)

    def shape(receipt: Receipt) -> tuple[str, bool]:
        return receipt.header, receipt.has_quotes

    groups = [list(group) for _, group in groupby(sorted(receipts, key=shape), key=shape)]
    frames = [_read_alike(spark, landing, table, group, run_id) for group in groups]
    return reduce(DataFrame.unionByName, frames)


def _read_alike(spark: SparkSession, landing: Landing, table: Table, receipts: list[Receipt], run_id: str) -> DataFrame:
    """Read files that share a header, and either all hold quotes or none does."""
    header, columns = receipts[0].header, receipts[0].columns
    paths = [_literal(landing.file(receipt)) for receipt in receipts]
    lines = (
        spark.read.text(paths)
        .where((F.col("value") != header) & (F.trim("value") != ""))
        .select("value", F.col("_metadata.file_name").alias("_source_file"))
        .withColumn("fields", _fields(len(columns), receipts[0].has_quotes))
    )
    arrivals = [F.lit(each) for receipt in receipts for each in (receipt.file_name, _instant(receipt))]
    is_whole = F.size("fields") == len(columns)
    extra = [F.col("fields")[i] for i, name in enumerate(columns) if name not in table.delivered_columns]
    beyond = F.concat_ws(",", *extra) if extra else F.lit(None).cast("string")
    return lines.select(
        *[F.when(is_whole, F.col("fields")[columns.index(c)]).alias(c) for c in table.delivered_columns],
        "_source_file",
        F.create_map(*arrivals)[F.col("_source_file")].alias("_ingested_at"),
        F.lit(run_id).alias("_run_id"),
        F.when(is_whole, beyond).otherwise(F.col("value")).alias("_rest"),
    )


def _literal(path: Path) -> str:
    """Return a path for Spark, which would take some characters in it for a pattern and `%20` for itself."""
    return "file:" + re.sub(r"([\\*?{}\[\]])", r"\\\1", str(path))


def _instant(receipt: Receipt) -> datetime:
    return datetime.fromisoformat(receipt.received_at)


def _fields(count: int, has_quotes: bool) -> Column:
    """Split a line into its fields; where a file holds no quote, splitting at commas is the same and far faster."""
    split = F.split("value", ",", -1)
    if not has_quotes:
        return split
    names = [f"c{i}" for i in range(count)]
    schema = ", ".join(f"{name} STRING" for name in [*names, "corrupt"])
    parsed = F.from_csv(
        "value", F.lit(schema), {"columnNameOfCorruptRecord": "corrupt", "escape": '"', "nullValue": "\u0000"}
    )
    fields = F.when(parsed["corrupt"].isNull(), F.array(*[F.coalesce(parsed[name], F.lit("")) for name in names]))
    return F.when(F.contains("value", F.lit('"')), F.coalesce(fields, F.array())).otherwise(split)
