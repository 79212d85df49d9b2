"""ml.intent.evaluation.by_rdd — over RDDs of scored rows, in the process of Apache Spark: the same sums; MLlib's areas.

Sums by visitor add up, so every task sums its own visitors and a tree of additions does the rest.
"""

from collections.abc import Callable
from warnings import catch_warnings, simplefilter

import numpy as np
import pandas as pd
from pyspark import SparkContext
from pyspark.mllib.evaluation import BinaryClassificationMetrics

from ml.intent.evaluation.figures import MODEL
from ml.intent.evaluation.tally import Tallies, group_of, merge

DIGITS = 3  # of the log-odds by which MLlib measures: alike ones are one row, and sorting them all costs seconds


def tally(
    context: SparkContext, rows: pd.DataFrame, count: Callable[[pd.DataFrame], Tallies], most_tasks: int | None = None
) -> Tallies:
    """Sum up scored rows by slice and model.

    Args:
        context: of the process.
        rows: `visitor_id`, and what `count` needs; all rows of a visitor go to one task.
        count: from rows to their sums.
        most_tasks: side by side; one for each core if None.
    """
    tasks = most_tasks or context.defaultParallelism
    task = group_of(rows["visitor_id"].to_numpy()) % tasks
    shares = [rows[task == each] for each in range(tasks) if (task == each).any()]
    return dict(context.parallelize(shares, len(shares)).map(count).treeReduce(merge))


def areas(context: SparkContext, scored: pd.DataFrame) -> dict[str, float]:
    """Return the areas under both curves by MLlib's RDD-based metrics, which look at some 1,000 scores.

    Args:
        context: of the process.
        scored: `label`, and `model`, the probability.
    """
    alike = np.round(np.log(scored[MODEL] / (1 - scored[MODEL])), DIGITS).rename("score")
    counted = scored.groupby([alike, "label"]).size().rename("weight").reset_index().astype(float)
    rows = context.parallelize(list(counted.itertuples(index=False, name=None)), 1)
    with catch_warnings():
        simplefilter("ignore", FutureWarning)  # it uses a deprecated call of its own library
        metrics = BinaryClassificationMetrics(rows)
    return {"roc_auc_rdd": metrics.areaUnderROC, "pr_auc_rdd": metrics.areaUnderPR}
