"""The snippets of docs/reading.md work as they stand."""

import re
from pathlib import Path

from lakehouse.settings import PROJECT

from .by_spark import by_spark

SNIPPETS = re.findall(r"```python( spark)?\n(.*?)```", (PROJECT / "docs" / "reading.md").read_text(), re.DOTALL)


def test_each_snippet_prints_rows_of_the_published_versions(built_lake: Path, capsys):
    names = {"lake": str(built_lake)}
    ours = [code for mark, code in SNIPPETS if not mark]
    assert len(ours) == 4
    for code in ours:
        exec(code, names)
    told = capsys.readouterr().out
    assert "session_date" in told and "events" in told


def test_the_snippet_for_spark_counts_the_published_visits(built_lake: Path):
    first, (of_spark,) = SNIPPETS[0][1], [code for mark, code in SNIPPETS if mark]
    answer = by_spark(f"lake = given['lake']\n{first}\n{of_spark}\nanswer = sessions.count()", lake=str(built_lake))
    assert answer > 1000
