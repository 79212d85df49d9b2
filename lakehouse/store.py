"""lakehouse.store — the only input and output of tables: where they lie, how they are read and written."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake import Schema as DeltaSchema
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from lakehouse import lock, spark
from lakehouse.errors import LakehouseError
from lakehouse.expectations import broken
from lakehouse.settings import Settings
from lakehouse.table import Table

PROPERTIES = {"delta.enableChangeDataFeed": "true", "delta.logRetentionDuration": "interval 90 days"}


@dataclass(frozen=True)
class Written:
    """What a write did: the table's new version, its rows, and how many of them break each rule."""

    version: int
    rows: int
    broken: dict[str, int]


class Store:
    """The tables of one lake. Looking at versions and rows needs no Java; a session starts at the first frame."""

    def __init__(self, settings: Settings) -> None:
        """Look at the lake that the settings name."""
        self.settings = settings

    @cached_property
    def spark(self) -> SparkSession:
        """The Spark session, started when it is first needed."""
        session = spark.session(self.settings)
        lock.note_jvm(self.settings, spark.jvm_process_id(session))
        return session

    def uri(self, name: str) -> str:
        """Return where a table lies: `<lake>/<layer>/<table>`."""
        root = self.settings.lake.tables_uri or str(self.settings.lake_path)
        return "/".join([root.rstrip("/"), *name.split(".")])

    def delta(self, name: str, version: int | None = None) -> DeltaTable:
        """Open a table's log without Java, at a version if given."""
        return DeltaTable(self.uri(name).replace("s3a://", "s3://"), version=version)

    def exists(self, name: str) -> bool:
        """Say whether the table was ever created."""
        return DeltaTable.is_deltatable(self.uri(name).replace("s3a://", "s3://"))

    def version(self, name: str) -> int:
        """Return the table's latest version."""
        return self.delta(name).version()

    def rows(self, name: str, version: int | None = None) -> int:
        """Count the table's rows from its log."""
        actions = pa.table(self.delta(name, version).get_add_actions(flatten=True))
        return int(sum(actions["num_records"].to_pylist()))

    def consumed(self, name: str) -> int:
        """Return the highest receipt number whose rows the table holds, 0 for none; the table's own log says so."""
        return self.delta(name).transaction_version(name) or 0

    def create(self, table: Table) -> None:
        """Create the table empty, with its contract, unless it is there with this very schema.

        The log is written without Java, a hundred times faster than by Spark.

        Raises:
            LakehouseError: a table of landed files is there with another schema.
        """
        uri = self.uri(table.name).replace("s3a://", "s3://")
        schema = delta_schema(table)
        if DeltaTable.is_deltatable(uri):
            if DeltaTable(uri).schema() == schema:
                return
            if table.refresh.kind == "append":
                message = f"{table.name} has another schema than its contract, and landed rows are never rewritten."
                raise LakehouseError(message, "land the files into a new lake: LAKEHOUSE_LAKE=dir")
        statistics = {"delta.dataSkippingStatsColumns": ",".join(table.cluster_by)}
        if not table.cluster_by:
            statistics = {"delta.dataSkippingNumIndexedCols": "0"}
        properties = PROPERTIES | statistics
        DeltaTable.create(
            uri, schema, mode="overwrite", name=table.name, description=table.comment, configuration=properties
        )

    def read(self, name: str, version: int | None = None) -> DataFrame:
        """Read a table as a frame, at a version if given."""
        reader = self.spark.read.format("delta")
        return (reader if version is None else reader.option("versionAsOf", version)).load(self.uri(name))

    def arrow(self, name: str, version: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a table without Java, at a version and only some columns if given."""
        return self.delta(name, version).to_pyarrow_table(columns=list(columns) if columns else None)

    def overwrite(self, table: Table, frame: DataFrame) -> Written:
        """Replace all rows of the table in one commit."""
        return self._write(table, frame, "overwrite", {})

    def append(self, table: Table, frame: DataFrame, receipt_number: int) -> Written:
        """Add the rows of landed files up to a receipt's number; the number enters the log with the rows."""
        return self._write(table, frame, "append", {"txnAppId": table.name, "txnVersion": str(receipt_number)})

    def append_arrow(self, name: str, rows: pa.Table) -> int:
        """Add rows without Java; create the table with them if need be. Return the new version."""
        write_deltalake(self.uri(name).replace("s3a://", "s3://"), rows, mode="append")
        return self.version(name)

    def _write(self, table: Table, frame: DataFrame, mode: str, options: dict[str, str]) -> Written:
        check_columns(table, frame)
        rules = {f"rule_{i}": rule for i, rule in enumerate(table.output_rules)}
        counts = [F.count_if(broken(rule)).alias(alias) for alias, rule in rules.items()]
        seen = Observation()
        observed = frame.observe(seen, F.count(F.lit(1)).alias("rows"), *counts)
        observed.write.format("delta").mode(mode).options(**options).save(self.uri(table.name))
        counted = seen.get
        by_rule = {rule.name: int(counted.get(alias, 0)) for alias, rule in rules.items()}
        return Written(self.version(table.name), int(counted.get("rows", 0)), by_rule)


def delta_schema(table: Table) -> DeltaSchema:
    """Return the contract's columns as Delta keeps them, comments included."""
    fields = [
        T.StructField(column.name, _type(column.type), column.nullable, {"comment": column.comment})
        for column in table.columns
    ]
    return DeltaSchema.from_json(T.StructType(fields).json())


def check_columns(table: Table, frame: DataFrame) -> None:
    """Compare a frame with its contract.

    Raises:
        TypeError: its columns are not the contract's, by name, order and type.
    """
    wanted = [(column.name, _type(column.type)) for column in table.columns]
    found = [(each.name, each.dataType) for each in frame.schema.fields]
    if [(name, type_.simpleString()) for name, type_ in wanted] != [(n, t.simpleString()) for n, t in found]:
        raise TypeError(f"{table.name} is declared as {wanted}, its transform returns {found}")


def _type(text: str) -> T.DataType:
    """Return the Spark type of a SQL type's name, without a session."""
    simple: dict[str, T.DataType] = {
        "BIGINT": T.LongType(),
        "INT": T.IntegerType(),
        "STRING": T.StringType(),
        "BOOLEAN": T.BooleanType(),
        "DATE": T.DateType(),
        "DOUBLE": T.DoubleType(),
        "TIMESTAMP": T.TimestampType(),
    }
    if text.startswith("ARRAY<"):
        return T.ArrayType(_type(text[6:-1]))
    if text.startswith("DECIMAL("):
        precision, scale = text[8:-1].split(",")
        return T.DecimalType(int(precision), int(scale))
    return simple[text]
