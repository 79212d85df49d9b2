"""The small SQLite file of a lake: a writer that is killed in its transaction leaves what was there before."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.data.database import Database
from lakehouse.settings import PROJECT, environment

SCHEMA = "CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, words TEXT NOT NULL);"
# More than SQLite holds in memory: so the file itself is changed in the middle, and only its journal knows what was.
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.app.test_database import at
with at(Path(sys.argv[1])).writing() as connection:
    connection.execute("UPDATE notes SET words = 'half'")
    connection.executemany("INSERT INTO notes (words) VALUES (?)", [("x" * 10_000,)] * 2_000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def at(path: Path) -> Database:
    return Database(path, SCHEMA, "The notes of this test", "lakehouse doctor")


@pytest.fixture
def half_written(tmp_path):
    """A file whose writer was killed in the middle of its transaction."""
    path = tmp_path / "notes.sqlite"
    with at(path).writing() as connection:
        connection.execute("INSERT INTO notes (words) VALUES ('whole')")
    before = path.read_bytes()
    paths = {"PYTHONPATH": str(PROJECT), "LAKEHOUSE_ENV": "test"}
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], env=environment() | paths, cwd=PROJECT)
    assert ended.returncode == -signal.SIGKILL
    assert path.read_bytes() != before
    assert path.with_name("notes.sqlite-journal").is_file()
    return path


def test_what_a_killed_writer_left_half_is_rolled_back_by_the_next_reader(half_written):
    assert at(half_written).rows("SELECT words FROM notes") == [("whole",)]
    assert not half_written.with_name("notes.sqlite-journal").is_file()


def test_the_next_writer_goes_on_from_what_was_whole(half_written):
    with at(half_written).writing() as connection:
        connection.execute("INSERT INTO notes (words) VALUES ('next')")
    assert at(half_written).rows("SELECT words FROM notes ORDER BY id") == [("whole",), ("next",)]


def test_a_file_is_its_owners_alone(half_written):
    assert os.stat(half_written).st_mode & 0o077 == 0
