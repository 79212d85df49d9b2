"""`lakehouse query`: rows to stdout, and what its exit code tells."""

import json

import pytest

from app.sql.history import History
from lakehouse.cli import main as cli


def test_rows_are_printed_as_csv(query):
    code, out, _ = query("SELECT event, visitor_id FROM events WHERE item_id IS NULL", "--format", "csv")
    assert (code, out) == (0, "event,visitor_id\nview,3\n")


def test_a_cell_that_a_spreadsheet_takes_for_a_formula_is_neutral_in_csv(query):
    assert query("SELECT '=1+1' AS `@x`, -1 AS y", "--format", "csv")[1] == "'@x,y\n'=1+1,-1\n"


def test_rows_are_printed_as_json_with_names_that_come_twice(query):
    code, out, _ = query("SELECT 1 AS a, DATE '2015-06-01' AS a", "--format", "json")
    assert (code, json.loads(out)) == (0, {"columns": ["a", "a"], "rows": [[1, "2015-06-01"]]})


def test_rows_are_written_to_a_file(query, tmp_path):
    assert query("SELECT 1 AS a", "--format", "csv", "--output", str(tmp_path / "a.csv"))[:2] == (0, "")
    assert (tmp_path / "a.csv").read_text() == "a\n1\n"


def test_a_refused_query_ends_with_3_and_names_its_rule(query):
    code, out, err = query("DROP TABLE events")
    assert (code, out) == (3, "")
    assert err.startswith("✗ refused: statement. Only a query that reads is possible; drop table is not.")


def test_a_query_that_fails_ends_with_1(query):
    code, _, err = query("SELECT nothing FROM events")
    assert code == 1
    assert "nothing" in err


def test_a_query_is_read_from_stdin(query, monkeypatch):
    monkeypatch.setattr("sys.stdin.read", lambda *_: "SELECT 7 AS a", raising=False)
    assert query("-", "--format", "csv")[1] == "a\n7\n"


def test_the_log_keeps_every_query_with_its_verdict_and_versions(query, desk):
    for sql in ("SELECT visitor_id FROM sessions", "DROP TABLE x", "SELECT nothing FROM events"):
        query(sql)
    failed, refused, done = History(desk.settings.lake_path).newest(3)
    assert (done.verdict, done.num_rows, done.versions) == ("done", 2, {"silver.sessions": 0})
    assert (refused.verdict, failed.verdict) == ("refused: statement", "failed")


def test_a_lake_that_published_nothing_says_what_to_do(lake, monkeypatch, capsys):
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(lake.settings.lake_path))
    with pytest.raises(SystemExit) as ended:
        cli.main(["query", "SELECT 1"])
    assert ended.value.code == 2
    assert "lakehouse run" in capsys.readouterr().err
