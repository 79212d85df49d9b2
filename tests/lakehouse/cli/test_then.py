"""Several commands in one process, joined by the word `then`."""

import pytest

from lakehouse.engine import session

from ..conftest import BAD, VIEW


def test_commands_follow_each_other_on_one_engine(call, land, monkeypatch, tmp_path):
    engines, start = set(), session.start
    monkeypatch.setattr(session, "start", lambda settings: engines.add(id(engine := start(settings))) or engine)
    (tmp_path / "a.csv").write_text(f"timestamp,visitorid,event,itemid,transactionid\n{VIEW}\n")
    said = call(
        "land",
        str(tmp_path / "a.csv"),
        "then",
        "run",
        "+silver.events",
        "then",
        "run",
        "+gold.activity",
        "then",
        "status",
    )
    assert said.code == 0
    assert len(engines) == 1
    assert said.err.count("Published as run") == 2
    assert "gold.activity" in said.out


def test_the_first_command_that_fails_ends_the_others_with_its_exit_code(call, land):
    land("a.csv", BAD)
    said = call("config", "then", "run", "no.table", "then", "status")
    assert said.code == 2
    assert "app.port" in said.out
    assert "Tables" not in said.out


def test_a_refusal_told_by_an_exit_code_alone_ends_the_others_too(call, tmp_path):
    (tmp_path / "bad.csv").write_text("a;b\n")
    said = call("land", str(tmp_path / "bad.csv"), "then", "config")
    assert (said.code, said.out) == (3, "")


@pytest.mark.parametrize(
    "arguments", [("then",), ("config", "then"), ("then", "config"), ("config", "then", "then", "config")]
)
def test_a_then_without_a_command_on_either_side_is_a_matter_of_usage(call, arguments):
    said = call(*arguments)
    assert (said.code, said.out) == (2, "")
