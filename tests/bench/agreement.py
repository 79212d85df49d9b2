"""Are real visits described and scored alike by the batch path and by the serving one? Needs RetailRocket's events.

    LAKEHOUSE_LAKE=DIR python -m tests.bench.agreement EVENTS.csv

The champion of the lake scores the visits of the file, which get a lake of their own: each decision point as gold has it,
and as its visit is described event by event. It ends with exit code 1 if a feature or a score differs by more than 1e-9.
"""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from lakehouse import settings
from lakehouse.lake import open_lake
from ml.serving.scorer import champion

from ..described import TOLERANCE, differing, pairs


def main(events: Path) -> int:
    """Compare, and print how many there were and the greatest difference."""
    here = settings.load()
    model = champion(here)
    if model is None:
        sys.exit("The lake has no champion: lakehouse ml train promote --bootstrap")
    with TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "lakehouse.cli", "land", str(events), "then", "run"]
        subprocess.run(run, check=True, env=settings.environment() | {"LAKEHOUSE_LAKE": folder})
        lake = open_lake(replace(here, lake=replace(here.lake, path=folder)))
        both = list(pairs(lake))
    described, stored = [row for row, _ in both], pd.DataFrame([row for _, row in both])
    different: dict[str, tuple[object, object]] = {}
    for row, wanted in both:
        different |= differing(row, wanted)
    batch = model.score(stored)
    at_once, one_by_one = model.score(described), [float(model.score([row])[0]) for row in described]
    worst = max(float(np.abs(batch - each).max()) for each in (at_once, np.array(one_by_one)))
    print(
        f"{len(both):,} decision points of {stored['visitor_id'].nunique():,} visitors; {len(different)} features differ"
    )
    for name, (ours, theirs) in different.items():
        print(f"{name}: {ours} described, {theirs} in gold")
    print(f"greatest difference of a score: {worst:.1e}")
    return int(bool(different) or not worst <= TOLERANCE)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
