import json
import resource
from contextlib import contextmanager

import pytest

from bronze import landing
from lakehouse.errors import Exit, LakehouseError
from lakehouse.landing.receipts import with_checksum

from .conftest import HEADER, ROW, write


def files(lake) -> list[str]:
    """What lies in the landing folder, but the lock and the index."""
    folder, own = lake.landing.folder, (".lock", ".index")
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name not in own)


def test_a_landed_file_lies_unchanged_under_its_content_with_a_receipt(lake, tmp_path):
    path = write(tmp_path, "\ufeff" + (HEADER + ROW + "\n" + ROW).replace("\n", "\r\n"))
    receipt, is_new = landing.accept(lake.landing, path)
    assert is_new
    assert lake.landing.file(receipt).read_bytes() == path.read_bytes()
    assert (receipt.number, receipt.kind, receipt.name, receipt.lines) == (1, "events", "events.csv", 2)
    assert (receipt.header, receipt.size) == (HEADER.strip(), path.stat().st_size)
    assert lake.landing.receipts() == [receipt]


def test_the_same_file_lands_once(lake, land):
    assert land(HEADER + ROW) == land(HEADER + ROW)
    assert len(files(lake)) == 2


def test_the_same_content_lands_once_whatever_its_name(lake, tmp_path):
    first, _ = landing.accept(lake.landing, write(tmp_path, HEADER + ROW))
    again, is_new = landing.accept(lake.landing, write(tmp_path, HEADER + ROW, "renamed.csv"))
    assert (again, is_new) == (first, False)
    assert len(files(lake)) == 2


def test_a_file_of_a_header_alone_lands_with_no_row(land):
    assert land(HEADER).lines == 0
    assert land(HEADER.strip()).lines == 0


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("..\\..\\receipts\\00000002.json", "..\\..\\receipts\\00000002.json"),
        ("..%2f..%2fetc%2fpasswd", "..%2f..%2fetc%2fpasswd"),
        ("$(touch owned);`touch owned`.csv", "$(touch owned);`touch owned`.csv"),
        ("-rf", "-rf"),
        ("*?[a]{b}.csv", "*?[a]{b}.csv"),
        ("Ereignisse für März.csv", "Ereignisse für März.csv"),
        ("two\nlines\x1b[2J.csv", "two\ufffdlines\ufffd[2J.csv"),
        ("\u202evsc.stneve", "\ufffdvsc.stneve"),
        ("not\udcff UTF-8.csv", "not\ufffd UTF-8.csv"),
        ("x" * 255, "x" * 255),
    ],
)
def test_a_files_own_name_is_never_a_path_and_always_printable(lake, tmp_path, land, name, kept):
    receipt = land(HEADER + ROW, name)
    assert files(lake) == [f"events/{receipt.sha256}.csv", "receipts/00000001.json"]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [name]
    assert receipt.name == kept


def test_a_way_through_other_folders_is_no_part_of_a_name(lake, tmp_path):
    (tmp_path / "a").mkdir()
    write(tmp_path, HEADER)
    receipt, _ = landing.accept(lake.landing, tmp_path / "a" / ".." / "events.csv")
    assert receipt.name == "events.csv"


@pytest.mark.parametrize("name", ["nope.csv", ".", "nope\n.csv", "nope\0.csv"])
def test_a_missing_file_is_a_matter_of_usage(lake, tmp_path, name):
    with pytest.raises(LakehouseError, match=r"is not a file\.") as raised:
        landing.accept(lake.landing, tmp_path / name)
    assert raised.value.code == Exit.USAGE
    assert not files(lake)


def test_receipts_are_numbered_in_the_order_of_arrival_over_all_kinds(lake, land):
    land(HEADER + ROW)
    land("categoryid,parentid\n1,\n")
    land(HEADER + ROW + ROW)
    assert [(each.number, each.kind) for each in lake.landing.receipts()] == [
        (1, "events"),
        (2, "category_tree"),
        (3, "events"),
    ]
    assert json.loads((lake.landing.folder / "receipts" / "00000003.json").read_text())["lines"] == 2


@contextmanager
def room_for(size: int):
    """Let no file grow beyond a size, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_for_which_the_disk_has_no_room_leaves_nothing(lake, tmp_path):
    path = write(tmp_path, HEADER + ROW * 1000)
    with room_for(path.stat().st_size // 2), pytest.raises(LakehouseError) as raised:
        landing.accept(lake.landing, path)
    assert raised.value.message.startswith("events.csv did not land: ")
    assert raised.value.code == Exit.ENVIRONMENT
    assert not files(lake)


def test_a_changed_landed_file_is_put_right_by_landing_its_content_again(lake, land):
    receipt = land(HEADER + ROW)
    lake.landing.file(receipt).write_text(HEADER + ROW.replace("7", "8"))
    assert land(HEADER + ROW) == receipt
    assert lake.landing.file(receipt).read_text() == HEADER + ROW
    lake.landing.verify(receipt)


def test_content_that_was_rewritten_on_purpose_does_not_come_back(lake, tmp_path, land):
    receipt = land(HEADER + ROW + ROW)
    rewritten = with_checksum(receipt, write(tmp_path, HEADER + ROW, "rewritten.csv"))
    with lake.landing.exclusive():
        lake.landing.add(rewritten)
        lake.landing.place(tmp_path / "rewritten.csv", rewritten)
    assert land(HEADER + ROW + ROW) == rewritten
    assert lake.landing.file(receipt).read_text() == HEADER + ROW
