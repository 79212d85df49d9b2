import shutil
from pathlib import Path

import pytest

from bronze import official
from lakehouse.errors import Exit, LakehouseError

REAL = Path(__file__).parents[2].parent / "shared" / "data" / "category_tree.csv"


@pytest.mark.skipif(not REAL.is_file(), reason="the real category tree is not here")
def test_the_real_tree_is_the_official_file_and_an_altered_one_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(official, "SHA256", {"category_tree.csv": official.SHA256["category_tree.csv"]})
    shutil.copy(REAL, tmp_path / "category_tree.csv")
    assert official.check(tmp_path) == [tmp_path / "category_tree.csv"]
    with (tmp_path / "category_tree.csv").open("a") as file:
        file.write("1,2\n")
    with pytest.raises(LakehouseError, match="is not the official file") as raised:
        official.check(tmp_path)
    assert raised.value.code == Exit.REFUSED


def test_a_folder_without_a_file_is_refused_by_the_files_name(tmp_path):
    with pytest.raises(LakehouseError, match=r"events\.csv is missing"):
        official.check(tmp_path)
