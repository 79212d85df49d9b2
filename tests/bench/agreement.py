"""Are real visits described and scored alike by every way? Needs RetailRocket's events, whole or a part of them.

    LAKEHOUSE_LAKE=DIR python -m tests.bench.agreement EVENTS.csv

The champion of the lake scores the visits of the file, which get a lake of their own. Each decision point as gold has it is
compared with what its visit's events tell, and its score by `lakehouse ml score` with the formula's. Then each visit is
scored after every event before its purchase: by the page's formula of one row, by POST /api/v1/score, by
`lakehouse ml score --input`, by MLflow's pyfunc and by Spark's MLlib. It ends with exit code 1 if a feature or a score
differs by more than 1e-9.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from app import server
from app.site import Site
from lakehouse import settings
from lakehouse.lake import Lake, open_lake
from lakehouse.settings import PROJECT, Settings
from ml.predictions import POINT
from ml.registry import mlflow_store
from ml.serving.scorer import Row, Scorer, champion
from ml.spark_process import child_environment

from ..described import TOLERANCE, after_every_event, differing, pairs

PORT = 8050
AT_ONCE = 1000  # rows of a request


def main(events: Path) -> int:
    """Compare, and print how many there were and the greatest difference of each way."""
    here = settings.load()
    model = champion(here)
    if model is None:
        sys.exit("The lake has no champion: lakehouse ml train promote --bootstrap")
    with TemporaryDirectory() as folder:
        theirs = {"LAKEHOUSE_LAKE": f"{folder}/lake", "LAKEHOUSE_LAKE__BORROWS": str(here.lake_path.absolute())}
        commands = ["land", str(events), "then", "run", "then", "ml", "score"]
        run = [sys.executable, "-m", "lakehouse.cli", *commands]
        subprocess.run(run, check=True, env=settings.environment() | theirs)
        borrowing = replace(here.lake, path=f"{folder}/lake", borrows=str(here.lake_path.absolute()))
        lake = open_lake(replace(here, lake=borrowing))
        different: dict[str, tuple[object, object]] = {}
        stored = []
        for row, wanted in pairs(lake):
            different |= differing(row, wanted)
            stored.append(wanted)
        points = pd.DataFrame(stored)
        print(f"{len(points):,} decision points of {points['visitor_id'].nunique():,} visitors")
        print(f"{len(different)} features differ")
        for name, (ours, wanted) in different.items():
            print(f"{name}: {ours} described, {wanted} in gold")
        published = np.abs(model.score(points) - np.array(by_command(lake, points))).max()
        print(f"lakehouse ml score: greatest difference of a decision point's score {published:.1e}")
        rows = [{name: row[name] for name in model.input_names} for row in after_every_event(lake)]
        print(f"{len(rows):,} events before a purchase")
        features = pd.DataFrame(rows, dtype=float)
        reference = model.score(rows)
        ways = {
            "one by one (the page)": [float(model.score([row])[0]) for row in rows],
            "POST /api/v1/score": by_api(lake, rows),
            "lakehouse ml score --input": by_input(features, Path(folder), theirs),
            "MLflow's pyfunc": by_pyfunc(here, model, features),
            "Spark's MLlib": by_mllib(here, features, Path(folder)),
        }
    worst = {name: float(np.abs(reference - np.array(found)).max()) for name, found in ways.items()}
    for name, difference in worst.items():
        print(f"{name}: greatest difference of a score {difference:.1e}")
    return int(bool(different) or not all(each <= TOLERANCE for each in (published, *worst.values())))


def by_api(lake: Lake, rows: Sequence[Row]) -> list[float]:
    """Ask the site over the lake for the scores of rows of features."""
    site = Site(lake.settings)
    site.lakes[""].refresh()
    client = server.make(site, PORT).server.test_client()
    found: list[float] = []
    for start in range(0, len(rows), AT_ONCE):
        body = {"rows": rows[start : start + AT_ONCE]}
        answer = client.post("/api/v1/score", json=body, headers={"Host": f"localhost:{PORT}"}).json
        found += [each["probability"] for each in answer["scores"]]
    return found


def by_command(lake: Lake, stored: pd.DataFrame) -> list[float]:
    """Read what `lakehouse ml score` published of the same points."""
    version = lake.ledger.published().versions["ml.predictions"]
    given = lake.store.arrow("ml.predictions", version).to_pandas()[[*POINT, "probability"]]
    found = stored[POINT].merge(given, on=POINT, how="left", validate="one_to_one")["probability"]
    return list(found.fillna(np.inf))


def by_input(features: pd.DataFrame, folder: Path, variables: dict[str, str]) -> list[float]:
    """Let `lakehouse ml score` score a CSV of the points."""
    given, scored = folder / "given.csv", folder / "scored.csv"
    features.to_csv(given, index=False)
    run = [sys.executable, "-m", "lakehouse.cli", "ml", "score", "--input", str(given), "--output", str(scored)]
    subprocess.run(run, check=True, env=settings.environment() | variables)
    return list(pd.read_csv(scored, float_precision="round_trip")["probability"])


def by_pyfunc(here: Settings, model: Scorer, features: pd.DataFrame) -> list[float]:
    """Let MLflow load the registered version, and predict."""
    mlflow = mlflow_store.connect(here)
    loaded = mlflow.pyfunc.load_model(f"models:/{here.model.name}/{model.version}")
    return list(loaded.predict(features)["probability"])


def by_mllib(here: Settings, features: pd.DataFrame, folder: Path) -> list[float]:
    """Let the registered pipeline of Spark score the points, in a process of its own."""
    rows, scores = folder / "rows.parquet", folder / "scores.csv"
    features.assign(place=range(len(features))).to_parquet(rows, index=False)
    command = [sys.executable, "-m", "tests.bench.agreement_mllib", str(rows), str(scores)]
    there = {"LAKEHOUSE_LAKE": str(here.lake_path.absolute())}
    subprocess.run(command, check=True, cwd=PROJECT, env=child_environment() | there)
    found = pd.read_csv(scores, float_precision="round_trip").sort_values("place")
    return list(found["score"])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
