"""ml.recommend.als — matrix factorization of visits and items by MLlib, and Spark's own opinion of all lists.

`ml.recommend.evaluation_command` runs it in a process of its own. A visit of the test is folded in: its factors are
the solution of MLlib's own last half-step, given the items'.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.ml.evaluation import RankingEvaluator
from pyspark.ml.recommendation import ALS, ALSModel
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.sections import Recommend
from lakehouse.settings import Settings
from ml.intent.training_run import open_on_spark
from ml.recommend.protocols import List, cut
from ml.recommend.rank import LENGTH
from ml.registry import mlflow_store
from ml.spark_process import Tell, serve

TRAINING, CASES, LISTS, ANSWERS = "training.parquet", "cases.parquet", "lists.parquet", "answers.parquet"
NAME = "ALS"
SEED = 7
BLOCKS = 2  # into which visits and items are cut; MLlib's own ten are for clusters
Factors = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Folding:
    """Items' factors, and what it takes to find those of a visit.

    Attributes:
        ids: items with factors.
        factors: items × rank.
        gram: factors' sum of squares, rank × rank.
        settings: regularisation and alpha.
    """

    ids: npt.NDArray[np.int64]
    factors: Factors
    gram: Factors
    settings: Recommend

    def fold_in(self, places: Sequence[int], times: Sequence[float]) -> Factors:
        """Return the factors of a visit that holds some items some times, as MLlib solves for a user's."""
        held = self.factors[list(places)]
        trust = self.settings.als_alpha * np.asarray(times, dtype=float)
        left = self.gram + (held.T * trust) @ held
        left += self.settings.als_reg * len(places) * np.eye(len(left))
        return np.asarray(np.linalg.solve(left, held.T @ (1 + trust)), dtype=np.float64)

    def rank(self, items: Sequence[int]) -> List:
        """Return the best items for a visit, as many as any protocol needs; none if it holds no item with factors."""
        held, times = np.unique(np.asarray(items), return_counts=True)
        places = np.minimum(np.searchsorted(self.ids, held), len(self.ids) - 1)
        is_known = self.ids[places] == held
        if not is_known.any():
            return []
        scores = self.factors @ self.fold_in(places[is_known].tolist(), times[is_known].tolist())
        most = min(len(scores), LENGTH + len(held))
        best = np.argpartition(-scores, most - 1)[:most]
        ranking: List = self.ids[best[np.lexsort((best, -scores[best]))]].tolist()
        return ranking


def fit(training: DataFrame, settings: Recommend, folder: Path) -> ALSModel:
    """Factorize visits × items.

    Args:
        training: `visit`, `place` (of the item) and `times`.
        settings: rank, regularisation, alpha and iterations.
        folder: for checkpoints: each iteration adds to what a task must know of those before, until its stack is full.
    """
    training.sparkSession.sparkContext.setCheckpointDir(str(folder))
    als = ALS(
        rank=settings.als_rank,
        maxIter=settings.als_iterations,
        regParam=settings.als_reg,
        alpha=settings.als_alpha,
        implicitPrefs=True,
        userCol="visit",
        itemCol="place",
        ratingCol="times",
        numUserBlocks=BLOCKS,
        numItemBlocks=BLOCKS,
        checkpointInterval=2,
        seed=SEED,
    )
    return als.fit(training)


def folding(model: ALSModel, ids: npt.NDArray[np.int64], settings: Recommend) -> Folding:
    """Take the items' factors out of a model; `ids` are those of its places."""
    rows = model.itemFactors.orderBy("id").collect()
    factors: Factors = np.array([row["features"] for row in rows], dtype=float)
    return Folding(ids[[row["id"] for row in rows]], factors, factors.T @ factors, settings)


def compare(settings: Settings, tell: Tell, folder: str, run_id: str) -> dict[str, Any]:
    """Fit, rank the cases of a folder, let Spark judge all lists, and log the model to an MLflow run.

    Args:
        settings: the lake, locked by the parent.
        tell: sends the parent a message.
        folder: holds `TRAINING`, `CASES` and `LISTS`; gets `ANSWERS`, a list for each case.
        run_id: the run in MLflow.

    Returns:
        `scores`: method, kind, protocol, HR@20 and MRR@20 by Spark's evaluator.
    """
    files = Path(folder)
    spark = open_on_spark(settings, tell).store.spark
    training, asked = pq.read_table(files / TRAINING), pq.read_table(files / CASES)
    ids, places = np.unique(training["item"].to_numpy(), return_inverse=True)
    rows = pa.table({"visit": training["visit"], "place": pa.array(places, pa.int32()), "times": training["times"]})
    tell(say=f"Factorizing {len(np.unique(training['visit'])):,} visits × {len(ids):,} items by MLlib …")
    pq.write_table(rows, files / "rows.parquet")
    model = fit(spark.read.parquet(str(files / "rows.parquet")).cache(), settings.recommend, files / "checkpoints")
    tell(say=f"Asking for lists: {NAME} …")
    answers = pa.array(list(_answers(folding(model, ids, settings.recommend), asked.to_pylist())), pa.list_(pa.int64()))
    columns = {"method": pa.array([NAME] * len(asked)), "list": answers}
    ours = asked.select(["kind", "protocol", "target"])
    for name, column in columns.items():
        ours = ours.append_column(name, column)
    pq.write_table(ours, files / ANSWERS)
    lists = [
        spark.read.parquet(str(files / name)).select("method", "kind", "protocol", "target", "list")
        for name in (LISTS, ANSWERS)
    ]
    tell(say="Letting Spark's evaluator judge all lists …")
    scores = judge(lists[0].unionByName(lists[1]))
    _log(settings, model, run_id, files)
    return {"scores": scores}


def judge(lists: DataFrame) -> list[tuple[str, str, str, float, float]]:
    """Return HR@20 and MRR@20 of every method, kind and protocol by Spark's evaluator; empty lists count.

    Args:
        lists: a row per prediction: `method`, `kind`, `protocol`, `target` and `list`.
    """
    rows = lists.select(
        *["method", "kind", "protocol"],
        F.col("list").cast("array<double>").alias("prediction"),
        F.array(F.col("target").cast("double")).alias("label"),
    ).cache()
    found = []
    for key in sorted(tuple(row) for row in rows.select("method", "kind", "protocol").distinct().collect()):
        method, kind, protocol = key
        chosen = rows.where((F.col("method") == method) & (F.col("kind") == kind) & (F.col("protocol") == protocol))
        hr, mrr = (
            RankingEvaluator(metricName=name, k=LENGTH).evaluate(chosen)
            for name in ("recallAtK", "meanAveragePrecisionAtK")
        )
        found.append((method, kind, protocol, hr, mrr))
    return found


def _answers(folded: Folding, asked: Iterable[dict[str, Any]]) -> Iterator[List]:
    known: dict[tuple[int, ...], List] = {}
    for case in asked:
        items = tuple(case["items"])
        if items not in known:
            known[items] = folded.rank(items)
        yield cut(known[items], items, case["protocol"])


def _log(settings: Settings, model: ALSModel, run_id: str, folder: Path) -> None:
    mlflow = mlflow_store.connect(settings, mlflow_store.RECOMMENDATIONS)
    with mlflow.start_run(run_id=run_id):
        mlflow.spark.log_model(
            model,
            artifact_path="als",
            dfs_tmpdir=str(folder / "spark"),
            pip_requirements=[f"{name}=={installed(name)}" for name in ("mlflow", "pyspark")],
        )


if __name__ == "__main__":
    serve(compare)
