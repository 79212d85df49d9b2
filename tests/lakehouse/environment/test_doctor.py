import os
import socket
from contextlib import closing

import pytest

from lakehouse.bounds import size_in_bytes
from lakehouse.engine import jars, loopback
from lakehouse.environment import doctor
from lakehouse.runs import lock
from lakehouse.settings import load

from ...object_stores import objects, settings_in


def free_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return server.getsockname()[1]


def settings_of(tmp_path, **variables):
    quiet = {
        "LAKEHOUSE_ENV": "test",
        "LAKEHOUSE_LAKE": str(tmp_path / "lake"),
        "LAKEHOUSE_APP__PORT": str(free_port()),
        "LAKEHOUSE_MLFLOW__PORT": str(free_port()),
    }
    return load({**quiet, **variables})


def check(settings, name, environ=None):
    (found,) = [each for each in doctor.check(settings, environ) if each.name == name]
    return found


def test_a_machine_that_is_set_up_passes_every_check(tmp_path):
    jars.resolve(load(), print)
    assert [each for each in doctor.check(settings_of(tmp_path)) if not each.ok] == []


def test_a_busy_port_is_a_failure_with_the_next_port_as_remedy(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        found = check(settings_of(tmp_path, LAKEHOUSE_APP__PORT=str(port)), "app.port")
    assert not found.ok
    assert (str(port) in found.found, found.remedy) == (True, f"LAKEHOUSE_APP__PORT={port + 1}")


def test_a_java_home_without_java_is_a_failure(tmp_path):
    found = check(settings_of(tmp_path), "Java", {"JAVA_HOME": str(tmp_path), "PATH": os.environ["PATH"]})
    assert (found.ok, "unset JAVA_HOME" in found.remedy) == (False, True)


@pytest.mark.parametrize("java_home", [None, "/nowhere"])
def test_java_is_told_with_what_needs_it_and_what_does_not(tmp_path, java_home):
    environ = {"PATH": os.environ["PATH"]} | ({"JAVA_HOME": java_home} if java_home else {})
    needed, spared = check(settings_of(tmp_path), "Java", environ).note.split("\nOn the embedded engine ")
    assert all(each in needed for each in ("ml train", "page Query", 'engine.name is "spark"'))
    assert all(f"`{each}`" in spared for each in ("run", "ml score", "app", "mlflow", "maintain", "restore", "erase"))


@pytest.mark.parametrize(
    ("can_close", "advice"), [(True, ""), (False, "LAKEHOUSE_ENV=spark, if others use this machine")]
)
def test_an_engine_whose_port_cannot_be_closed_is_told_with_advice(tmp_path, monkeypatch, can_close, advice):
    monkeypatch.setattr(loopback, "can_close", lambda: can_close)
    found = check(settings_of(tmp_path), "engine")
    assert (found.ok, "offers no way to close its port" in found.found, found.remedy) == (True, not can_close, advice)


def test_missing_jars_are_a_failure_that_setup_mends(tmp_path):
    found = check(settings_of(tmp_path, LAKEHOUSE_JAVA__CACHE=str(tmp_path)), "JARs")
    assert (found.ok, found.remedy) == (False, "lakehouse setup")


def test_a_driver_larger_than_the_machine_is_a_failure(tmp_path):
    found = check(settings_of(tmp_path, LAKEHOUSE_SPARK__DRIVER_MEMORY="9t", LAKEHOUSE_ENGINE__NAME="spark"), "memory")
    assert not found.ok
    assert found.remedy.startswith("LAKEHOUSE_SPARK__DRIVER_MEMORY=")


def test_a_pool_of_the_embedded_engine_larger_than_the_machine_is_a_failure(tmp_path):
    found = check(settings_of(tmp_path, LAKEHOUSE_ENGINE__MEMORY="9t"), "memory")
    assert not found.ok
    assert found.remedy.startswith("LAKEHOUSE_ENGINE__MEMORY=")


@pytest.mark.parametrize(("text", "size"), [("5g", 5 * 2**30), ("512m", 2**29), ("2048", 2**31), ("2GB", 2**31)])
def test_memory_is_read_as_spark_reads_it(text, size):
    assert size_in_bytes(text) == size


def test_a_lake_that_other_users_may_look_into_is_told_with_what_closes_it(tmp_path):
    (tmp_path / "a lake").mkdir(mode=0o755)
    found = check(settings_of(tmp_path, LAKEHOUSE_LAKE=str(tmp_path / "a lake")), "lake's rights")
    assert (found.ok, found.remedy) == (True, f"chmod go= '{tmp_path}/a lake'")


def test_a_full_disk_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "FULL", 2**80)
    monkeypatch.setattr(doctor, "SCARCE", 2**80)
    found = check(settings_of(tmp_path), "disk")
    assert not found.ok
    assert "LAKEHOUSE_LAKE=" in found.remedy


def test_a_scarce_disk_is_advice_and_no_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "SCARCE", 2**80)
    found = check(settings_of(tmp_path), "disk")
    assert found.ok
    assert "LAKEHOUSE_LAKE=" in found.remedy


def test_a_held_lock_is_told_with_its_holder_and_no_failure(tmp_path):
    settings = settings_of(tmp_path)
    with lock.hold(settings, "lakehouse run"):
        found = check(settings, "lake lock")
    assert found.ok
    assert found.found.startswith(f"held by lakehouse run (process {os.getpid()}) since ")


def test_a_missing_browser_is_no_failure(tmp_path):
    found = check(settings_of(tmp_path), "browser", {"PATH": ""})
    assert (found.ok, found.remedy) == (True, "lakehouse setup --tests")


def test_an_object_store_is_tried_and_left_as_it_was(object_server, tmp_path):
    settings = settings_in(object_server, tmp_path / "lake", "doctored")
    found = check(settings, "object store")
    assert (found.ok, found.remedy) == (True, "")
    assert found.found == "s3://lake/doctored takes, lists, gives and removes files"
    assert objects(settings) == {}


def test_an_object_store_that_is_down_is_a_failure(object_server, tmp_path):
    found = check(settings_in("http://127.0.0.1:9", tmp_path / "lake", "down"), "object store")
    assert (found.ok, "does not answer as it should" in found.found) == (False, True)
