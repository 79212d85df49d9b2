"""A formatted query is the same query: Spark plans it alike."""

import re

import pytest

from app.sql.formatting import formatted
from app.sql.text import Refused

from .test_guard import BENIGN


def plan(desk, sql: str) -> str:
    """How Spark runs a query, its columns numbered as they come."""
    seen: dict[str, str] = {}
    words = desk.ask(sql, "plan").told["plan"]
    return re.sub(r"#\d+L?|plan_id=\d+", lambda found: seen.setdefault(found[0], f"#{len(seen)}"), words)


def test_every_benign_query_keeps_its_plan_and_most_get_lines(desk):
    changed = [sql for _, sql in BENIGN if formatted(sql) != sql]
    assert len(changed) > 20
    assert [sql for sql in changed if plan(desk, formatted(sql)) != plan(desk, sql)] == []


def test_clauses_get_a_line_each():
    assert formatted("SELECT a, b FROM events WHERE a = 1") == "SELECT a,\n       b\nFROM events\nWHERE a = 1"


@pytest.mark.parametrize(
    "sql", ["SELECT 1 -- FROM x\n, 'a  b'", "SELECT a < = b FROM t", 'SELECT "x\n y" FROM t', "SELECT /* FROM */ 1"]
)
def test_texts_and_comments_stay_as_they_are(sql):
    def own(text: str) -> list[str]:
        return re.findall(r"--[^\n]*|/\*.*?\*/|'[^']*'|\"[^\"]*\"", text)

    assert own(formatted(sql)) == own(sql)


def test_what_would_be_changed_by_more_than_blanks_is_left_alone(monkeypatch):
    monkeypatch.setattr("sqlparse.format", lambda sql, **_: sql.replace("< =", "<="))
    assert formatted("SELECT a < = b FROM t") == "SELECT a < = b FROM t"


def test_a_query_that_is_nested_too_deep_is_refused_before_it_is_read():
    with pytest.raises(Refused, match="nested"):
        formatted("SELECT " + "(" * 100 + "1" + ")" * 100)
