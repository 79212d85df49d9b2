"""kinds.score_visits — the champion's published predictions of some days and visitors, as files."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.jobs.kinds import Arguments, Kind, Task
from app.jobs.kinds.score_file import SCORED
from lakehouse.errors import Exit, LakehouseError
from ml.serving.batch.segment import POINTS, SEGMENTS, Segment

NAMES = {"all": "all visits", "new": "visits of new visitors", "returning": "visits of returning visitors"}


def score(task: Task) -> Mapping[str, Any]:
    """Write the predictions."""
    from lakehouse.lake import open_lake
    from ml.serving.batch import scoring

    outputs = [task.folder / name for name in SCORED]
    return scoring.score_segment(open_lake(task.settings), _segment(task.arguments), outputs, task.tell)


def _check(arguments: Arguments) -> Arguments:
    """Refuse days and words that mean nothing.

    Raises:
        LakehouseError: they do not (exit code 2).
    """
    meant = _segment(arguments)
    return {"start": str(meant.start), "end": str(meant.end), "visitors": meant.visitors, "point": meant.point}


def _segment(arguments: Arguments) -> Segment:
    try:
        start, end = (date.fromisoformat(str(arguments[name])) for name in ("start", "end"))
    except (KeyError, ValueError) as error:
        message = "A segment has a start and an end, days like 2015-06-03."
        raise LakehouseError(message, "name both", Exit.USAGE) from error
    visitors, point = str(arguments.get("visitors", "all")), str(arguments.get("point", "latest"))
    if visitors not in SEGMENTS or point not in POINTS or start > end:
        remedy = f"visitors: one of {', '.join(SEGMENTS)}; point: one of {', '.join(POINTS)}; no end before the start"
        raise LakehouseError("There is no such segment.", remedy, Exit.USAGE)
    return Segment(start, end, visitors, point)


def _title(arguments: Arguments) -> str:
    return f"Score {NAMES[arguments['visitors']]}, {arguments['start']} to {arguments['end']}"


kind = Kind("score-visits", _title, _check, score)
