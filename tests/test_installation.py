"""What an installation brings: a wheel beside no checkout all that commands need, `make run` nothing that tests need."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from lakehouse import settings
from lakehouse.settings import CONF, PROJECT, environment

PACKED = ["pyproject.toml", "jars.lock", "LICENSE", "conf", "lakehouse", "bronze", "silver", "gold", "ml", "app"]
EVENTS = "timestamp,visitorid,event,itemid,transactionid\n1433221332117,1,view,7,\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A virtual environment with the wheel alone; what it depends on comes from this one."""
    folder = tmp_path_factory.mktemp("wheel")
    source, home = folder / "source", folder / "environment"
    source.mkdir()
    for name in PACKED:  # a build leaves files beside its source
        path = PROJECT / name
        shutil.copytree(path, source / name) if path.is_dir() else shutil.copy(path, source)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, source], check=True)
    venv.create(home, symlinks=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([*pip, "--python", home, "install", "--no-deps", "--no-index", wheel], check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    (packages / "zz_dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return home


def lakehouse(home: Path, lake: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call the installed command where no checkout is near."""
    variables = {k: v for k, v in environment().items() if k != "PYTHONPATH"} | {"LAKEHOUSE_LAKE": str(lake)}
    command = [str(home / "bin" / "lakehouse"), *arguments]
    return subprocess.run(command, env=variables, cwd=lake.parent, capture_output=True, text=True)


def test_an_installed_wheel_brings_every_setting_and_overlay(home, tmp_path):
    said = lakehouse(home, tmp_path / "lake", "config", "--json")
    assert json.loads(said.stdout).keys() == settings.values(settings.load({})).keys()
    packed = home / "share" / "clickstream-lakehouse"
    assert sorted(os.listdir(packed / "conf")) == sorted(os.listdir(CONF))
    assert (packed / "jars.lock").read_text() == (PROJECT / "jars.lock").read_text()


def test_an_installed_wheel_builds_a_lake(home, tmp_path):
    (tmp_path / "events.csv").write_text(EVENTS)
    said = lakehouse(home, tmp_path / "lake", "land", "events.csv", "then", "run")
    assert (said.returncode, "Published as run" in said.stderr) == (0, True), said.stderr


def test_what_a_wheel_leaves_out_is_told_by_the_command_that_wants_it(home, tmp_path):
    said = lakehouse(home, tmp_path / "lake", "catalog", "--check")
    assert (said.returncode, "is not a checkout of the project" in said.stderr) == (2, True)


@pytest.mark.parametrize(("target", "is_for_tests"), [("run", False), ("app", False), ("test", True)])
def test_only_who_tests_installs_what_tests_need(tmp_path, target, is_for_tests):
    for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(PROJECT / name, tmp_path)
    planned = subprocess.run(["make", "--dry-run", target], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "-r requirements.lock" in planned.stdout
    assert ("-r requirements-dev.lock" in planned.stdout, "setup --tests" in planned.stdout) == (is_for_tests,) * 2


def test_the_two_locks_share_no_package():
    names = [
        {line.partition("==")[0] for line in (PROJECT / lock).read_text().splitlines() if line[:1].isalpha()}
        for lock in ("requirements.lock", "requirements-dev.lock")
    ]
    assert {"pyspark", "pytest"} <= names[0] | names[1]
    assert names[0] & names[1] == set()
