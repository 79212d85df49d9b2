"""What the site made of tables is read from files at its next start, and made anew where they are not what was written."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.data.derived import DERIVED, PATHS, pairs
from app.data.kept import VERSIONS, Kept
from app.site import Site
from lakehouse import private

from ..conftest import settings_of

PAIRS = pairs(is_returning=False, by_root=False)
SOURCE = DERIVED[PAIRS].source


@pytest.fixture
def lake(built_lake, tmp_path):
    return shutil.copytree(built_lake, tmp_path / "lake", ignore=shutil.ignore_patterns(private.SITE))


@pytest.fixture
def ask(lake):
    """Ask a site that has just been started for all rows of a table; return them, and the tables that it brought."""

    def started(name=PAIRS):
        site = Site(settings_of(lake))
        site.lakes[""].refresh()
        rows = site.lakes[""].current().rows(f"FROM {name} ORDER BY ALL")
        return rows, {key.name for key in site.tables.kept}

    return started


@pytest.fixture
def file(lake, ask):
    ask()
    (found,) = (lake / private.SITE).glob("*.parquet")
    return found


@pytest.mark.parametrize("name", [PAIRS, PATHS])
def test_the_next_start_reads_what_the_one_before_made(ask, name):
    (made, brought), (read, brought_then) = ask(name), ask(name)

    assert made == read != []
    assert DERIVED[name].source in brought and DERIVED[name].source not in brought_then


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty"])
def test_a_damaged_file_is_made_anew(ask, file, damage):
    whole, written = file.read_bytes(), ask()[0]
    middle = len(whole) // 4
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    file.write_bytes({"flipped": flipped, "cut": whole[:-9], "empty": b""}[damage])
    (rows, brought), (again, brought_then) = ask(), ask()

    assert SOURCE in brought and SOURCE not in brought_then
    assert rows == again == written


def test_where_nothing_can_be_written_nothing_is_kept(lake, ask):
    (lake / private.SITE).write_text("in the way")

    assert ask() == ask()
    assert SOURCE in ask()[1]


def test_no_file_holds_a_person(lake, ask):
    for name in DERIVED:
        ask(name)
    files = list((lake / private.SITE).glob("*.parquet"))

    assert len(files) == sum(each.is_kept for each in DERIVED.values())
    assert all("visitor_id" not in pq.read_schema(each).names for each in files)


def test_few_versions_of_a_table_are_kept(lake):
    for version in range(VERSIONS + 2):
        Kept(settings_of(lake), PAIRS, ("id", version), "sql").write(pa.table({"day": [version]}))
    kept = [Kept(settings_of(lake), PAIRS, ("id", version), "sql").read() for version in range(VERSIONS + 2)]

    assert [each and each["day"].to_pylist() for each in kept] == [None, None, [2], [3]]
    assert Kept(settings_of(lake), PAIRS, ("id", 3), "other sql").read() is None
