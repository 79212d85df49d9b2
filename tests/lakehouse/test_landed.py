import pytest

from bronze import events, landing
from lakehouse import landed
from lakehouse.errors import LakehouseError
from lakehouse.receipts import Landing

from ..conftest import settings_of


@pytest.fixture
def read(spark, lake, tmp_path):
    """Land texts as files and read them back as bronze.events."""

    def read_texts(*texts: str):
        for number, text in enumerate(texts):
            (tmp_path / f"{number}.csv").write_text(text)
            landing.accept(lake.landing, tmp_path / f"{number}.csv")
        return landed.read(spark, lake.landing, events.table, lake.landing.receipts(), "run")

    return read_texts


def test_each_file_is_read_by_its_own_header(read, expect_rows):
    rows = read(
        "timestamp,visitorid,event,itemid,transactionid\n100,1,view,7,\n",
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
    rows = read("timestamp,visitorid,event,itemid,transactionid\n100,1,view\n100,1,view,7,,\n")
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
    rows = read('timestamp,visitorid,event,itemid,transactionid\n"100","1","vi,ew",7,"a ""b"""\n200,2,view,8,x\n')
    expect_rows(
        events.table,
        rows,
        """
        timestamp | visitorid | event | itemid | transactionid
        100       | 1         | vi,ew | 7      | a "b"
        200       | 2         | view  | 8      | x
    """,
    )


def test_carriage_returns_blank_lines_and_repeated_headers_are_no_rows(read, expect_rows):
    header = "timestamp,visitorid,event,itemid,transactionid"
    rows = read(f"\ufeff{header}\r\n100,1,view,7,5\r\n\r\n{header}\r\n200,1,view,7,5")
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
    header = "timestamp,visitorid,event,itemid,transactionid"
    odd = [
        header,
        "",
        "  ",
        "\t",
        "100,1,view,7,5",
        header,
        "\u2028",
        "1,2",
        '"1","2","3","4",""',
        "\x0b",
        " x",
        ",,,,",
    ]
    rows = read(*[end.join([*odd, last]) for end in ("\n", "\r\n") for last in ("", "9")])
    assert [receipt.lines for receipt in lake.landing.receipts()] == [8, 9, 8, 9]
    assert rows.count() == 34


def test_a_file_of_a_header_alone_has_no_rows(read):
    assert read("timestamp,visitorid,event,itemid,transactionid\n").count() == 0


def test_a_landed_file_that_was_changed_is_refused_before_spark_reads_it(read, lake):
    read("timestamp,visitorid,event,itemid,transactionid\n100,1,view,7,5\n")
    (receipt,) = lake.landing.receipts()
    lake.landing.file(receipt).write_text("timestamp,visitorid,event,itemid,transactionid\n100,1,view,8,5\n")
    with pytest.raises(LakehouseError, match="was changed after it came in as 0"):
        landed.read(None, lake.landing, events.table, lake.landing.receipts(), "run")


@pytest.mark.parametrize("name", ["with space", "100%20 ä", "{a,b}[c]*?", "back\\slash"])
def test_a_lake_may_lie_in_a_folder_of_any_name(spark, tmp_path, name):
    folder = Landing(settings_of(tmp_path / name))
    (tmp_path / "x.csv").write_text("timestamp,visitorid,event,itemid,transactionid\n100,1,view,7,5\n")
    landing.accept(folder, tmp_path / "x.csv")
    assert landed.read(spark, folder, events.table, folder.receipts(), "run").count() == 1
