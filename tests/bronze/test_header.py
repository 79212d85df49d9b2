import gzip
import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse.errors import LakehouseError
from lakehouse.landing.lines import BOM

from .conftest import HEADER, ROW


@pytest.mark.parametrize(
    "header",
    [
        "itemid,transactionid,event,timestamp,visitorid",
        "TimeStamp,VisitorID,Event,ItemID,TransactionID",
        "timestamp,visitorid,event,itemid,transactionid,campaign",
        "timestamp,visitorid,event,itemid,transactionid,,",
        "timestamp, visitorid, event, itemid, transactionid",
        "\ufefftimestamp,visitorid,event,itemid,transactionid\r",
        '"timestamp","visitorid","event","itemid","transactionid"',
        '"timestamp", "visitorid", "event", "itemid", "transactionid", "a, b"',
    ],
)
def test_a_file_is_known_by_the_names_in_its_header(land, header):
    assert land(header + "\n").kind == "events"


def test_a_quoted_name_may_hold_a_comma(land):
    assert land('"a,b",timestamp,visitorid,event,itemid,transactionid\n').columns[:2] == ["a,b", "timestamp"]


def zipped(name: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(name, HEADER)
    return content.getvalue()


def parquet() -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table({"timestamp": [1]}), content)
    return content.getvalue()


FORMATS = {
    "zip": (zipped("events.csv"), "is a zip archive, not plain CSV."),
    "zip without files": (b"PK\x05\x06" + bytes(18), "is an empty zip archive, not plain CSV."),
    "gzip": (gzip.compress(HEADER.encode()), "is gzip-compressed, not plain CSV."),
    "xlsx": (zipped("[Content_Types].xml"), "is an Excel workbook, not plain CSV."),
    "xlsx of another program": (zipped("docProps/app.xml"), "is an Excel workbook, not plain CSV."),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an Excel workbook, not plain CSV."),
    "parquet": (parquet(), "is a Parquet file, not plain CSV."),
    "UTF-16": (HEADER.encode("utf-16"), "is UTF-16 text, not plain CSV."),
    "UTF-16, big end first": (b"\xfe\xff" + HEADER.encode("utf-16-be"), "is UTF-16 text, not plain CSV."),
    "two byte order marks": (BOM * 2 + HEADER.encode(), "is text behind two byte order marks, not plain CSV."),
    "UTF-16 without a mark": (HEADER.encode("utf-16-le"), "is UTF-16 text, not plain CSV."),
}


@pytest.mark.parametrize("case", FORMATS)
def test_a_file_of_another_format_is_refused_by_its_first_bytes(refusal, case):
    content, sentence = FORMATS[case]
    assert refusal(content) == sentence


HEADERS = {
    "empty": ("", "is empty."),
    "only a byte order mark": ("\ufeff", "is empty."),
    "empty line": ("\n" + HEADER, "begins with an empty line."),
    "no header": (ROW, "has no header: line 1 holds values."),
    "semicolons": (HEADER.replace(",", ";"), "is separated by semicolons, not commas."),
    "tabs": (HEADER.replace(",", "\t"), "is separated by tabs, not commas."),
    "bars": (HEADER.replace(",", "|"), "is separated by bars, not commas."),
    "missing column": (
        "timestamp,event,itemid,transactionid\n",
        "has no column visitorid, which events needs.",
    ),
    "missing columns": (
        "timestamp,property\n",
        "has no column itemid and no column value, which item_properties needs.",
    ),
    "doubled column": (HEADER.replace("\n", ",Event\n"), "names the column event twice."),
    "unknown": ("user,when,what\n", "has the header user,when,what, which is of no known kind."),
    "control character": ("user,\x1b[2J\n", "has the header user,\ufffd[2j, which is of no known kind."),
    "NUL": ("timestamp\0,visitorid\n", "holds a NUL byte in line 1."),
    "not UTF-8": (b"timestamp,\xe4\n", "is not UTF-8 in line 1."),
    "unclosed quote": ('"timestamp,visitorid\n', "opens a quote in line 1 that the line does not close."),
    "carriage returns alone": ((HEADER + ROW).replace("\n", "\r"), "holds a carriage return within line 1."),
    "no line end": ("timestamp," * 10_000, "holds more than 64 KB in line 1."),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_first_line_that_names_no_known_columns_is_refused(refusal, case):
    content, sentence = HEADERS[case]
    assert refusal(content) == sentence


def test_the_remedy_for_an_unknown_header_names_what_is_known(land):
    with pytest.raises(LakehouseError) as raised:
        land("user,when\n")
    assert "events: timestamp,visitorid,event,itemid,transactionid; item_properties: " in raised.value.remedy
