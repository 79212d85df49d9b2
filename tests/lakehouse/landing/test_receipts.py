import json
import os
import shutil

import pytest

from bronze import landing
from lakehouse.errors import Exit, LakehouseError
from lakehouse.landing.receipts import Landing, with_checksum

from ...conftest import settings_of

HEADER = "timestamp,visitorid,event,itemid,transactionid\n"


@pytest.fixture
def three(lake, tmp_path) -> Landing:
    """A landing folder with three files."""
    for visitor in (1, 2, 3):
        (tmp_path / f"{visitor}.csv").write_text(f"{HEADER}1433152800000,{visitor},view,7,\n")
        landing.accept(lake.landing, tmp_path / f"{visitor}.csv")
    return lake.landing


def refused(call) -> LakehouseError:
    with pytest.raises(LakehouseError) as raised:
        call()
    assert raised.value.code == Exit.REFUSED
    return raised.value


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_lost_receipt_is_named_with_the_mend_be_it_the_last(three, number):
    path = three.folder / "receipts" / f"0000000{number}.json"
    path.unlink()
    error = refused(three.receipts)
    assert error.message == f"The receipt {path} is missing."
    assert error.remedy.endswith(f"LAKEHOUSE_LAKE=dir lakehouse land {three.folder}/*/*.csv")


def test_no_file_lands_under_the_number_of_a_lost_receipt(three, tmp_path):
    (three.folder / "receipts" / "00000003.json").unlink()
    (tmp_path / "4.csv").write_text(HEADER)
    refused(lambda: landing.accept(three, tmp_path / "4.csv"))
    assert sorted(path.name for path in (three.folder / "receipts").iterdir()) == ["00000001.json", "00000002.json"]


DAMAGES = {
    "cut in half": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "no UTF-8": lambda text: b"\xff".decode("latin-1"),
    "of another number": lambda text: text.replace('"number": 2', '"number": 1'),
    "without an entry": lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != "size"}),
    "no object": lambda text: "[]",
    "a kind that is a path": lambda text: text.replace('"events"', '"../../etc"'),
    "a digest that is a path": lambda text: json.dumps(json.loads(text) | {"sha256": "../../etc/passwd"}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_receipt_is_named_with_the_mend(three, damage):
    path = three.folder / "receipts" / "00000002.json"
    path.write_bytes(DAMAGES[damage](path.read_text()).encode("latin-1"))
    error = refused(three.receipts)
    assert error.message == f"The receipt {path} is damaged."
    assert "put it back from a copy of the lake" in error.remedy


def test_the_mend_for_a_lost_receipt_lands_every_file_in_a_new_lake(three, tmp_path):
    (three.folder / "receipts" / "00000002.json").unlink()
    anew = Landing(settings_of(tmp_path / "anew"))
    for path in three.folder.glob("*/*.csv"):
        landing.accept(anew, path)
    assert len(anew.receipts()) == 3


def test_only_receipts_above_a_number_are_looked_at_when_asked_for(three):
    (three.folder / "receipts" / "00000001.json").unlink()
    assert [each.number for each in three.receipts(after=1)] == [2, 3]


def test_a_lake_whose_lock_was_removed_goes_on_with_the_next_number(three, tmp_path):
    (three.folder / ".lock").unlink()
    (tmp_path / "4.csv").write_text(HEADER)
    assert landing.accept(three, tmp_path / "4.csv")[0].number == 4


def test_a_stray_file_among_the_receipts_is_none(three):
    shutil.copy(three.folder / "receipts" / "00000001.json", three.folder / "receipts" / "00000001 (copy).json")
    assert len(three.receipts()) == 3


CHANGES = {
    "another size": lambda text: text + "1433152800000,9,view,7,\n",
    "same size": lambda text: text.replace("view,7", "view,8"),
    "cut": lambda text: text[:-1],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_landed_file_that_was_changed_is_named_with_the_mend(three, change):
    receipt = three.receipts()[1]
    path = three.file(receipt)
    path.write_text(CHANGES[change](path.read_text()))
    error = refused(lambda: three.verify(receipt))
    assert error.message == f"The landed file {path} was changed after it came in as 2.csv, receipt 1."
    assert error.remedy == "land the same content again, that puts it right: lakehouse land 2.csv"


def test_a_landed_file_that_is_missing_is_named_with_the_mend(three):
    receipt = three.receipts()[1]
    three.file(receipt).unlink()
    assert refused(lambda: three.verify(receipt)).message == f"The landed file {three.file(receipt)} is missing."


def test_landed_files_of_a_copied_lake_are_what_came_in(three, tmp_path):
    shutil.copytree(three.folder, tmp_path / "copy" / "landing", copy_function=shutil.copyfile)
    copy = Landing(settings_of(tmp_path / "copy"))
    for receipt in copy.receipts():
        os.utime(copy.file(receipt), ns=(0, 0))
        copy.verify(receipt)


def test_a_landed_file_that_was_rewritten_on_purpose_is_what_its_receipt_says(three, tmp_path):
    receipt = three.receipts()[1]
    (tmp_path / "rewritten.csv").write_text(HEADER)
    rewritten = with_checksum(receipt, tmp_path / "rewritten.csv")
    with three.exclusive():
        three.add(rewritten)
        three.place(tmp_path / "rewritten.csv", rewritten)
    assert three.receipts()[1] == rewritten
    os.utime(three.file(receipt), ns=(0, 0))
    three.verify(rewritten)
