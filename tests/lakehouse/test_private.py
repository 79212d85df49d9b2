"""What a lake holds can name a person: its folder and its logs are their owner's alone, and logs stay small."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from lakehouse import private, secrets
from lakehouse.errors import LakehouseError
from lakehouse.storage import spill

from ..conftest import settings_of


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_lake_is_made_for_its_owner_alone_and_the_folders_above_it_as_usual(tmp_path):
    lake = private.make_lake(settings_of(tmp_path / "above" / "lake"))
    assert (mode(lake), mode(lake.parent)) == (0o700, 0o755)


def test_a_folder_that_is_there_keeps_the_rights_that_its_owner_gave_it(tmp_path):
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake").chmod(0o750)
    assert mode(private.make_lake(settings_of(tmp_path / "lake"))) == 0o750


def test_a_file_in_the_place_of_a_lake_is_told(tmp_path):
    (tmp_path / "lake").write_text("")
    with pytest.raises(LakehouseError, match="is not a folder, and cannot become one"):
        private.make_lake(settings_of(tmp_path / "lake"))


def test_a_log_that_has_grown_large_takes_the_place_of_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "MOST_BYTES", 10)
    settings = settings_of(tmp_path / "lake")
    for words in (b"first, and long enough", b"second, and long enough", b"third"):
        with private.open_log(settings, "spark.log") as log:
            log.write(words)
    logs = tmp_path / "lake" / "logs"
    assert {path.name: path.read_bytes() for path in logs.iterdir()} == {
        "spark.log": b"third",
        "spark.log.1": b"second, and long enough",
    }
    assert mode(logs / "spark.log") == 0o600


def test_of_traces_only_the_newest_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(private, "MOST_TRACES", 3)
    paths = [private.write_trace(settings_of(tmp_path / "lake"), f"trace {number}") for number in range(5)]
    assert [path.exists() for path in paths] == [False, False, True, True, True]
    assert mode(paths[-1]) == 0o600


def test_what_an_engine_that_lives_spills_stays_and_the_rest_goes(lake):
    ours = private.make_spill(lake.settings)
    dead = subprocess.Popen(["true"])
    dead.wait()
    (ours.parent / f"engine-{dead.pid}").mkdir()
    (ours.parent / "a frame of a run that died").mkdir()
    spill.forget(lake.store)
    assert [path.name for path in ours.parent.iterdir()] == [f"engine-{os.getpid()}"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-Djavax.net.ssl.trustStorePassword=hunter2 -Xmx1g", "-Djavax.net.ssl.trustStorePassword=*** -Xmx1g"),
        ("s3a://key:hunter2@bucket/lake", "s3a://***@bucket/lake"),
        ("fs.s3a.access.key: hunter2", "fs.s3a.access.key: ***"),
        ("-XX:+UseParallelGC", "-XX:+UseParallelGC"),
    ],
)
def test_what_is_given_as_a_secret_is_not_shown(text, shown):
    assert secrets.hide(text) == shown
