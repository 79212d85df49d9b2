"""Every table of a run equals what DuckDB makes of the same files, by SQL that shares no line with the run."""

import subprocess
import sys
from pathlib import Path

from lakehouse.settings import PROJECT

from .bench.comparison import compare

ORACLE = PROJECT / "tests" / "bench" / "duckdb_lake.py"


def test_every_table_of_the_sample_is_that_of_duckdb(built_lake: Path, tmp_path: Path):
    made = subprocess.run([sys.executable, ORACLE, built_lake / "landing", tmp_path], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "gold" / "daily_kpis").is_dir()
    assert list(compare(built_lake, tmp_path)) == []
