"""Every hazard of a CSV file through the route of uploads: refused with its sentence, or set aside row by row."""

import csv
import gzip
import io
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psutil
import pytest

from lakehouse.lake import open_lake

from .conftest import start
from .test_datasets import EVENTS, HEADER, HERE, app, build, client, mine, send, site  # noqa: F401

GOOD = "1433221332117,1,view,5,\n"
FIRST = f"{HEADER}\n{GOOD}"

# What is refused at once: content, and what is said of it.
REFUSED = {
    "a zip archive": (b"PK\x03\x04" + b"\0" * 60, "events.csv is a zip archive, not plain CSV."),
    "a workbook": (b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml" + b"\0" * 60, "is an Excel workbook"),
    "gzip": (gzip.compress(FIRST.encode()), "is gzip-compressed, not plain CSV."),
    "Parquet": (b"PAR1" + b"\0" * 60, "is a Parquet file, not plain CSV."),
    "UTF-16": (FIRST.encode("utf-16"), "is UTF-16 text, not plain CSV."),
    "UTF-16 without its mark": (FIRST.encode("utf-16-le"), "is UTF-16 text, not plain CSV."),
    "Latin-1": (FIRST.encode() + "1433221332117,1,vüew,5,\n".encode("latin-1"), "is not UTF-8 in line 3."),
    "semicolons": (FIRST.replace(",", ";").encode(), "is separated by semicolons, not commas."),
    "tabs": (FIRST.replace(",", "\t").encode(), "is separated by tabs, not commas."),
    "bars": (FIRST.replace(",", "|").encode(), "is separated by bars, not commas."),
    "a doubled column": (FIRST.replace("itemid", "event").encode(), "names the column event twice."),
    "no header": (GOOD.encode() * 3, "has no header: line 1 holds values."),
    "an empty first line": (b"\n" + FIRST.encode(), "begins with an empty line."),
    "a NUL byte": (FIRST.encode() + b"1433221332117,1,vi\0ew,5,\n", "holds a NUL byte in line 3."),
    "a carriage return": (FIRST.encode() + b"1433221332117,1,vi\rew,5,\n", "holds a carriage return within line 3."),
    "an endless line": (FIRST.encode() + b"x" * 70_000, "holds more than 64 KB in line 3."),
    "an endless first line": (b"x" * 70_000, "holds more than 64 KB in line 1."),
    "a field over two lines": (FIRST.encode() + b'1433221332117,1,"vi\new",5,\n', "opens a quote in line 3"),
    "a long value": (FIRST.encode() + b"1433221332117," + b"1" * 1_001 + b",view,5,\n", "1,001 characters in line 3."),
    "seconds": (f"{HEADER}\n{'1433221332,1,view,5,' + chr(10)}".encode() * 1, "its timestamps in seconds"),
    "microseconds": (f"{HEADER}\n1433221332117000,1,view,5,\n".encode(), "its timestamps in microseconds"),
    "seconds in a column of another name": (b"ts,user_id,action,sku,order_id\n1433221332,1,view,5,\n", "in seconds"),
    "nothing": (b"", "The file is empty, or came in part."),
}
# What comes in as it is: columns in any order and case, a byte order mark, CRLF, further columns.
HARMLESS = {
    "another order and case": "ItemId,EVENT,visitorid,Timestamp,transactionid\n5,view,1,1433221332117,\n",
    "a byte order mark": "\ufeff" + FIRST,
    "CRLF": FIRST.replace("\n", "\r\n"),
    "a further column": f"{HEADER},note\n{GOOD.strip()},x\n",
    "no last line end": FIRST.strip(),
}
# What is set aside: the row, and the rule that it breaks.
BAD_ROWS = {
    "soon,1,view,5,": "timestamp is",
    "1433221332117.5,1,view,5,": "timestamp is",
    "1e12,1,view,5,": "timestamp is",
    "99999999999999999999,1,view,5,": "timestamp is",
    "946684799999,1,view,5,": "timestamp is after 2000",
    "99433221332117,1,view,5,": "not a day ahead",
    "1433221332117,x,view,5,": "visitor",
    "1433221332117,+1,view,5,": "visitor",
    "1433221332117,-1,view,5,": "no id is negative",
    "1433221332117,,view,5,": "visitor",
    "1433221332117,1,look,5,": "event is known",
    "1433221332117,1,view,1.5,": "item",
    "1433221332117,1,transaction,5,": "transaction",
    "1433221332117,1,view,5,7": "transaction",
}


@pytest.mark.parametrize("hazard", REFUSED)
def test_a_file_that_would_be_read_wrongly_is_refused_with_its_sentence_and_nothing_is_left(client, site, hazard):  # noqa: F811
    content, sentence = REFUSED[hazard]
    answer = send(client, content, status=409 if content else 400)
    assert sentence in answer["title"]
    assert answer["remedy"]
    assert list(site.datasets.root.iterdir()) == []


@pytest.mark.parametrize("form", HARMLESS)
def test_a_file_that_only_looks_otherwise_comes_in(client, form):  # noqa: F811
    (file,) = send(client, HARMLESS[form])["files"]
    assert file["kind"] == "events"


def test_a_file_that_is_refused_leaves_the_dataset_it_was_meant_for_as_it_was(client, site):  # noqa: F811
    dataset = send(client, EVENTS)
    send(client, REFUSED["a NUL byte"][0], dataset=dataset["id"], status=409)
    assert [each["files"] for each in mine(client)] == [dataset["files"]]
    assert [path.name for path in (site.datasets.root / dataset["id"] / "files").iterdir()] == ["1.csv"]


def test_rows_that_break_a_rule_are_set_aside_with_it_and_the_others_count(client, site):  # noqa: F811
    bad = "".join(f"{row}\n" for row in BAD_ROWS)
    more = "".join(f"{1433221332117 + each * 1000},{each},view,5,\n" for each in range(200))
    done = build(client, site, send(client, f"{HEADER}\n{more}{GOOD}{GOOD}{bad}"))
    assert (done["state"], done["result"]["rows"], done["result"]["rejected"]) == ("ready", 201, len(BAD_ROWS)), done
    text = client.get(f"/api/v1/datasets/{done['id']}/rejected.csv", headers=HERE).text
    rules = {row["line"].lstrip("'"): row["rules"] for row in csv.DictReader(io.StringIO(text))}
    assert rules.keys() == BAD_ROWS.keys()
    assert {row: rule for row, rule in BAD_ROWS.items() if rule not in rules[row]} == {}


def test_whole_numbers_as_pandas_writes_them_build_to_the_same_tables(client, site):  # noqa: F811
    ids = {"2": "17", "9": "18"}
    rows = [
        [str(1433221332117 + each * 60_000), str(each % 4), "transaction" if str(each) in ids else "view", "5"]
        for each in range(40)
    ]

    def numbers(form: str) -> list:
        lines = [
            ",".join([*row, form.format(ids[str(place)]) if str(place) in ids else ""])
            for place, row in enumerate(rows)
        ]
        done = build(client, site, send(client, "\n".join([HEADER, *lines, ""])))
        assert (done["state"], done["result"]["rejected"]) == ("ready", 0), done
        lake = open_lake(site.lakes[done["id"]].settings)
        return [
            sorted(map(str, lake.store.arrow(name, columns=columns).to_pylist()))
            for name, columns in (
                ("silver.events", ["visitor_id", "event_type", "transaction_id"]),
                ("gold.daily_kpis", None),
            )
        ]

    assert numbers("{}.0") == numbers("{}")


def test_a_body_that_is_shorter_than_announced_is_refused_and_nothing_is_left(client, site):  # noqa: F811
    answer = client.post(
        "/api/v1/datasets/files?name=a.csv",
        input_stream=io.BytesIO(EVENTS.encode()),
        headers=HERE,
        environ_overrides={"CONTENT_LENGTH": str(len(EVENTS) + 100)},
    )
    assert (answer.status_code, "came in part" in answer.json["title"]) == (400, True)
    assert list(site.datasets.root.iterdir()) == []


def test_two_files_at_once_both_come_into_their_dataset(app, client):  # noqa: F811
    dataset = send(client, EVENTS)
    (cookie,) = [each for each in client._cookies.values() if each.key == "owner"]

    def upload(number: int) -> int:
        other = app.test_client()
        other.set_cookie("owner", cookie.value, domain="localhost")
        return send(other, f"categoryid,parentid\n{number},\n", f"tree{number}.csv", dataset["id"])["files"][-1]["size"]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upload, range(8)))
    (found,) = mine(client)
    assert sorted(each["number"] for each in found["files"]) == list(range(1, 10))
    assert {each["name"] for each in found["files"]} == {"events.csv", *(f"tree{number}.csv" for number in range(8))}


