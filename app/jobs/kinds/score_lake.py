"""kinds.score_lake — every published decision point of the lake by the champion, as `lakehouse ml score` does it."""

from collections.abc import Mapping
from typing import Any

from app.jobs.kinds import Arguments, Kind, Task


def score(task: Task) -> Mapping[str, Any]:
    """Score the lake and publish the predictions."""
    from lakehouse.lake import open_lake
    from ml.serving import scoring

    run = scoring.score(open_lake(task.settings), lambda line: task.tell(0, 0, line))
    return {"run": run.number if run else None, "rows": sum(each.rows_out for each in run.results) if run else 0}


def _check(arguments: Arguments) -> Arguments:
    return {}


kind = Kind("score-lake", lambda _: "Score every visit of the lake", _check, score, writes_lake=True)
