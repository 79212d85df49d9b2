"""No hostile query runs, every benign one gives its rows; real queries on a real worker."""

import random
import time
from pathlib import Path

import pytest

from app.sql import limits
from app.sql.process import Died, Stopped
from app.sql.text import Refused
from lakehouse import processes
from lakehouse.errors import Exit, LakehouseError

from .conftest import CANARY

HERE = Path(__file__).parent


def lines(name: str) -> list[tuple[str, str]]:
    """The lines of a list of queries: what is expected, and the query."""
    found = [line for line in (HERE / name).read_text().splitlines() if line and not line.startswith("#")]
    pairs = [line.split(" | ", 1) for line in found]
    return [(wanted, sql.encode("raw_unicode_escape").decode("unicode_escape")) for wanted, sql in pairs]


HOSTILE, BENIGN = lines("hostile.txt"), lines("benign.txt")


def verdict(desk, sql: str) -> str:
    """The rule that refuses a query, or what else became of it."""
    try:
        reply = desk.ask(sql.replace("LAKE", str(desk.settings.lake_path)))
    except Refused as refused:
        assert CANARY not in str(refused)
        return refused.rule
    except LakehouseError as failed:  # as where a fragment is a column that nobody has
        assert CANARY not in str(failed)
        return "failed"
    assert CANARY not in str(reply.rows.to_pydict()), sql
    return f"allowed: {reply.told}"


def test_every_hostile_query_is_refused_by_its_rule(desk):
    found = {sql: verdict(desk, sql) for _, sql in HOSTILE}
    assert len(found) > 130
    assert found == {sql: rule for rule, sql in HOSTILE}


def test_every_benign_query_gives_its_rows(desk):
    assert {sql: str(desk.ask(sql).rows.num_rows) for _, sql in BENIGN} == {sql: rows for rows, sql in BENIGN}


def test_rows_are_those_of_the_published_table(desk):
    rows = desk.ask("SELECT event, count(*) AS n FROM silver.events GROUP BY 1 ORDER BY n DESC, event").rows
    assert rows.to_pylist() == [
        {"event": "view", "n": 3},
        {"event": "addtocart", "n": 1},
        {"event": "transaction", "n": 1},
    ]


def test_a_fragment_of_a_hostile_query_anywhere_in_a_benign_one_never_gets_further(desk):
    chance = random.Random(18)
    fragments = [
        "reflect('java.lang.System', 'getenv', 'SECRET')",
        "(SELECT max(value) FROM text.`LAKE/secret.csv`)",
        "csv.`LAKE/secret.csv`",
        "_metadata.file_path",
        "input_file_name()",
        "${env:SECRET}",
        "; DROP TABLE events",
        "java_method('a', 'b') OVER w",
        "IDENTIFIER('gold.unpublished')",
        "events VERSION AS OF 0",
        "current_user",
    ]
    found = set()
    for _ in range(150):
        sql, fragment = chance.choice(BENIGN)[1], chance.choice(fragments)
        at = chance.choice([i for i, each in enumerate(sql) if each == " "])
        found.add(verdict(desk, f"{sql[:at]} {fragment} {sql[at:]}"))
    assert {"function", "relation", "substitution", "syntax"} <= found


def test_the_first_thousand_rows_are_given_and_that_there_are_more_is_told(desk):
    reply = desk.ask("SELECT * FROM range(1001)")
    assert (reply.rows.num_rows, reply.told["is_cut"]) == (1000, True)


def test_a_cell_that_is_too_long_fails_with_a_sentence(desk):
    doubled = "".join(f", concat(a{i}, a{i}) AS a{i + 1}" for i in range(12))
    with pytest.raises(LakehouseError, match="A cell of a12 has more than 10,000 characters") as failed:
        desk.ask(f"SELECT a12 FROM (SELECT 'four' AS a0{doubled})")
    assert failed.value.code == Exit.FAILED


def test_an_error_names_no_path_and_no_class(desk):
    with pytest.raises(LakehouseError) as failed:
        desk.ask("SELECT assert, 1 / 0 FROM events")
    assert "assert" in str(failed.value)
    assert not any(each in str(failed.value) for each in ("/", "org.apache", "at ", CANARY))


def test_a_query_whose_time_is_up_is_cancelled_and_the_worker_lives(desk, monkeypatch):
    desk.ask("SELECT 1")
    monkeypatch.setattr(limits, "SECONDS", 1.0)
    monkeypatch.setattr(limits, "GRACE_SECONDS", 60.0)  # a machine may be busy
    with pytest.raises(Stopped, match="took more than 1 s"):
        desk.ask("SELECT count(*) FROM range(10000000) a JOIN range(10000000) b ON a.id <> b.id")
    assert desk.process.is_alive
    monkeypatch.undo()
    assert desk.ask("SELECT 1").rows.num_rows == 1


def test_a_worker_has_nothing_of_the_environment(desk):
    desk.ask("SELECT 1")
    for pid in (desk.process.pid, desk.process.wait()["jvm"]):
        assert CANARY.encode() not in Path(f"/proc/{pid}/environ").read_bytes()


def test_what_no_cancelling_reaches_is_killed_with_all_that_it_started(desk, monkeypatch):
    desk.ask("SELECT 1")
    jvm = desk.process.wait()["jvm"]
    monkeypatch.setattr(limits, "SECONDS", 0.5)
    monkeypatch.setattr(limits, "GRACE_SECONDS", 0.5)
    doubled = "".join(f", concat(a{i}, a{i}) AS a{i + 1}" for i in range(29))
    with pytest.raises((Stopped, Died)):
        desk.ask(f"SELECT length(a29) FROM (SELECT event AS a0{doubled} FROM events)")
    assert not desk.process.is_alive
    end = time.monotonic() + 10  # until the system has taken its memory back
    while processes.is_java(jvm) and time.monotonic() < end:
        time.sleep(0.05)
    assert not processes.is_java(jvm)
