import json

import pytest

from app.tokens import FILE, Tokens
from lakehouse.cli import main as cli
from lakehouse.errors import Exit, LakehouseError


@pytest.fixture
def tokens(lake):
    return Tokens(lake.settings)


def test_a_token_is_shown_once_and_known_again(tokens):
    made = tokens.create("notebook")

    assert tokens.find(made).name == "notebook"
    assert (tokens.find(made + "x"), tokens.find("")) == (None, None)
    assert [each.name for each in tokens.all()] == ["notebook"]


def test_a_revoked_token_opens_nothing_and_the_others_do(tokens):
    one, other = tokens.create("one"), tokens.create("other")
    tokens.revoke("one")

    assert (tokens.find(one), tokens.find(other).name) == (None, "other")


@pytest.mark.parametrize("name", ["", "a b", "../x", "x" * 41, "one"])
def test_a_name_that_is_taken_or_none_is_refused(tokens, name):
    tokens.create("one")
    with pytest.raises(LakehouseError) as error:
        tokens.create(name)

    assert (error.value.code, error.value.remedy.startswith("lakehouse app token")) == (Exit.USAGE, True)


def test_a_damaged_file_opens_to_nobody(tokens, lake):
    made = tokens.create("one")
    (lake.settings.lake_path / FILE).write_text("{")
    with pytest.raises(LakehouseError, match="cannot be read"):
        tokens.find(made)


def test_the_command_line_makes_lists_and_revokes(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(tmp_path / "lake"))

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main(["app", "token", *arguments])
        return int(ended.value.code), capsys.readouterr().out

    code, printed = run("create", "notebook")
    assert code == 0 and printed.strip().startswith("lakehouse_")
    assert [each["name"] for each in json.loads(run("list", "--json")[1])] == ["notebook"]
    assert printed.strip() not in run("list")[1]
    assert run("revoke", "notebook")[0] == 0
    assert run("revoke", "notebook")[0] == Exit.USAGE
