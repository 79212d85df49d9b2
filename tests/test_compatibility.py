"""Every published table can be read by whoever reads Delta: Spark, delta-rs, DuckDB, Polars."""

from pathlib import Path

import duckdb
import polars
import pytest

from lakehouse.lake import Lake, open_lake

from .by_spark import by_spark
from .conftest import settings_of

COUNT = """
answer = {
    name: spark.read.format("delta").option("versionAsOf", version).load(f"{given['lake']}/{name.replace('.', '/')}").count()
    for name, version in given["versions"].items()
}
"""


@pytest.fixture(scope="module")
def lake(built_lake: Path) -> Lake:
    return open_lake(settings_of(built_lake))


@pytest.fixture(scope="module")
def rows(lake: Lake) -> dict[str, int]:
    """The rows of each published table, as its log tells them."""
    published = {name: version for name, version in lake.ledger.published().versions.items() if name in lake.contracts}
    return {name: lake.store.rows(name, version) for name, version in published.items()}


def test_spark_reads_every_table_with_its_delta_reader(lake, rows):
    versions = {name: version for name, version in lake.ledger.published().versions.items() if name in rows}
    assert by_spark(COUNT, lake=str(lake.settings.lake_path), versions=versions) == rows
    assert rows["gold.daily_kpis"] > 100


def test_polars_reads_every_table(lake, rows):
    assert {name: polars.read_delta(lake.store.uri(name)).height for name in rows} == rows


def test_duckdb_reads_every_table_by_the_files_that_its_log_names(lake, rows):
    filled = {name: count for name, count in rows.items() if count}
    with duckdb.connect() as database:
        count = "SELECT count(*) FROM read_parquet($files)"
        found = {
            name: database.execute(count, {"files": lake.store.delta(name).file_uris()}).fetchall()[0][0]
            for name in filled
        }
    assert found == filled


def test_arrow_reads_every_table(lake, rows):
    assert {name: lake.store.delta(name).to_pyarrow_dataset().count_rows() for name in rows} == rows
