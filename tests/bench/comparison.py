"""Whether the tables of two lakes are equal: of ours as published, and of the one that DuckDB made."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder

LAYERS = ("bronze", "silver", "gold")
VARYING = {"_run_id"}  # may differ between two equal lakes


def newest_run(lake: Path) -> dict[str, str]:
    """Return the newest published row of a lake's ledger."""
    rows = DeltaTable(lake / "ledger").to_pyarrow_table().sort_by("ended_at").to_pylist()
    return [row for row in rows if row["status"] == "published"][-1]


def compare(ours: Path, theirs: Path) -> Iterator[str]:
    """Yield a sentence for each table that is not the same in both lakes, rows in any order."""
    versions = json.loads(newest_run(ours)["versions"])
    found = {f"{path.parent.parent.name}.{path.parent.name}" for path in theirs.glob("*/*/_delta_log")}
    expected = {name for name in versions if name.startswith(LAYERS)}
    yield from (f"{name}: DuckDB does not make it" for name in sorted(expected - found))
    yield from (f"{name}: only DuckDB makes it" for name in sorted(found - expected))
    for name in sorted(expected & found):
        path = name.replace(".", "/")
        difference = differ(DeltaTable(ours / path, version=versions[name]), DeltaTable(theirs / path))
        if difference:
            yield f"{name}: {difference}"


def differ(ours: DeltaTable, theirs: DeltaTable) -> str:
    """Say how two tables differ; empty if they do not."""
    a, b = ({field.name: str(field.type) for field in table.schema().fields} for table in (ours, theirs))
    if list(a.items()) != list(b.items()):
        return f"columns differ: {', '.join(sorted({column for column, _ in a.items() ^ b.items()})) or 'their order'}"
    a, b = digest(ours), digest(theirs)
    if a == b:
        return ""
    if a["rows"] != b["rows"]:
        return f"{a['rows']:,} rows and {b['rows']:,}"
    columns = ", ".join(name for name in a if a[name] != b[name] and name != "all")
    return f"values differ in {columns}" if columns else "the values of each column are the same, but not their rows"


def digest(table: DeltaTable) -> dict[str, int]:
    """Count the rows and add up hashes, of whole rows and by column, in no order; deletion vectors are heeded."""
    reader = pa.RecordBatchReader.from_stream(QueryBuilder().register("rows", table).execute("SELECT * FROM rows"))
    names = [f'"{name}"' for name in reader.schema.names if name not in VARYING]
    sums = ", ".join(f"sum(hash({name})) AS {name}" for name in names)
    connection = duckdb.connect()
    connection.register("reader", reader)
    query = f'SELECT count(*) AS rows, sum(hash({", ".join(names)})) AS "all", {sums} FROM reader'
    return connection.sql(query).to_arrow_table().to_pylist()[0]
