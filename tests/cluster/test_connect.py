"""A Spark Connect server makes the tables that the embedded engine makes; one that cannot is refused in a sentence."""

import socket

import pytest

from lakehouse import settings
from lakehouse.lake import open_lake

from ..conftest import settings_of
from ..deliveries import FIRST, SECOND
from ..invariants import contents
from ..killing import PATIENCE, start
from .standalone import connect_server

LAYERS = '["bronze", "silver"]'


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server's address, and the variables that lead a process of ours to it."""
    with connect_server(tmp_path_factory.mktemp("server")) as (address, token):
        yield {
            "LAKEHOUSE_ENGINE__NAME": "connect",
            "LAKEHOUSE_ENGINE__REMOTE": address,
            "LAKEHOUSE_ENGINE__TOKEN": token,
            "LAKEHOUSE_LAYERS": LAYERS,
        }


def run(folder, **variables):
    with start(folder, "-m", "lakehouse.cli", "run", **variables) as process:
        output, _ = process.communicate(timeout=PATIENCE)
    return process.returncode, output


@pytest.fixture
def landed(tmp_path):
    """A lake in which both deliveries have landed."""
    lake = open_lake(settings_of(tmp_path / "lake"))
    for delivery in (FIRST, SECOND):
        delivery.land(lake, tmp_path)
    return lake


def test_a_server_without_our_code_makes_the_tables_of_the_embedded_engine(server, landed, embedded):
    code, output = run(landed.settings.lake_path, **server)
    assert (code, "Published as run" in output) == (0, True), output
    expected = contents(embedded)
    assert contents(landed) == {name: rows for name, rows in expected.items() if name.startswith("silver.")}


def test_a_server_that_asks_for_another_token_is_told_by_a_sentence(server, landed):
    code, output = run(landed.settings.lake_path, **server | {"LAKEHOUSE_ENGINE__TOKEN": "another"})
    assert (code, "refused the token" in output, "LAKEHOUSE_ENGINE__TOKEN" in output) == (4, True, True), output


def test_an_address_without_a_server_is_told_by_a_sentence(landed):
    with socket.socket() as nobody:  # bound, and it does not listen
        nobody.bind(("127.0.0.1", 0))
        address = f"sc://127.0.0.1:{nobody.getsockname()[1]}"
        named = {"LAKEHOUSE_ENGINE__NAME": "connect", "LAKEHOUSE_ENGINE__REMOTE": address}
        code, output = run(landed.settings.lake_path, **named)
    assert (code, "No Spark Connect server answers" in output) == (4, True), output


def test_the_token_is_shown_nowhere(server):
    shown = settings.shown(settings.load(server))
    assert (shown["engine.token"], shown["engine.remote"]) == ("***", server["LAKEHOUSE_ENGINE__REMOTE"])
