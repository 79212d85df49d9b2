"""How good the served list is on a folder of real visits, beside the figures that it must reach.

    python -m tests.bench.recommendations FOLDER [--validation] [--without-spark] [--lake LAKE]

FOLDER holds `events_six_days.csv`, with `session_id` and `categoryid` beside the official columns, and
`category_tree.csv`. The rows stay there and in a lake in a temporary folder. They have no transaction ids and no
item properties: each visit's purchases get one invented id, each item a row of its category dated before all events.
`--validation` leaves out the last 36 hours and predicts the 36 before them: settings are chosen there.
"""

import argparse
import csv
import sys
import tempfile
from pathlib import Path

from bronze import landing
from lakehouse.lake import open_lake
from lakehouse.runs import runner
from ml.recommend import evaluation_command, report
from ml.recommend.evaluate import SERVED, Evaluation
from tests.conftest import settings_of

# HR@20 and MRR@20 of the served list: (kind of targets, protocol) -> at least
TARGETS = {
    ("known", "A"): (0.72, 0.47),
    ("known", "B"): (0.56, 0.28),
    ("known", "C"): (0.50, 0.21),
    ("all", "A"): (0.59, 0.39),
    ("all", "B"): (0.42, 0.22),
    ("all", "C"): (0.33, 0.13),
}
HOURS = 36  # of the test
A_WEEK = 7 * 86_400_000


def main(arguments: list[str] | None = None) -> int:
    """Make the lake, evaluate as the command does, and print what was missed; 1 if anything was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--validation", action="store_true")
    parser.add_argument("--without-spark", action="store_true")
    parser.add_argument("--lake", type=Path, help="keep the lake there")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="lakehouse-recommendations-") as folder:
        lake = open_lake(settings_of(asked.lake or Path(folder) / "lake"))
        for path in write(asked.folder, Path(folder), asked.validation):
            landing.accept(lake.landing, path)
        runner.run(lake, print)
        evaluation = evaluation_command.evaluate(lake, print, HOURS, not asked.without_spark)
    print(report.text(evaluation))
    missed = [] if asked.validation else misses(evaluation)
    print("\n".join(missed) or ("" if asked.validation else "Every figure is reached."))
    return int(bool(missed))


def write(source: Path, folder: Path, is_validation: bool) -> list[Path]:
    """Write the files of a lake from the folder's, for a validation without the last hours; return where they are."""
    with (source / "events_six_days.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    if is_validation:
        ends = {row["session_id"]: int(row["timestamp"]) for row in sorted(rows, key=lambda row: int(row["timestamp"]))}
        cutoff = max(ends.values()) - HOURS * 3_600_000
        rows = [row for row in rows if ends[row["session_id"]] < cutoff]
    before = min(int(row["timestamp"]) for row in rows) - A_WEEK
    categories = {row["itemid"]: row["categoryid"] for row in rows}
    events, properties = folder / "events.csv", folder / "item_properties.csv"
    with events.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["timestamp", "visitorid", "event", "itemid", "transactionid"])
        for row in rows:
            order = row["session_id"] if row["event"] == "transaction" else ""
            out.writerow([row["timestamp"], row["visitorid"], row["event"], row["itemid"], order])
    with properties.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["timestamp", "itemid", "property", "value"])
        out.writerows([before, item, "categoryid", category] for item, category in sorted(categories.items()))
    return [events, properties, source / "category_tree.csv"]


def misses(evaluation: Evaluation) -> list[str]:
    """Return a sentence for each figure that the served list does not reach."""
    scores = evaluation.methods[SERVED].scores
    return [
        f"{protocol}, {kind} targets: {scores[kind, protocol].hr.value:.3f}/{scores[kind, protocol].mrr.value:.3f} "
        f"of {hr:.2f}/{mrr:.2f}"
        for (kind, protocol), (hr, mrr) in TARGETS.items()
        if scores[kind, protocol].hr.value < hr or scores[kind, protocol].mrr.value < mrr
    ]


if __name__ == "__main__":
    sys.exit(main())
