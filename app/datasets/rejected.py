"""datasets.rejected — the rows of a dataset that its tables refused, as CSV; of a build that failed, too."""

import csv
import io
from collections.abc import Iterator

from lakehouse.lake import Lake
from lakehouse.quarantine import review, selection
from ml.serving.export import neutral

COLUMNS = ("table", "file", "rules", "line")
ROWS_AT_A_TIME = 1000


def count(lake: Lake) -> int:
    """Return how many rows were refused."""
    return sum(int(each["rows"]) for each in review.counts(lake))


def as_csv(lake: Lake) -> Iterator[str]:
    """Yield the rows by pieces, below a header: the table, the file, the rules that a row breaks, its line."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for name in [each.name for each in lake.tables.values() if each.quarantine_rules]:
        for place, row in enumerate(review.rows(lake, selection.choose(lake, name)), 1):
            writer.writerow(map(neutral, (name, row["file"], ", ".join(row["rules"]), row["line"])))
            if place % ROWS_AT_A_TIME == 0:
                yield text.getvalue()
                text.seek(0)
                text.truncate()
    yield text.getvalue()
