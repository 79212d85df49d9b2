"""What the model costs on a lake that was run: to train, to let serve, to score all decision points, and to ask once.

    LAKEHOUSE_LAKE=DIR python -m tests.bench.model

Trains and registers other challengers and promotes the last, so let it work on a lake of its own. Spark's own time is that in
which at least one of its jobs ran, by its event log; that of the jobs that fit the model is told beside it. It trains three
times, and the medians count. Ends with exit code 1 if at scale 1 a limit is broken.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from lakehouse import settings
from lakehouse.lake import open_lake
from ml.intent.examples import TABLE
from ml.intent.training_run import FITTING
from ml.serving.scorer import Scorer, champion

from .measuring import GIB, LAKEHOUSE, leave, machine, measure, median

LIMITS = {
    "Spark's own time, s": 15.0,
    "ml train, s": 120.0,
    "ml train, GiB": 4.0,
    "scored and written, s": 8.0,
    "one score, ms": 1.0,
}
RUNS = 3
ANSWERS = 10_000
PROMOTE = ("promote", "--bootstrap", "--accept-undecidable", "a benchmark")


def main() -> int:
    """Measure, print, and compare with the limits."""
    print(machine())
    trained = [train() for _ in range(RUNS)]
    found = {name: median(each[name] for each in trained) for name in trained[0]}
    print(f"ml promote {measure([*LAKEHOUSE, 'ml', *PROMOTE])}")
    lake, scoring = open_lake(settings.load()), measure([*LAKEHOUSE, "ml", "score"])
    published = lake.ledger.published()
    assert published
    print(f"ml score   {scoring}: {scoring.output.splitlines()[-1]}")
    found["scored and written, s"] = float(scoring.output.rpartition("after ")[2].split()[0])
    scorer = champion(lake.settings)
    assert scorer
    points = lake.store.read(TABLE, published.versions[TABLE]).limit(ANSWERS).toArrow().to_pylist()
    found["one score, ms"] = float(np.percentile(list(milliseconds(scorer, points)), 99))
    for name, value in found.items():
        print(f"{name:<24} {value:8.2f} of {LIMITS[name]:g}{'' if value <= LIMITS[name] else ': too much'}")
    return int(any(value > LIMITS[name] for name, value in found.items()))


def train() -> dict[str, float]:
    """Train once; return what it took by the names of LIMITS."""
    with TemporaryDirectory() as log:
        conf = f'{{"spark.eventLog.enabled"="true", "spark.eventLog.compress"="false", "spark.eventLog.dir"="{Path(log).as_uri()}"}}'
        training = measure([*LAKEHOUSE, "ml", "train", "--force"], {"LAKEHOUSE_SPARK__CONF": conf})
        events = [json.loads(line) for path in Path(log).rglob("events_*") for line in path.open()]
    own, fitting = busy_seconds(events), busy_seconds(events, FITTING)
    print(f"ml train   {training}; Spark's own time {own:.1f} s, its jobs to fit the model {fitting:.1f} s", flush=True)
    figures = own, training.seconds, training.peak_bytes / GIB
    return dict(zip(list(LIMITS)[:3], figures, strict=True))


def busy_seconds(events: list[dict[str, Any]], description: str | None = None) -> float:
    """Return for how long at least one job ran, of all jobs or of those with a description, from Spark's event log."""
    spans: dict[int, list[int]] = {}
    for event in events:
        match event:
            case {"Event": "SparkListenerJobStart", "Job ID": job, "Submission Time": at, "Properties": properties}:
                if description in (None, properties.get("spark.job.description")):
                    spans[job] = [at]
            case {"Event": "SparkListenerJobEnd", "Job ID": job, "Completion Time": at} if job in spans:
                spans[job].append(at)
    changes = sorted([(at, change) for span in spans.values() for at, change in zip(span, (1, -1), strict=True)])
    running, began, total = 0, 0, 0
    for at, change in changes:
        if running == 0:
            began = at
        running += change
        if running == 0:
            total += at - began
    return total / 1000


def milliseconds(scorer: Scorer, points: list[dict[str, float | None]]) -> Iterator[float]:
    """Ask about one point after the other."""
    for point in points:
        started = time.perf_counter()
        scorer.score([point])
        yield 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    leave(main())
