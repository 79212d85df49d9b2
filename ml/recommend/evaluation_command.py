"""ml.recommend.evaluation_command — measure what the newest publication recommends, and log it to MLflow."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse import private
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs import lock
from ml.recommend import evaluate as evaluation
from ml.recommend import report, serving
from ml.recommend.evaluate import Asked, Evaluation, Test
from ml.recommend.protocols import List
from ml.registry import mlflow_store
from ml.spark_process import Say, call

RUN = "ml.recommend.als"  # needs MLlib, so it runs in a process of its own
ALS = "ALS"
MOST_VISITS = 100_000  # the newest of the training that are factorized; more would take many minutes
TOLERANCE = 0.002  # by which Spark's evaluator may differ from ours

Lists = dict[str, dict[tuple[str, str], list[List]]]


def evaluate(lake: Lake, say: Say, hours: float, with_spark: bool = True) -> Evaluation:
    """Fit on what ended before the last hours, predict those, and log all figures.

    Args:
        lake: the lake; its newest publication is read.
        say: receives a few lines.
        hours: the test is what ended in the last of them.
        with_spark: compare with ALS, and let Spark's evaluator judge all lists; needs Java.

    Raises:
        LakehouseError: nothing is published (2), a part would be empty or Spark's evaluator says otherwise (3), the
            lake is locked or Java is missing (4).
    """
    with lock.hold(lake.settings, "lakehouse recommend evaluate"):
        run = serving.published(lake)
        lock.note_jvm(lake.settings, lake.store.engine.jvm_process_id)
        say(f"Fitting what was known {hours:g} hours before the end …")
        test = evaluation.prepare(lake, run.versions, hours)
        asked = evaluation.cases(test)
        say(f"{len(test.test):,} visits with {len(asked['all', 'A']):,} next items are the test.")
        lists = evaluation.rank(test, asked, say)
        mlflow = mlflow_store.connect(lake.settings, mlflow_store.RECOMMENDATIONS)
        with mlflow.start_run(run_name=f"publication {run.run_id}") as logged:
            if with_spark:
                by_spark = _compare(lake, say, test, asked, lists, logged.info.run_id)
            found = evaluation.evaluate(test, asked, lists)
            if with_spark:
                enforce_agreement(found, by_spark)
            report.log(mlflow, lake.settings, run, hours, found)
        report.write(lake.settings, run, hours, found)
        return found


def enforce_agreement(found: Evaluation, by_spark: Mapping[tuple[str, str, str], tuple[float, float]]) -> None:
    """Require that Spark's evaluator finds the same figures as ours.

    Raises:
        LakehouseError: one differs by more than .002 (exit code 3).
    """
    for (method, kind, protocol), (hr, mrr) in by_spark.items():
        score = found.methods[method].scores[kind, protocol]
        worst = max(abs(score.hr.value - hr), abs(score.mrr.value - mrr))
        if not worst <= TOLERANCE:  # a NaN is refused too
            message = f"Spark's evaluator differs by {worst:.4f} on {method}, protocol {protocol}, {kind} targets."
            raise LakehouseError(message, code=Exit.REFUSED)


def _compare(
    lake: Lake, say: Say, test: Test, asked: Asked, lists: Lists, run_id: str
) -> dict[tuple[str, str, str], tuple[float, float]]:
    """Add the lists of ALS to the others; return what Spark's evaluator says of all."""
    root = private.make_folder(lake.settings, lake.settings.spill_path.name)
    with TemporaryDirectory(prefix="recommend-", dir=root) as name:
        folder = Path(name)
        pq.write_table(_training(test), folder / "training.parquet")
        keys = [(kind, protocol, case) for (kind, protocol), of_key in asked.items() for case in of_key]
        cases = [
            {"kind": kind, "protocol": protocol, "items": case.items, "target": case.target}
            for kind, protocol, case in keys
        ]
        pq.write_table(pa.Table.from_pylist(cases), folder / "cases.parquet")
        rows = [
            {"method": method, "kind": kind, "protocol": protocol, "target": case.target, "list": each}
            for method, by_key in lists.items()
            for (kind, protocol), of_key in by_key.items()
            for case, each in zip(asked[kind, protocol], of_key, strict=True)
        ]
        types = {"method": pa.string(), "kind": pa.string(), "protocol": pa.string(), "target": pa.int64()}
        schema = pa.schema([*types.items(), ("list", pa.list_(pa.int64()))])
        pq.write_table(pa.Table.from_pylist(rows, schema), folder / "lists.parquet")
        answer = call(RUN, lake.settings, {"folder": name, "run_id": run_id}, say)
        answers = iter(pq.read_table(folder / "answers.parquet")["list"].to_pylist())
    lists[ALS] = {key: [next(answers) for _ in of_key] for key, of_key in asked.items()}
    return {(method, kind, protocol): (hr, mrr) for method, kind, protocol, hr, mrr in answer["scores"]}


def _training(test: Test) -> pa.Table:
    """Return how often each of the newest visits of several items holds each of them: visit, item, times."""
    newest = np.argsort(test.history.ended_at)[::-1]
    chosen = np.zeros(len(test.history), dtype=bool)
    chosen[newest[np.diff(test.history.starts)[newest] > 1][:MOST_VISITS]] = True
    visits = test.history.where(chosen)
    number = np.repeat(np.arange(len(visits)), np.diff(visits.starts))
    pairs, times = np.unique(np.stack([number, visits.items]), axis=1, return_counts=True)
    return pa.table({"visit": pa.array(pairs[0], pa.int32()), "item": pairs[1], "times": times.astype(float)})
