"""Refused rows come out as they were landed, byte for byte, to be mended and landed again; files are told apart."""

import tracemalloc

import pytest

from bronze import landing
from lakehouse.lake import Lake
from lakehouse.landing.lines import Row
from lakehouse.quarantine import delivered, review, selection

from ..conftest import EVENTS, NOON

WITH_NOTE = f"{EVENTS},note"


@pytest.fixture
def land_bytes(lake, tmp_path):
    """Land a file as it is; its folder keeps files of one name apart."""

    def file(name: str, content: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode())
        landing.accept(lake.landing, path)

    return file


@pytest.fixture(autouse=True)
def any_share(spark, monkeypatch):
    """However many rows are refused, a run goes on."""
    monkeypatch.setenv("LAKEHOUSE_RUN__MAX_REFUSED_SHARE", "1.0")


FILES = {
    "quoted further columns": (
        f"{EVENTS},city,note",
        ['xyz,61,view,601,,"Bergen, NO",first', 'x,"62",view,601,,Turin,"he said ""yes"""', 'x,63,view,601,,"",'],
    ),
    "two unnamed columns": (
        f",{','.join(EVENTS.split(','))},",
        ["7,xyz,71,view,601,,left", '8,x,71,view,601,,"le,ft"'],
    ),
    "two unnamed columns, no quote": (f",{EVENTS},", ["7,xyz,71,view,601,,left", "9,x,71,view,601,,"]),
    "spaces before quotes": (WITH_NOTE, ['x, 1, view, 7, , "a, b"', 'x,"1", "view",7,,  "a"', 'x,1,view,7,,a "b"']),
    "malformed": (EVENTS, ["1,2,3", '"1,2",3', "x", '1,2,"view",3,4,5,"6"', "  a b  "]),
    "another order of columns": (
        "note,itemid,Timestamp,event,visitorid,transactionid",
        ['"a,b",7,x,view,1,', "c,7,x,view,1,", ",7,x,view,1,"],
    ),
    "quotes in the header": (f'"note, old",{EVENTS}', ["a,x,1,view,7,", '"a",x,1,view,7,']),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("case", FILES)
def test_refused_lines_are_printed_byte_for_byte_below_their_header(call, land_bytes, case, end):
    header, lines = FILES[case]
    land_bytes("a.csv", end.join([header, *lines, header, ""]))
    assert call("run", "+silver.events").code == 0
    first, *printed = call("quarantine", "show", "silver.events", "--csv").out.split("\n")[:-1]
    assert (first, sorted(printed)) == (header, sorted(lines))
    shown = call("quarantine", "show", "silver.events", "--rows", "99", "--json").json
    assert sorted(each["line"] for each in shown) == sorted(lines)


def test_lines_that_say_the_same_in_other_bytes_are_all_printed(call, land_bytes):
    lines = ['x,"1",view,7,,a', "x,1,view,7,,a", 'x,1,view,7,,"a"', "x,1,view,7,,a"]
    land_bytes("a.csv", "\n".join([WITH_NOTE, *lines, f"{NOON},1,view,7,,a"]))
    assert call("run", "+silver.events").code == 0
    assert sorted(call("quarantine", "show", "silver.events", "--csv").out.splitlines()[1:]) == sorted(lines)


def test_what_was_printed_can_be_mended_and_landed_again(call, land_bytes, lake):
    land_bytes("a.csv", f'{WITH_NOTE}\nx,1,view,7,,"a, ""b"""\n{NOON},2,view,7,,\n')
    assert call("run", "+silver.events").code == 0
    printed = call("quarantine", "show", "silver.events", "--csv").out
    land_bytes("mended.csv", printed.replace("x,1", f"{NOON},1"))
    assert call("run", "+silver.events").code == 0
    assert lake.store.rows("silver.events") == 2
    assert 'a, "b"' in lake.store.arrow("bronze.events")["_rest"].to_pylist()


@pytest.fixture
def two_of_one_name(call, land_bytes) -> None:
    land_bytes("monday/events.csv", f"{EVENTS}\n{NOON},1,view,7,\n")
    land_bytes("tuesday/events.csv", f"{WITH_NOTE}\n{NOON},2,view,7,,x\nx,2,vieww,7,,y\n")
    assert call("run", "+silver.events").code == 0


def test_of_files_of_one_name_the_one_with_refused_rows_is_meant(call, two_of_one_name):
    expected = f"{WITH_NOTE}\nx,2,vieww,7,,y\n"
    for which in ([], ["--file", "events.csv"], ["--file", "2"]):
        assert call("quarantine", "show", "silver.events", "--csv", *which).out == expected
    assert call("quarantine", "show", "silver.events", "--csv", "--file", "1").out == ""


def test_files_of_one_name_are_told_apart_by_their_receipts_numbers(call, land_bytes, two_of_one_name):
    land_bytes("wednesday/events.csv", f"{EVENTS}\n{NOON},3,view,7,\nx,3,view,7,\n")
    assert call("run", "+silver.events").code == 0
    for which in ([], ["--file", "events.csv"]):
        said = call("quarantine", "show", "silver.events", "--csv", *which)
        assert (said.code, said.out, "choose one: --file 2 or --file 3" in said.err) == (2, "", True)
    assert call("quarantine", "show", "silver.events", "--csv", "--file", "3").out == f"{EVENTS}\nx,3,view,7,\n"
    assert call("quarantine", "discard", "silver.events", "--file", "events.csv", "--apply").code == 2
    said = call("quarantine", "discard", "silver.events", "--file", "3", "--apply", "--json")
    assert [(each["number"], each["name"], each["rows"]) for each in said.json["discarded"]] == [(3, "events.csv", 1)]
    listed = call("quarantine", "ls", "--json").json
    assert [(each["number"], each["file"], each["rows"]) for each in listed] == [(2, "events.csv", 1)]
    told = {each["number"]: each["bad_lines"] for each in call("receipts", "events.csv", "--json").json}
    assert {number: [line["line"] for line in lines] for number, lines in told.items()} == {
        1: [],
        2: ["x,2,vieww,7,,y"],
        3: [],
    }


def test_a_landed_file_that_is_gone_leaves_lines_that_say_the_same(lake, call, land_bytes):
    land_bytes("a.csv", f'{WITH_NOTE}\nx, "1",view,7,,"a, b"\n{NOON},2,view,7,,\n')
    assert call("run", "+silver.events").code == 0
    lake.landing.file(lake.landing.receipts()[0]).unlink()
    assert call("quarantine", "show", "silver.events", "--csv").out.splitlines()[1:] == ['x,1,view,7,,"a, b"']


def test_rows_are_read_by_and_by(lake: Lake, call, land_bytes):
    land_bytes("a.csv", "\n".join([WITH_NOTE, *[f"x{n},1,view,7,,{'n' * 200}" for n in range(100_000)]]))
    assert call("run", "+silver.events").code == 3
    choice = selection.choose(lake, "silver.events")
    tracemalloc.start()
    assert len(list(review.rows(lake, choice, 10))) == 10
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20 << 20  # bytes of Python; all rows are more than 60 MB


def test_as_many_lines_come_out_as_rows_go_in_also_where_the_file_holds_fewer(lake, land_bytes):
    land_bytes("a.csv", f'{EVENTS}\n"x",1,view,7,\n')
    (receipt,) = lake.landing.receipts()
    rows = [Row(("x", "1", "view", "7", ""), None)] * 2
    found = delivered.lines_of(lake.landing.file(receipt), receipt, EVENTS.split(","), rows)
    assert found == ['"x",1,view,7,', "x,1,view,7,"]
