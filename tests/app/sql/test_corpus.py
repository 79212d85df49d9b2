"""Every line of the corpus through `lakehouse query`: what is hostile is refused or bounded, what is benign gives rows.

A line is `id`, `kind`, `sql`, what it wants, and the rows of the fixture's tables that it must give, as CSV.
"""

import json
import time
from pathlib import Path

from lakehouse.errors import Exit

CORPUS = [json.loads(line) for line in (Path(__file__).parent / "corpus.jsonl").read_text().splitlines()]
SECONDS = 25.0  # in which each query must have ended, whatever it is


def wanting(*wanted: str) -> list[dict]:
    found = [each for each in CORPUS if each["want"] in wanted]
    assert found
    return found


def test_every_line_that_must_be_refused_ends_with_3_and_names_a_rule(query):
    ended = {each["id"]: query(each["sql"]) for each in wanting("refuse", "refuse-or-literal")}
    assert len(ended) > 60
    assert {identity: code for identity, (code, _, _) in ended.items() if code != Exit.REFUSED} == {}
    assert [identity for identity, (_, out, err) in ended.items() if out or not err.startswith("✗ refused: ")] == []


def test_every_benign_line_ends_with_0_and_gives_its_rows(query):
    lines = wanting("pass", "pass-escaped")
    ended = {each["id"]: query(each["sql"], "--format", "csv") for each in lines}
    assert {identity: code for identity, (code, _, _) in ended.items() if code} == {}
    found = {identity: sorted(out.splitlines()[1:]) for identity, (_, out, _) in ended.items()}
    assert found == {each["id"]: sorted(each["rows"]) for each in lines}


def test_every_bomb_ends_in_time_by_a_rule_a_limit_or_because_it_is_none_here(query, desk):
    taken, codes = {}, {}
    for each in wanting("bound"):
        assert desk.living.wait()  # a worker that starts anew is no part of the time
        began = time.monotonic()
        codes[each["id"]] = query(each["sql"])[0]
        taken[each["id"]] = time.monotonic() - began
    assert {identity: seconds for identity, seconds in taken.items() if seconds > SECONDS} == {}
    assert set(codes.values()) == {Exit.DONE, Exit.FAILED, Exit.REFUSED}


def test_a_query_that_begins_with_a_comment_is_a_query_and_no_option(query):
    assert query("-- of all\nSELECT 1 AS a", "--format", "csv")[:2] == (0, "a\n1\n")
    assert query("SELECT 1", "--formt", "csv")[0] == Exit.USAGE