# Over the wire: a real server, whose memory is looked at.

MEGABYTES = 256
MOST_GROWN = 100 << 20


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A site over an empty lake: its process, its port, its folder of datasets, and where bodies pass."""
    folder = tmp_path_factory.mktemp("sent")
    (folder / "passing").mkdir()
    process, address = start(folder / "lake", TMPDIR=str(folder / "passing"))
    yield process, urlsplit(address).port, folder / "lake" / "datasets", folder / "passing"
    process.terminate()
    process.wait(timeout=10)


def head(port: int, length: int) -> bytes:
    return (
        f"POST /api/v1/datasets/files?name=large.csv HTTP/1.1\r\nHost: localhost:{port}\r\n"
        f"Origin: http://localhost:{port}\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def test_a_large_file_passes_through_without_being_held_in_memory(served):
    process, port, datasets, passing = served
    piece = (GOOD * (1 + (1 << 20) // len(GOOD))).encode()
    watched = psutil.Process(process.pid)
    before = most = watched.memory_info().rss
    with socket.create_connection(("localhost", port), timeout=300) as sending:
        sending.sendall(head(port, len(HEADER) + 1 + MEGABYTES * len(piece)) + f"{HEADER}\n".encode())
        for _ in range(MEGABYTES):
            sending.sendall(piece)
            most = max(most, watched.memory_info().rss)
        sending.setblocking(False)
        answer = b""
        while not answer:
            most = max(most, watched.memory_info().rss)
            try:
                answer = sending.recv(1 << 16)
            except BlockingIOError:
                time.sleep(0.02)
    assert answer.startswith(b"HTTP/1.1 201"), answer[:300]
    assert most - before < MOST_GROWN
    assert sum(path.stat().st_size for path in datasets.glob("*/files/*.csv")) > MEGABYTES << 20
    assert [path for path in passing.iterdir() if path.is_file()] == []


def test_a_connection_that_breaks_off_in_the_middle_leaves_nothing(served):
    process, port, datasets, passing = served
    before = {path.name for path in datasets.iterdir()} if datasets.is_dir() else set()
    with socket.create_connection(("localhost", port), timeout=60) as sending:
        sending.sendall(head(port, 50 << 20) + f"{HEADER}\n".encode() + GOOD.encode() * 100_000)
    files = psutil.Process(process.pid).open_files
    end = time.monotonic() + 30
    while any(str(passing) in each.path for each in files()) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(str(passing) in each.path for each in files())
    assert ({path.name for path in datasets.iterdir()} if datasets.is_dir() else set()) == before
    assert [name for name in os.listdir(passing) if not os.path.isdir(passing / name)] == []
