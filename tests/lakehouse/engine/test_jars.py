import shutil
from pathlib import Path

import pyspark
import pytest

from lakehouse.engine import jars
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import load

# An address where nothing listens stands for a machine without network: the JVM is real, and so is its failure.
NO_NETWORK = "-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=9 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9"


@pytest.fixture(scope="module")
def sound():
    """The real JARs."""
    return jars.resolve(load(), print)


@pytest.fixture
def by_hand(sound, tmp_path):
    """A folder that somebody has filled, and the settings that name it."""
    folder = tmp_path / "by hand"
    folder.mkdir()
    for path in sound:
        shutil.copy(path, folder)
    return folder, load({"LAKEHOUSE_JARS": str(folder), "LAKEHOUSE_JAVA__CACHE": str(tmp_path / "cache")})


@pytest.fixture
def offline(tmp_path):
    """Settings with an empty cache, on a machine without network."""
    return offline_in(tmp_path)


def offline_in(folder):
    return load({"LAKEHOUSE_JAVA__CACHE": str(folder / "cache"), "LAKEHOUSE_SPARK__JAVA_OPTIONS": NO_NETWORK})


def fill_cache(settings, sound):
    jars.folder(settings).mkdir(parents=True)
    for path in sound:
        shutil.copy(path, jars.folder(settings))


def alter(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_jars_brought_by_hand_are_taken_from_their_folder(by_hand):
    folder, settings = by_hand
    assert jars.resolve(settings, print) == [folder / jar.file_name for jar in jars.needed(settings)]


def test_a_jar_missing_in_the_folder_brought_by_hand_is_named(by_hand):
    folder, settings = by_hand
    missing = folder / jars.read_lock()[1].file_name
    missing.unlink()
    with pytest.raises(LakehouseError, match=r"delta-storage-4.4.0.jar is missing") as refused:
        jars.resolve(settings, print)
    assert refused.value.code == Exit.ENVIRONMENT
    assert "LAKEHOUSE_JARS" in refused.value.remedy


def test_a_jar_altered_by_one_bit_is_refused(by_hand):
    folder, settings = by_hand
    alter(folder / jars.read_lock()[0].file_name)
    with pytest.raises(LakehouseError, match="is not the file that") as refused:
        jars.paths(settings)
    assert refused.value.code == Exit.ENVIRONMENT


def test_a_jar_missing_in_the_cache_is_mended_by_setup(offline):
    with pytest.raises(LakehouseError, match="is missing") as refused:
        jars.paths(offline)
    assert refused.value.remedy == "lakehouse setup"


def test_a_filled_cache_needs_no_network(offline, sound):
    fill_cache(offline, sound)
    assert [path.name for path in jars.resolve(offline, print)] == [path.name for path in sound]


def test_a_process_that_runs_the_embedded_engine_can_fetch_jars_too(tmp_path, monkeypatch):
    monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")  # as the embedded engine leaves it
    settings = load({"LAKEHOUSE_JAVA__CACHE": str(tmp_path / "cache")})

    assert [path.name for path in jars.resolve(settings, print)] == [jar.file_name for jar in jars.needed(settings)]


@pytest.fixture(scope="module")
def failed_fetch(sound, tmp_path_factory):
    """Settings whose cache holds an altered JAR, and the error of fetching it anew without network."""
    settings = offline_in(tmp_path_factory.mktemp("offline"))
    fill_cache(settings, sound)
    alter(jars.folder(settings) / jars.read_lock()[0].file_name)
    with pytest.raises(LakehouseError, match="could not be fetched") as failed:
        jars.resolve(settings, print)
    return settings, failed.value


def test_a_fetch_that_fails_names_the_way_without_network(failed_fetch):
    _, error = failed_fetch
    assert (error.code, "LAKEHOUSE_JARS" in error.remedy) == (Exit.ENVIRONMENT, True)


def test_a_fetch_that_fails_leaves_its_trace_and_no_scratch_folder(failed_fetch):
    settings, _ = failed_fetch
    assert {path.name for path in settings.cache_path.iterdir()} == {"jars.log", jars.folder(settings).name}


def test_the_lock_gives_each_coordinate_its_sum(tmp_path):
    lock = tmp_path / "jars.lock"
    lock.write_text("# a comment\n\norg.example:thing_2.13:1.0 abc\n[store]\norg.example:other:2.0 def\n")
    jar, other = jars.read_lock(lock)
    assert (jar.coordinate, jar.file_name, jar.sha256) == ("org.example:thing_2.13:1.0", "thing_2.13-1.0.jar", "abc")
    assert (jar.section, other.section, other.version) == ("", "store", "2.0")


def test_only_a_lake_in_an_object_store_needs_the_jars_that_open_one():
    here, there = load({}), load({"LAKEHOUSE_STORAGE__URI": "s3://lake"})
    assert {jar.section for jar in jars.needed(here)} == {""}
    assert jars.needed(there) == jars.read_lock()
    assert {f"hadoop-client-api-{jar.version}.jar" for jar in jars.read_lock() if jar.artifact == "hadoop-aws"} == {
        path.name for path in Path(pyspark.__file__).parent.glob("jars/hadoop-client-api-*.jar")
    }
