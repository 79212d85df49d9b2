"""Rows as Parquet files, and what is said of them."""

import hashlib
import json
import pickle
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lakehouse.storage import parquet_writer
from lakehouse.storage.folder import Folder
from lakehouse.storage.parquet_writer import Measured, Writer
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
    writer = Writer.of(visits, Folder(""))
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
    assert Writer.of(visits, Folder(str(tmp_path))).write(tables) == []
    assert list(tmp_path.iterdir()) == []


def written(folder: Path, batches, counts=(), limits=()) -> Measured:
    (told,) = list(
        parquet_writer._Task(Writer.of(visits, Folder(str(folder))), list(counts), list(limits))(iter(batches))
    )
    return pickle.loads(told["measured"][0].as_py())


def test_a_group_of_rows_is_sorted_by_slice_and_the_log_is_told_the_limits_of_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_writer, "GROUP", 2)
    batches = [batch for numbers in ((7, 3), (0,), (9, 5)) for batch in rows(*numbers).to_batches()]
    first, second = written(tmp_path, batches).files
    assert [pq.read_table(tmp_path / each.path)["visitor"].to_pylist() for each in (first, second)] == [
        [3, 7],
        [0, 5, 9],
    ]
    assert (second.rows, second.size) == (3, (tmp_path / second.path).stat().st_size)
    assert json.loads(second.statistics) == {
        "numRecords": 3,
        "minValues": {"at": "2015-06-01T00:00:00.000000Z", "day": "2015-06-05", "visitor": 0},
        "maxValues": {"at": "2015-06-01T00:00:00.000009Z", "day": "2015-06-09", "visitor": 9},
    }


def test_no_file_spans_more_slices_than_its_size_asks_for(tmp_path):
    numbers = [day for _ in range(4) for day in range(1, 31)]
    group = rows(*numbers).set_column(1, "at", pa.array([datetime(2015, 6, day, tzinfo=UTC) for day in numbers]))
    files = Writer.of(visits, Folder(str(tmp_path)), file_bytes=1).write([group.cast(rows().schema)])
    days = [pc.unique(pq.read_table(tmp_path / each.path)["at"]).to_pylist() for each in files]
    assert max(map(len, days)) == 1
    assert sum(each.rows for each in files) == len(numbers)


def test_a_file_is_named_after_the_digest_of_its_content(tmp_path):
    (file,) = Writer.of(visits, Folder(str(tmp_path))).write([rows(1, 2)])
    digest = hashlib.sha256((tmp_path / file.path).read_bytes()).hexdigest()
    assert file.path.endswith(f"-{digest}.parquet")


def test_conditions_are_counted_and_limits_found_while_rows_are_written(tmp_path):
    batch = rows(3, 1, 2).append_column("_count_0", pa.array([True, False, True]))
    batch = batch.append_column("_limit_0", batch["visitor"]).append_column("_limit_1", batch["day"])
    told = written(tmp_path, batch.to_batches(), ["odd"], ["visitor", "day"])
    assert told.counts == {"odd": 2}
    assert told.limits == {"visitor": [1, 3], "day": [date(2015, 6, day) for day in (1, 2, 3)]}
    assert pq.read_table(tmp_path / told.files[0].path).column_names == ["visitor", "at", "day", "pages"]


def test_a_column_without_any_value_has_no_limits(tmp_path):
    (file,) = Writer.of(visits, Folder(str(tmp_path))).write([rows(0)])
    assert "day" not in json.loads(file.statistics)["minValues"]


def test_a_missing_value_that_the_contract_demands_leaves_no_file_that_the_log_could_name(tmp_path):
    batch = pa.record_batch({**rows(1).to_pydict(), "at": pa.nulls(1, pa.timestamp("us", "UTC"))})
    with pytest.raises(ValueError, match=r"silver\.visits: a row has no at, which is NOT NULL"):
        written(tmp_path, [batch])


def test_a_changed_byte_of_a_page_is_noticed(tmp_path):
    (file,) = Writer.of(visits, Folder(str(tmp_path))).write([rows(*range(1, 30))])
    path = Path(tmp_path, file.path)
    column = pq.read_metadata(path).row_group(0).column(0)
    content = bytearray(path.read_bytes())
    content[column.dictionary_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(content)
    with pytest.raises(OSError, match="CRC"):
        pq.read_table(path, page_checksum_verification=True)
