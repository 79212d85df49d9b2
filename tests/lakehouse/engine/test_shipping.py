"""A cluster's machines get our modules, and one that cannot do our work is told before half a run is done."""

import platform
import subprocess
import sys
from zipfile import ZipFile

import pytest

from lakehouse.engine import shipping
from lakehouse.errors import Exit, LakehouseError


def here(function, items):
    return [result for item in items for result in function(item)]


def in_a_bare_python(_function, _items):
    """Do a task's first step in an interpreter that has nothing but the standard library."""
    done = subprocess.run([sys.executable, "-S", "-c", "import pyarrow"], capture_output=True, text=True)
    raise RuntimeError(f"Job aborted due to stage failure:\n{done.stderr}")


def test_the_archive_holds_the_platform_and_the_layers(lake):
    with ZipFile(shipping.pack(lake.settings)) as archive:
        names = set(archive.namelist())
    assert {"lakehouse/table.py", "bronze/events.py", "silver/sessions.py"} <= names


def test_machines_that_see_the_lake_pass(lake):
    shipping.require_machines(here, shipping.pack(lake.settings), lake.settings)


def test_machines_that_do_not_share_the_lakes_folder_are_named(lake, tmp_path):
    with pytest.raises(LakehouseError, match=f"tasks on {platform.node()} cannot read and write the lake") as raised:
        shipping.require_machines(here, tmp_path / "elsewhere" / "code.zip", lake.settings)
    assert raised.value.code == Exit.ENVIRONMENT
    assert "LAKEHOUSE_STORAGE__URI" in raised.value.remedy


def test_machines_that_lack_a_library_are_told_with_its_name(lake):
    with pytest.raises(LakehouseError, match="No module named 'pyarrow'") as raised:
        shipping.require_machines(in_a_bare_python, shipping.pack(lake.settings), lake.settings)
    assert raised.value.code == Exit.ENVIRONMENT


def test_another_fault_is_not_taken_for_one_of_the_machines(lake):
    def fail(_function, _items):
        raise RuntimeError("the disk is away")

    with pytest.raises(RuntimeError, match="the disk is away"):
        shipping.require_machines(fail, shipping.pack(lake.settings), lake.settings)
