import pyarrow as pa
import pytest

from bronze import events, item_properties, landing
from lakehouse.errors import LakehouseError
from lakehouse.landing import csv_reader
from lakehouse.landing.receipts import Landing
from lakehouse.storage.schema import delta_schema

from ...conftest import ingest, settings_of

HEADER = "timestamp,visitorid,event,itemid,transactionid"
ODD = [HEADER, "", "  ", "\t", "100,1,view,7,5", HEADER, "\u2028", "1,2", '"1","2","3","4",""', "\x0b", " x", ",,,,"]


@pytest.fixture
def land(lake, tmp_path):
    """Land texts as files."""

    def land_texts(*texts: str):
        for number, text in enumerate(texts):
            (tmp_path / f"{number}.csv").write_text(text)
            landing.accept(lake.landing, tmp_path / f"{number}.csv")

    return land_texts


@pytest.fixture
def read(spark, lake, land):
    """Land texts as files and read them back as bronze.events."""

    def read_texts(*texts: str):
        land(*texts)
        return ingest(lake, events.table)

    return read_texts


def test_each_file_is_read_by_its_own_header(read, expect_rows):
    rows = read(
        f"{HEADER}\n100,1,view,7,\n",
        "itemid,event,visitorid,transactionid,timestamp\n8,transaction,2,9,200\n",
    ).replace({"": None}, subset="transactionid")
    expect_rows(
        events.table,
        rows,
        """
        timestamp | visitorid | event       | itemid | transactionid | _rest | _run_id
        100       | 1         | view        | 7      |               |       | run
        200       | 2         | transaction | 8      | 9             |       | run
    """,
    )


def test_columns_beyond_the_contract_are_kept_aside(read, expect_rows):
    rows = read("timestamp,campaign,visitorid,event,itemid,transactionid,device\n100,mail,1,view,7,5,phone\n")
    expect_rows(
        events.table,
        rows,
        """
        timestamp | visitorid | transactionid | _rest
        100       | 1         | 5             | mail,phone
    """,
    )


def test_a_line_with_too_few_or_too_many_fields_keeps_its_text(read, expect_rows):
    rows = read(HEADER + "\n100,1,view\n100,1,view,7,,\n")
    expect_rows(
        events.table,
        rows,
        """
        timestamp | visitorid | event | itemid | _rest
                  |           |       |        | 100,1,view
                  |           |       |        | 100,1,view,7,,
    """,
    )


def test_quoted_fields_are_read_without_their_quotes(read, expect_rows):
    rows = read(HEADER + '\n"100","1","vi,ew",7,"a ""b"""\n200,2,view,8,x\n')
    expect_rows(
        events.table,
        rows,
        """
        timestamp | visitorid | event | itemid | transactionid
        100       | 1         | vi,ew | 7      | a "b"
        200       | 2         | view  | 8      | x
    """,
    )


def test_a_quote_opens_a_field_at_its_beginning_alone_and_never_reaches_into_the_next_line(read, expect_rows):
    rows = read(HEADER + '\n100, "1","vi,ew",7,\n200,2,a"b"c,8,\n300,3,v"iew,9,"x\n400,4,view,10,\n')
    expect_rows(
        events.table,
        rows,
        """
        timestamp | visitorid | event  | itemid
        100       | 1         | vi,ew  | 7
        200       | 2         | a"b"c  | 8
        300       | 3         | v"iew  | 9
        400       | 4         | view   | 10
    """,
    )


def test_carriage_returns_blank_lines_and_repeated_headers_are_no_rows(read, expect_rows):
    rows = read(f"\ufeff{HEADER}\r\n100,1,view,7,5\r\n\r\n{HEADER}\r\n200,1,view,7,5")
    expect_rows(
        events.table,
        rows,
        """
        timestamp | transactionid
        100       | 5
        200       | 5
    """,
    )


def test_as_many_rows_are_read_as_were_counted_when_the_file_came_in(read, lake):
    rows = read(*[end.join([*ODD, last]) for end in ("\n", "\r\n") for last in ("", "9")])
    assert [receipt.lines for receipt in lake.landing.receipts()] == [8, 9, 8, 9]
    assert rows.count() == 34


@pytest.mark.parametrize("text", [HEADER, HEADER + "\n", HEADER + "\n \n\n"])
def test_a_file_without_a_row_is_taken_up_and_adds_none(read, lake, text):
    assert read(text).count() == 0
    assert lake.store.consumed("bronze.events") == 1


def test_wherever_files_are_cut_each_line_is_read_once(lake, land):
    lines = [f"{n},{n * n},view,7,{'x' * (n % 5)}" for n in range(40)] + ODD[1:]
    land("\n".join([HEADER, *lines]), "\r\n".join([HEADER, *lines, ""]))
    schema = pa.schema(delta_schema(events.table))
    ((*whole,),) = csv_reader.split_into_parts(lake.landing, lake.landing.receipts())
    expected = sorted(map(repr, csv_reader.read_rows(whole, schema, "run").to_pylist()))
    assert len(expected) == sum(receipt.lines for receipt in lake.landing.receipts())
    for size in range(1, 200):
        batches = csv_reader.split_into_parts(lake.landing, lake.landing.receipts(), size)
        found = [row for batch in batches for row in csv_reader.read_rows(batch, schema, "run").to_pylist()]
        assert sorted(map(repr, found)) == expected


def test_a_sorted_table_takes_up_a_file_without_a_row(spark, lake, land):
    land("timestamp,itemid,property,value\n \n")
    assert ingest(lake, item_properties.table).count() == 0


def test_the_rows_of_a_file_are_sorted_by_the_contracts_column(spark, lake, land):
    lines = [f"1,{n},{name},{n}" for n, name in enumerate(["b", "a", "790", "b", "", "a"])]
    land("\n".join(["timestamp,itemid,property,value", *lines, "malformed"]))
    ingest(lake, item_properties.table)
    found = lake.store.arrow("bronze.item_properties").select(["property", "itemid", "value", "_rest"]).to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("", "4", "4", None),
        ("790", "2", "2", None),
        ("a", "1", "1", None),
        ("a", "5", "5", None),
        ("b", "0", "0", None),
        ("b", "3", "3", None),
        (None, None, None, "malformed"),
    ]


def test_a_landed_file_that_was_changed_is_refused_before_it_is_read(lake, land):
    land(f"{HEADER}\n100,1,view,7,5\n")
    (receipt,) = lake.landing.receipts()
    lake.landing.file(receipt).write_text(f"{HEADER}\n100,1,view,8,5\n")
    with pytest.raises(LakehouseError, match="was changed after it came in as 0"):
        csv_reader.split_into_parts(lake.landing, lake.landing.receipts())


@pytest.mark.parametrize("name", ["with space", "ä, é", "a'b", "semi;colon & co"])
def test_landed_files_may_lie_in_a_folder_of_odd_name(tmp_path, name):
    folder = Landing(settings_of(tmp_path / name))
    (tmp_path / "x.csv").write_text(f"{HEADER}\n100,1,view,7,5\n")
    landing.accept(folder, tmp_path / "x.csv")
    (batch,) = csv_reader.split_into_parts(folder, folder.receipts())
    assert csv_reader.read_rows(batch, pa.schema(delta_schema(events.table)), "run").num_rows == 1
