"""A lake says in which format it is kept."""

import pytest

from lakehouse.storage.lake_format import FORMAT

from ..conftest import VIEW


def test_a_run_notes_the_format(run_once):
    assert (run_once.settings.lake_path / "format").read_text() == f"{FORMAT}\n"


@pytest.mark.parametrize("found", [str(FORMAT + 1), "next"])
@pytest.mark.parametrize(
    "command", [["plan"], ["run"], ["runs", "ls"], ["receipts"], ["retract", "1", "--reason", "x"]]
)
def test_a_lake_of_a_newer_release_is_refused_in_a_sentence(run_once, call, found, command):
    (run_once.settings.lake_path / "format").write_text(f"{found}\n")
    said = call(*command)
    assert said.code == 4
    assert f"was written by a newer release: its format is {found}, this one knows {FORMAT}." in said.err
    assert said.err.endswith("→ use the release that wrote it, or a later one\n")


def test_a_lake_of_an_earlier_release_is_taken_over(run_once, call, land):
    (run_once.settings.lake_path / "format").unlink()
    land("b.csv", VIEW)
    assert call("run").code == 0
    assert (run_once.settings.lake_path / "format").exists()
