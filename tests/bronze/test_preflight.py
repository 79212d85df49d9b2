import pytest

from lakehouse.landing import preflight

from .conftest import HEADER, ROW

MILLISECONDS, SECONDS, MICROSECONDS = "1433152800000", "1433152800", "1433152800000000"
PROPERTIES = "timestamp,itemid,property,value\n"


@pytest.fixture(params=[24, preflight.PIECE], ids=["read line by line", "read at once"], autouse=True)
def piece(request, monkeypatch):
    """What is found, and in which line, may not depend on the pieces in which a file is read."""
    monkeypatch.setattr(preflight, "PIECE", request.param)


LINES = {
    "not UTF-8": (b"1433152800000,1,vi\xffew,7,\n", "is not UTF-8 in line 4."),
    "Latin-1": ("1433152800000,1,vüew,7,\n".encode("latin-1"), "is not UTF-8 in line 4."),
    "cut UTF-8": (b"1433152800000,1,view\xc3\n", "is not UTF-8 in line 4."),
    "NUL": (b"1433152800000,1,vi\0ew,7,\n", "holds a NUL byte in line 4."),
    "carriage return": (b"1433152800000,1,view\r,7,\n", "holds a carriage return within line 4."),
    "carriage return at the end": (b"1433152800000,1,view,7,\r", "holds a carriage return within line 4."),
    "unclosed quote": (b'1433152800000,"1,view,7,\n', "opens a quote in line 4 that the line does not close."),
    "field over two lines": (
        b'1433152800000,1,"vi\new",7,\n',
        "opens a quote in line 4 that the line does not close.",
    ),
    "long line": (b"x" * 65_537 + b"\n", "holds more than 64 KB in line 4."),
    "long line that is cut within a letter": (b"1," + "ü".encode() * 70_000, "holds more than 64 KB in line 4."),
    "long field": (
        b"1433152800000," + b"1" * 1001 + b",view,7,\n",
        "fills the column visitorid with 1,001 characters in line 4.",
    ),
    "long quoted field": (
        b'1433152800000,1,"vi,ew' + b"x" * 1000 + b'",7,\n',
        "fills the column event with 1,005 characters in line 4.",
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_a_line_that_cannot_be_read_is_refused_with_its_number(refusal, case):
    line, sentence = LINES[case]
    assert refusal((HEADER + ROW + "\n").encode() + line + ROW.encode()) == sentence


def test_nothing_of_a_refused_file_stays(lake, refusal):
    refusal(HEADER + ROW + "\0\n")
    assert [path.name for path in lake.landing.folder.rglob("*") if path.is_file()] == [".lock"]


ROWS = {
    "CRLF": (ROW.replace("\n", "\r\n"), 1),
    "no line end": (ROW.strip(), 1),
    "nothing": ("", 0),
    "blank lines": (f"\n{ROW}  \n\n{ROW}\n", 2),
    "blank lines, CRLF": (f"\r\n{ROW}  \r\n\r\n", 1),
    "a tab is not blank": (f"\t\n{ROW}", 2),
    "header again": (ROW + HEADER + ROW, 2),
    "header again, CRLF": (ROW + HEADER.replace("\n", "\r\n") + ROW, 2),
    "header again, at the end": (ROW + HEADER.strip(), 1),
    "header within a row": (ROW + "x" + HEADER, 2),
    "malformed": (ROW + "1,2\n", 2),
    "letters of several bytes": ("1433152800000,1,vüew\u2028\x85,7,\n", 1),
    "quoted": ('"1433152800000","1","vi""ew","7",""\n', 1),
    "line of 64 KB": ("x" * 65_536 + "\n", 1),
    "field of 1,000 letters": ("1433152800000,1," + "ü" * 1000 + ",7,\n", 1),
    "many columns": ("1433152800000,1,view,7," + "x," * 2000 + "\n", 1),
}


@pytest.mark.parametrize("case", ROWS)
def test_what_can_be_read_lands_and_its_rows_are_counted(land, case):
    content, rows = ROWS[case]
    assert land(HEADER + content).lines == rows


def test_a_column_beyond_the_contract_and_a_value_of_no_type_may_be_long(land):
    assert land(HEADER.replace("\n", ",note\n") + ROW.replace("\n", f",{'x' * 1001}\n")).lines == 1
    assert land(PROPERTIES + f"{MILLISECONDS},7,888,{'x' * 1001}\n").lines == 1


def test_a_quote_in_the_header_or_a_row_is_noted(land):
    assert not land(HEADER + ROW).has_quotes
    assert land(HEADER + ROW + '1433152800000,1,"view",7,\n').has_quotes
    assert land(HEADER.replace("event", '"event"') + ROW).has_quotes


IN_SECONDS = "gives its timestamps in seconds, not milliseconds."
UNITS = {
    "seconds": (HEADER + ROW.replace(MILLISECONDS, SECONDS), IN_SECONDS),
    "seconds before 2001": (HEADER + ROW.replace(MILLISECONDS, "946684800"), IN_SECONDS),
    "microseconds": (
        HEADER + ROW.replace(MILLISECONDS, MICROSECONDS),
        "gives its timestamps in microseconds, not milliseconds.",
    ),
    "nanoseconds": (
        HEADER + ROW.replace(MILLISECONDS, f"{MICROSECONDS}000"),
        "gives its timestamps in nanoseconds, not milliseconds.",
    ),
    "properties": (PROPERTIES + f"{SECONDS},7,790,n5.000\n", IN_SECONDS),
    "last column": (f"visitorid,event,itemid,transactionid,timestamp\n1,view,7,,{SECONDS}\n", IN_SECONDS),
    "last column, no line end": (f"visitorid,event,itemid,transactionid,timestamp\n1,view,7,,{SECONDS}", IN_SECONDS),
    "last column, CRLF": (f"visitorid,event,itemid,transactionid,timestamp\r\n1,view,7,,{SECONDS}\r\n", IN_SECONDS),
    "a column in the middle": (f"visitorid,event,timestamp,itemid,transactionid\n1,view,{SECONDS},7,\n", IN_SECONDS),
    "behind a space": (f"visitorid,event,timestamp,itemid,transactionid\n1, view, {SECONDS} , 7, \n", IN_SECONDS),
    "quoted": (HEADER + f'"{SECONDS}","1","view","7",""\n', IN_SECONDS),
    "behind a quoted comma": (
        f'event,timestamp,visitorid,itemid,transactionid\n"vi,ew",{SECONDS},1,7,\n',
        IN_SECONDS,
    ),
    "behind a quote within a field": (
        f'event,timestamp,visitorid,itemid,transactionid\nv"ew,{SECONDS},1,7,"x\n',
        IN_SECONDS,
    ),
    "behind a quote within the first field": (
        f'event,timestamp,visitorid,itemid,transactionid\nv"ew,{SECONDS},1,7,x"\n',
        IN_SECONDS,
    ),
    "behind a doubled quote and a comma": (
        f'event,timestamp,visitorid,itemid,transactionid\n"vi"",ew",{SECONDS},1,7,\n',
        IN_SECONDS,
    ),
    "behind a quoted comma behind a space": (
        f'event,timestamp,visitorid,itemid,transactionid\n "vi""e,w", {SECONDS} ,1,7,\n',
        IN_SECONDS,
    ),
    "whole, as pandas writes it": (HEADER + f"{SECONDS}.0,1,view,7,\n", IN_SECONDS),
    "whole and quoted, behind a space": (HEADER + f'"{SECONDS}.0", "1",view,7,\n', IN_SECONDS),
    "with blank lines and the header again": (
        HEADER + "\n" + (f"{SECONDS},1,view,7,\n" + HEADER) * 3,
        IN_SECONDS,
    ),
    "one row of 101 is right": (HEADER + f"{SECONDS},1,view,7,\n" * 100 + ROW, IN_SECONDS),
}


@pytest.mark.parametrize("case", UNITS)
def test_a_file_whose_timestamps_are_in_another_unit_is_refused_and_told_in_which(refusal, case):
    content, sentence = UNITS[case]
    assert refusal(content) == sentence


RIGHT = {
    "no row": HEADER,
    "only blank lines": HEADER + "\n\n",
    "milliseconds": HEADER + ROW,
    "milliseconds before 2001": HEADER + ROW.replace(MILLISECONDS, "946684800000"),
    "milliseconds, as pandas writes them": HEADER + ROW.replace(MILLISECONDS, f"{MILLISECONDS}.0"),
    "one of two rows, with a quote within a field, is right": HEADER + f'{SECONDS},1,v"ie"w,7,\n' + ROW,
    "seconds in a quoted field of another column": HEADER + f'{MILLISECONDS},"1,{SECONDS}",v"iew,{SECONDS},"\n',
    "one row of 100 is right": HEADER + f"{SECONDS},1,view,7,\n" * 99 + ROW,
    "two units": HEADER + f"{SECONDS},1,view,7,\n{MICROSECONDS},1,view,7,\n",
    "a date of ten characters": HEADER + "2015-06-01,1,view,7,\n",
    "seconds elsewhere": HEADER + f"{MILLISECONDS},{SECONDS},view,{SECONDS},\n",
    "malformed rows": HEADER + "x\n1,2\n,\n",
    "timestamp of no row": "itemid,visitorid,event,transactionid,timestamp\n" + "1433152800\n,,,\n",
    "a kind without timestamps": "categoryid,parentid\n1433152800,1433152800\n",
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_file_with_a_hundredth_of_its_timestamps_in_milliseconds_or_anything_else_lands(land, case):
    assert land(RIGHT[case])
