import os
import socket
from contextlib import closing

import pytest

from lakehouse.bounds import size_in_bytes
from lakehouse.engine import jars
from lakehouse.environment import doctor
from lakehouse.runs import lock
from lakehouse.settings import load


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
