"""Rows of a table for Arrow: file by file, an older file's missing columns as NULL, whatever the log says of rows."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from lakehouse.storage import log, reading

AT = datetime(2015, 6, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def write(lake):
    """Add rows to a table, with columns that it did not have before."""

    def added(rows, **options):
        table = pa.Table.from_pylist(rows)
        write_deltalake(lake.store.uri("silver.grown"), table, mode="append", schema_mode="merge", **options)
        return lake.store.delta("silver.grown")

    return added


def test_columns_are_read_in_the_order_that_is_asked_for_and_are_null_where_a_file_has_none(write):
    write([{"day": 1, "count": 7}])
    delta = write([{"day": 2, "count": 8, "at": AT}])
    read = reading.stream(delta, ["at", "day"]).read_all()
    assert read.schema.names == ["at", "day"]
    assert sorted(log.rows_of(read.to_reader()), key=lambda row: row["day"]) == [
        {"at": None, "day": 1},
        {"at": AT, "day": 2},
    ]


def test_a_table_whose_files_do_not_hold_all_its_columns_is_read_too(write):
    delta = write([{"day": 1, "count": 7}, {"day": 2, "count": 8}], partition_by=["day"])
    assert not reading.is_plain(delta)
    assert sorted(reading.stream(delta, ["day", "count"]).read_all().to_pydict()["day"]) == [1, 2]


def test_a_query_reads_chosen_rows_and_their_instants_are_utc(write):
    delta = write([{"day": 1, "at": AT}, {"day": 2, "at": None}])
    assert log.rows_of(reading.query(delta, "at", "day = 1")) == [{"at": AT}]
    assert log.rows_of(reading.query(delta, "*", "day = 2")) == [{"day": 2, "at": None}]
