"""Rows as Parquet files, and what is said of them."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.storage import parquet_writer
from lakehouse.storage.parquet_writer import Writer
from lakehouse.table import Table, rebuild

visits = Table(
    "silver.visits",
    "One row per visit.",
    ["visitor"],
    rebuild(),
    """
        visitor BIGINT    NOT NULL COMMENT 'visitor',
        at      TIMESTAMP NOT NULL COMMENT 'instant, UTC',
        day     DATE               COMMENT 'day',
        pages   ARRAY<STRING>      COMMENT 'pages'
    """,
    cluster_by=["at", "day", "visitor"],
)


def rows(*numbers: int) -> pa.Table:
    writer = Writer.of(visits, "")
    return pa.table(
        {
            "visitor": list(numbers),
            "at": [datetime(2015, 6, 1, 0, 0, 0, number, UTC) for number in numbers],
            "day": [date(2015, 6, number) if number else None for number in numbers],
            "pages": [["a", None]] * len(numbers),
        },
        schema=writer.schema,
    )


@pytest.mark.parametrize("tables", [[], [rows()]])
def test_no_rows_make_no_file(tmp_path, tables):
    assert Writer.of(visits, str(tmp_path)).write(tables) == []
    assert list(tmp_path.iterdir()) == []


def test_a_file_holds_all_groups_of_rows_and_the_log_is_told_their_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_writer, "GROUP", 2)
    batches = [batch for numbers in ((7, 3), (0,), (9, 5)) for batch in rows(*numbers).to_batches()]
    (told,) = [row for batch in Writer.of(visits, str(tmp_path))._task(iter(batches)) for row in batch.to_pylist()]
    path = tmp_path / told["path"]
    assert (told["rows"], told["size"]) == (5, path.stat().st_size)
    assert pq.read_table(path).to_pylist() == rows(7, 3, 0, 9, 5).to_pylist()
    assert pq.read_metadata(path).num_row_groups == 3
    assert json.loads(told["statistics"]) == {
        "numRecords": 5,
        "minValues": {"at": "2015-06-01T00:00:00.000000Z", "day": "2015-06-03", "visitor": 0},
        "maxValues": {"at": "2015-06-01T00:00:00.000009Z", "day": "2015-06-09", "visitor": 9},
    }


def test_a_column_without_any_value_has_no_limits(tmp_path):
    (file,) = Writer.of(visits, str(tmp_path)).write([rows(0)])
    assert "day" not in json.loads(file.statistics)["minValues"]


def test_a_missing_value_that_the_contract_demands_leaves_no_file_that_the_log_could_name(tmp_path):
    batch = pa.record_batch({**rows(1).to_pydict(), "at": pa.nulls(1, pa.timestamp("us", "UTC"))})
    with pytest.raises(ValueError, match=r"silver\.visits: a row has no at, which is NOT NULL"):
        list(Writer.of(visits, str(tmp_path))._task(iter([batch])))


def test_a_changed_byte_of_a_page_is_noticed(tmp_path):
    (file,) = Writer.of(visits, str(tmp_path)).write([rows(*range(1, 30))])
    path = Path(tmp_path, file.path)
    column = pq.read_metadata(path).row_group(0).column(0)
    content = bytearray(path.read_bytes())
    content[column.dictionary_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(content)
    with pytest.raises(OSError, match="CRC"):
        pq.read_table(path, page_checksum_verification=True)
