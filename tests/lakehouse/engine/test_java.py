import os
from pathlib import Path

import pytest

from lakehouse.engine import java
from lakehouse.errors import Exit, LakehouseError


@pytest.fixture(scope="module")
def real_home():
    return java.find(os.environ)


@pytest.fixture
def java_25(tmp_path):
    """A JAVA_HOME whose java says that it is Java 25."""
    home = tmp_path / "java-25"
    executable = home / "bin" / "java"
    executable.parent.mkdir(parents=True)
    lines = f"    java.home = {home}\n    java.specification.version = 25\n    java.runtime.version = 25.0.1+8"
    executable.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{lines}\nEND\n")
    executable.chmod(0o755)
    return home


def on_path(folder: Path, target: Path) -> dict[str, str]:
    folder.mkdir()
    (folder / "java").symlink_to(target / "bin" / "java")
    return {"PATH": str(folder)}


def test_a_java_home_without_a_java_is_refused_though_path_has_one(tmp_path):
    with pytest.raises(LakehouseError, match="holds no working Java") as refused:
        java.find({"JAVA_HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    assert refused.value.code == Exit.ENVIRONMENT
    assert "unset JAVA_HOME" in refused.value.remedy


def test_a_java_home_of_another_version_is_refused_and_named(java_25):
    with pytest.raises(LakehouseError, match=r"is Java 25; Spark needs Java 17 or 21"):
        java.find({"JAVA_HOME": str(java_25)})


def test_a_java_home_that_fits_is_taken_as_it_is_written(real_home, tmp_path):
    linked = tmp_path / "linked"
    linked.symlink_to(real_home)
    assert java.find({"JAVA_HOME": str(linked), "PATH": ""}, folders=[]) == linked


def test_a_link_on_path_leads_to_the_folder_it_comes_from(real_home, tmp_path):
    environ = on_path(tmp_path / "bin", real_home)
    found = java.find(environ, folders=[])
    assert found.resolve() == real_home.resolve()
    assert (found / "lib" / "modules").is_file()


def test_another_version_on_path_is_passed_over_for_the_folders(java_25, real_home, tmp_path):
    environ = on_path(tmp_path / "bin", java_25)
    assert java.find(environ, folders=[str(java_25), str(real_home)]).resolve() == real_home.resolve()


def test_without_any_java_the_error_says_which_is_needed_and_how_it_comes():
    with pytest.raises(LakehouseError, match="Java 17 or 21, and there is none") as refused:
        java.find({"PATH": ""}, folders=[])
    assert refused.value.code == Exit.ENVIRONMENT
    assert refused.value.remedy == "install Java 17 or 21 and set JAVA_HOME to its folder"


def test_where_nothing_can_be_installed_installing_says_the_same():
    with pytest.raises(LakehouseError, match="there is none"):
        java.install({"PATH": ""}, print, folders=[])


def test_the_version_names_the_build(real_home):
    assert java.version(real_home).startswith(("17.", "21."))


def test_a_folder_without_java_has_no_version(tmp_path):
    assert java.version(tmp_path) == ""
