import gzip
import json
import zipfile
from pathlib import Path

import pytest

from bronze import landing
from lakehouse.errors import Exit, LakehouseError

HEADER = "timestamp,visitorid,event,itemid,transactionid\n"
ROW = "1433152800000,1,view,7,\n"


def write(folder: Path, content: str | bytes, name: str = "events.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_landed_file_lies_unchanged_under_its_content_with_a_receipt(lake, tmp_path):
    path = write(tmp_path, HEADER + ROW + "\n" + ROW)
    receipt, is_new = landing.accept(lake.landing, path)
    assert is_new
    assert lake.landing.file(receipt).read_bytes() == path.read_bytes()
    assert (receipt.number, receipt.kind, receipt.name, receipt.lines) == (1, "events", "events.csv", 2)
    assert lake.landing.receipts() == [receipt]


def test_the_same_content_lands_once_whatever_its_name(lake, tmp_path):
    first, _ = landing.accept(lake.landing, write(tmp_path, HEADER + ROW))
    again, is_new = landing.accept(lake.landing, write(tmp_path, HEADER + ROW, "renamed.csv"))
    assert (again, is_new) == (first, False)
    assert len(list((lake.landing.folder / "events").iterdir())) == 1


@pytest.mark.parametrize(
    "header",
    [
        "itemid,transactionid,event,timestamp,visitorid",
        "TimeStamp,VisitorID,Event,ItemID,TransactionID",
        "timestamp,visitorid,event,itemid,transactionid,campaign",
        "\ufefftimestamp,visitorid,event,itemid,transactionid\r",
        '"timestamp","visitorid","event","itemid","transactionid"',
    ],
)
def test_a_file_is_known_by_the_names_in_its_header(lake, tmp_path, header):
    receipt, _ = landing.accept(lake.landing, write(tmp_path, header + "\n"))
    assert receipt.kind == "events"


def zipped(text: str, folder: Path) -> bytes:
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        archive.writestr("events.csv", text)
    return (folder / "x.zip").read_bytes()


REFUSALS = {
    "empty": ("", "is empty."),
    "no header": ("\n" + ROW, "begins with an empty line."),
    "zip": (zipped, "is a zip archive (or an Excel workbook), not plain CSV."),
    "gzip": (gzip.compress(HEADER.encode()), "is gzip-compressed, not plain CSV."),
    "parquet": (b"PAR1....", "is a Parquet file, not plain CSV."),
    "UTF-16": (HEADER.encode("utf-16"), "is UTF-16 text, not plain CSV."),
    "not UTF-8": (HEADER.encode() + ROW.encode() + b"1,2,vi\xffew,3,\n", "is not UTF-8 in line 3."),
    "NUL": (HEADER.encode() + b"1,2,vi\0ew,3,\n", "holds a NUL byte in line 2."),
    "semicolons": (HEADER.replace(",", ";"), "is separated by semicolons, not commas."),
    "tabs": (HEADER.replace(",", "\t"), "is separated by tabs, not commas."),
    "doubled column": ("timestamp,event,event\n", "names the column event twice."),
    "unclosed quote": (HEADER + ROW + '1,"2,view,3,\n', "opens a quote in line 3 that the line does not close."),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_no_plain_csv_is_refused_in_one_sentence_and_leaves_nothing(lake, tmp_path, case):
    content, message = REFUSALS[case]
    path = write(tmp_path, content(HEADER, tmp_path) if callable(content) else content)
    with pytest.raises(LakehouseError) as raised:
        landing.accept(lake.landing, path)
    assert raised.value.message == f"events.csv {message}"
    assert raised.value.code == Exit.REFUSED
    assert not [each for each in lake.landing.folder.rglob("*") if each.is_file() and each.name != ".lock"]


def test_a_header_of_no_known_kind_is_refused_with_those_that_are(lake, tmp_path):
    with pytest.raises(LakehouseError) as raised:
        landing.accept(lake.landing, write(tmp_path, "timestamp,visitor,event,item\n"))
    assert raised.value.message == "events.csv has the header timestamp,visitor,event,item, which is of no known kind."
    assert "events: timestamp,visitorid,event,itemid,transactionid" in raised.value.remedy


def test_a_missing_file_is_a_matter_of_usage(lake, tmp_path):
    with pytest.raises(LakehouseError) as raised:
        landing.accept(lake.landing, tmp_path / "nope.csv")
    assert raised.value.code == Exit.USAGE


def test_receipts_are_numbered_in_the_order_of_arrival_over_all_kinds(lake, tmp_path):
    landing.accept(lake.landing, write(tmp_path, HEADER + ROW))
    landing.accept(lake.landing, write(tmp_path, "categoryid,parentid\n1,\n"))
    landing.accept(lake.landing, write(tmp_path, HEADER + ROW + ROW))
    assert [(each.number, each.kind) for each in lake.landing.receipts()] == [
        (1, "events"),
        (2, "category_tree"),
        (3, "events"),
    ]
    assert json.loads((lake.landing.folder / "receipts" / "00000003.json").read_text())["lines"] == 2
