"""A Spark Connect server makes the tables that the embedded engine makes; one that cannot is refused in a sentence."""

import socket
from dataclasses import replace

import pytest

from lakehouse import settings
from lakehouse.engine import jars
from lakehouse.lake import open_lake

from ..conftest import settings_of
from ..deliveries import FIRST, SECOND
from ..invariants import contents
from ..killing import PATIENCE, start
from ..object_stores import settings_in
from .conftest import variables
from .standalone import connect_server

LAYERS = '["bronze", "silver"]'


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server's address, and the variables that lead a process of ours to it."""
    with connect_server(tmp_path_factory.mktemp("server")) as (address, token):
        yield named(address, token)


def named(address, token):
    return {
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
        code, output = run(landed.settings.lake_path, **named(address, ""))
    assert (code, "No Spark Connect server answers" in output) == (4, True), output


def test_the_token_is_shown_nowhere(server):
    shown = settings.shown(settings.load(server))
    assert (shown["engine.token"], shown["engine.remote"]) == ("***", server["LAKEHOUSE_ENGINE__REMOTE"])


@pytest.fixture(scope="module")
def server_with_s3a(tmp_path_factory, object_server):
    """The same of a server that has the JARs of S3A, and is told of no store."""
    folder = tmp_path_factory.mktemp("with-s3a")
    settings = settings_in(object_server, folder / "unused", "unused")
    jars.resolve(settings, print)
    with connect_server(folder, f"{jars.folder(settings)}/*") as (address, token):
        yield named(address, token)


@pytest.mark.cluster
def test_a_server_with_the_jars_of_s3a_makes_the_same_tables_in_an_object_store(
    server_with_s3a, stored, embedded, tmp_path
):
    for delivery in (FIRST, SECOND):
        delivery.land(stored, tmp_path)
        code, output = run(stored.settings.lake_path, **server_with_s3a | variables(stored.settings))
        assert (code, "Published as run" in output) == (0, True), output
    few = replace(stored, settings=replace(stored.settings, layers=["bronze", "silver"]))
    expected = contents(embedded)
    assert contents(few) == {name: rows for name, rows in expected.items() if name.startswith("silver.")}


def test_a_server_without_the_jars_of_s3a_is_told_by_a_sentence(server, stored, tmp_path):
    FIRST.land(stored, tmp_path)
    code, output = run(stored.settings.lake_path, **server | variables(stored.settings))
    assert (code, "has no JARs of S3A" in output, "docs/cluster.md" in output) == (4, True, True), output
    assert stored.ledger.published() is None
