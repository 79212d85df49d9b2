"""kinds.train_dataset — a model of a dataset's own: `lakehouse ml train promote --bootstrap score` on its lake."""

from collections.abc import Mapping
from typing import Any

from app.jobs.kinds import Kind, Task


def train(task: Task) -> Mapping[str, Any]:
    """Train, let the gates judge, and score the visits anew; a model that a gate refuses is none.

    Raises:
        LakehouseError: there is too little to learn from, or a gate refuses the model (exit code 3).
    """
    from lakehouse.lake import open_lake
    from ml.intent import training
    from ml.promotion import monitoring, promotion
    from ml.serving import scoring

    def say(line: str) -> None:
        task.tell(0, 0, line)

    lake = open_lake(task.settings)
    training.train(lake, say)
    outcome = promotion.promote(lake, say, bootstrap=True)
    scoring.score(lake, say)
    monitoring.monitor(lake, say)
    return {"model": outcome.version}


kind = Kind(
    "train-dataset", lambda _: "Train a model on your dataset", lambda _: {}, train, writes_lake=True, has_route=True
)
