"""ml.intent.handover — what a training reads, by the lake's engine, as files for the process of MLlib.

`ml.intent.training` runs it in a process of its own, whose memory is free again when MLlib begins.
"""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from lakehouse.lake import Lake, open_lake
from lakehouse.settings import Settings
from lakehouse.storage.ledger import Run
from ml.intent import examples, whole_visits
from ml.intent.evaluation.baselines import count_points
from ml.intent.slices import Coverage, split
from ml.spark_process import Tell, serve

TABLES = (examples.TABLE, whole_visits.TABLE)
POINTS, ALIKE, VISITS = "points.parquet", "alike.parquet", "visits.parquet"


def hand_over(lake: Lake, publication: Run, covered: Coverage, folder: Path) -> dict[str, Any]:
    """Read a publication's visits and decision points.

    Args:
        lake: the lake.
        publication: names TABLES.
        covered: the time that its data cover.
        folder: gets POINTS, what `examples.points` returns; ALIKE and VISITS, what `whole_visits` returns.

    Returns:
        What else the process is told: `folder`, `splits`, how the time is split, and `baselines`, counts of the fit.

    Raises:
        LakehouseError: there is too little to learn from (exit code 3).
    """
    slices, model = split(covered, lake.settings.model), lake.settings.model
    intent_examples, session_features = (lake.store.read(name, publication.versions[name]) for name in TABLES)
    pq.write_table(examples.points(intent_examples, covered, slices, model), folder / POINTS)
    fit = examples.decision_points(intent_examples, covered, slices).where("part = 'fit'")
    pq.write_table(whole_visits.count_alike(session_features, slices).toArrow(), folder / ALIKE)
    pq.write_table(whole_visits.of_the_test(session_features, slices).toArrow(), folder / VISITS)
    return {"folder": str(folder), "splits": slices.to_document(), "baselines": count_points(fit).to_document()}


def work(settings: Settings, tell: Tell, publication: Run, covered: Coverage, folder: str) -> dict[str, Any]:
    """Be the child: open the lake, and do as `hand_over` does."""
    lake = open_lake(settings)
    tell(jvm_pid=lake.store.engine.jvm_process_id)
    return hand_over(lake, publication, covered, Path(folder))


if __name__ == "__main__":
    serve(work)
