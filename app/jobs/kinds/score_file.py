"""kinds.score_file — a CSV of visits or raw events by the champion, as `lakehouse ml score --input` does it."""

from collections.abc import Mapping
from typing import Any

from app.jobs import files
from app.jobs.kinds import Kind, Task

SCORED, REJECTED = ("scored.csv", "scored.parquet"), "rejected.csv"


def score(task: Task) -> Mapping[str, Any]:
    """Score the file that the job was given."""
    from lakehouse.lake import open_lake
    from ml.serving.batch import scoring

    outputs = [task.folder / name for name in SCORED]
    path, name = task.folder / files.INPUT, str(task.arguments["name"])
    return scoring.score_file(open_lake(task.settings), path, outputs, task.folder / REJECTED, task.tell, name)


kind = Kind("score-file", lambda said: f"Score {said['name']}", lambda said: said, score, takes_file=True)
