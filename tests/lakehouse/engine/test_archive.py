import os

import pytest

from lakehouse.engine import archive, java
from lakehouse.settings import load


@pytest.fixture(scope="module")
def home():
    return java.find(os.environ)


def place(settings, home, size_in_name, content):
    """Lay a file where the archive of these settings would lie."""
    owner, contents = archive._identity(settings, home)
    settings.cache_path.mkdir(exist_ok=True)
    path = settings.cache_path / f"classes-{owner}-{contents}-{size_in_name}.jsa"
    path.write_bytes(content)
    return path


@pytest.fixture
def settings(tmp_path):
    return load({"LAKEHOUSE_JAVA__CACHE": str(tmp_path / "a cache")})


def test_without_an_archive_the_jvm_gets_no_option(settings, home):
    assert archive.options(settings, home) == []


def test_an_archive_is_named_to_the_jvm_in_quotes(settings, home):
    path = place(settings, home, 4, b"1234")
    assert archive.options(settings, home)[:2] == [f'-XX:SharedArchiveFile="{path}"', "-Xshare:auto"]


def test_an_archive_cut_short_is_none_because_the_jvm_would_crash_on_it(settings, home):
    place(settings, home, 4, b"123")
    assert archive.options(settings, home) == []


def test_other_jvm_options_have_an_archive_of_their_own(settings, home):
    place(settings, home, 4, b"1234")
    cache = {"LAKEHOUSE_JAVA__CACHE": settings.java.cache}
    other = load({**cache, "LAKEHOUSE_SPARK__JAVA_OPTIONS": "-XX:+UseSerialGC"})
    assert archive.options(other, home) == []


def test_a_training_that_fails_is_told_and_fails_nothing_else(tmp_path, home):
    broken = load({"LAKEHOUSE_JAVA__CACHE": str(tmp_path), "LAKEHOUSE_SPARK__JAVA_OPTIONS": "-XX:NoSuchOption"})
    said = []
    assert archive.make(broken, home, said.append) is None
    assert any("could not be made" in line and "archive.log" in line for line in said)
