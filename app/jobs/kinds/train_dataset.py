"""kinds.train_dataset — a model of a dataset's own: `lakehouse ml train promote --bootstrap score` on its lake."""

from collections.abc import Mapping
from typing import Any

from app.jobs.kinds import Arguments, Kind, Task
from lakehouse.errors import Exit, LakehouseError


def train(task: Task) -> Mapping[str, Any]:
    """Train, let the gates judge, and score the visits anew; a model that a gate refuses is none.

    Raises:
        LakehouseError: it is no reader's dataset, or there is too little to learn from (exit codes 2 and 3).
    """
    from lakehouse.lake import open_lake
    from ml.intent import training
    from ml.promotion import promotion
    from ml.serving import scoring

    if not task.settings.lake.borrows:
        raise LakehouseError("Only a dataset of one's own is trained here.", "lakehouse ml train", Exit.USAGE)

    def say(line: str) -> None:
        task.tell(0, 0, line)

    lake = open_lake(task.settings)
    training.train(lake, say)
    outcome = promotion.promote(lake, say, bootstrap=True)
    scoring.score(lake, say)
    return {"model": outcome.version}


def _check(arguments: Arguments) -> Arguments:
    return {}


kind = Kind("train-dataset", lambda _: "Train a model on your dataset", _check, train, writes_lake=True)
