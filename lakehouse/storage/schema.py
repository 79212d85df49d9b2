"""storage.schema — a contract's columns as Spark and Delta know them."""

from collections.abc import Sequence

from deltalake import Schema as DeltaSchema
from pyspark.sql import types as T

from lakehouse.table import Table

SIMPLE: dict[str, T.DataType] = {
    "BIGINT": T.LongType(),
    "INT": T.IntegerType(),
    "STRING": T.StringType(),
    "BOOLEAN": T.BooleanType(),
    "DATE": T.DateType(),
    "DOUBLE": T.DoubleType(),
    "TIMESTAMP": T.TimestampType(),
}


def delta_schema(table: Table) -> DeltaSchema:
    """Return the contract's columns as Delta keeps them, comments included."""
    fields = [
        T.StructField(column.name, spark_type(column.type), column.nullable, {"comment": column.comment})
        for column in table.columns
    ]
    return DeltaSchema.from_json(T.StructType(fields).json())


def check_columns(table: Table, fields: Sequence[T.StructField]) -> None:
    """Compare the columns of a frame with its contract.

    Raises:
        TypeError: they are not the contract's, by name, order and type.
    """
    wanted = [(column.name, spark_type(column.type)) for column in table.columns]
    found = [(each.name, each.dataType) for each in fields]
    if [(name, type_.simpleString()) for name, type_ in wanted] != [(n, t.simpleString()) for n, t in found]:
        raise TypeError(f"{table.name} is declared as {wanted}, its transform returns {found}")


def spark_type(text: str) -> T.DataType:
    """Return the Spark type of a SQL type's name, without a session."""
    if text.startswith("ARRAY<"):
        return T.ArrayType(spark_type(text[6:-1]))
    if text.startswith("DECIMAL("):
        precision, scale = text[8:-1].split(",")
        return T.DecimalType(int(precision), int(scale))
    return SIMPLE[text]
