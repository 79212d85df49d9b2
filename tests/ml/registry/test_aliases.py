import json

import pytest

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from ml.registry import aliases
from ml.registry.versions import Version, home

ONE, TWO = Version(1, {"sha256": "a"}), Version(2, {"sha256": "b"})


@pytest.fixture
def named(lake: Lake) -> Lake:
    home(lake.settings).mkdir(parents=True)
    aliases.write(lake.settings, {"champion": ONE, "challenger": TWO})
    return lake


def test_a_lake_without_a_model_has_no_alias(lake):
    assert aliases.read(lake.settings) == {}


def test_names_change_together_and_others_stay(named):
    aliases.write(named.settings, {"champion": TWO, "previous": ONE, "challenger": None})
    assert aliases.read(named.settings) == {"champion": TWO, "previous": ONE}
    aliases.write(named.settings, {"challenger": ONE})
    assert aliases.by_alias(named.settings, "champion") == TWO


def test_a_writing_that_died_half_way_changes_no_name(named, monkeypatch):
    monkeypatch.setattr("pathlib.Path.rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        aliases.write(named.settings, {"champion": TWO})
    monkeypatch.undo()
    assert aliases.by_alias(named.settings, "champion") == ONE


@pytest.mark.parametrize("text", ["", "{", '{"format": 1}', '{"format": 1, "aliases": {"champion": {}}}', "[]"])
def test_a_damaged_file_is_told_and_not_taken_for_no_champion(named, text):
    aliases.path(named.settings).write_text(text)
    with pytest.raises(LakehouseError, match="Which model serves cannot be read") as error:
        aliases.read(named.settings)
    assert (error.value.code, error.value.remedy) == (Exit.ENVIRONMENT, "put the file back from a copy of the lake")


def test_a_file_of_a_newer_release_is_refused(named):
    content = json.loads(aliases.path(named.settings).read_text())
    aliases.path(named.settings).write_text(json.dumps(content | {"format": 2}))
    with pytest.raises(LakehouseError, match="of a newer release"):
        aliases.read(named.settings)
