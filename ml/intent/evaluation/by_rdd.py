"""ml.intent.evaluation.by_rdd — the same sums over an RDD of scored rows, in the process of Apache Spark.

Sums by visitor add up, so every task sums its own visitors and a tree of additions does the rest.
"""

from collections.abc import Callable

import pandas as pd
from pyspark import SparkContext

from ml.intent.evaluation.tally import Tallies, group_of, merge


def tally(context: SparkContext, rows: pd.DataFrame, count: Callable[[pd.DataFrame], Tallies]) -> Tallies:
    """Sum up scored rows by slice and model, a task for each core.

    Args:
        context: of the process.
        rows: `visitor_id`, and what `count` needs; all rows of a visitor go to one task.
        count: from rows to their sums.
    """
    tasks = context.defaultParallelism
    task = group_of(rows["visitor_id"].to_numpy()) % tasks
    shares = [rows[task == each] for each in range(tasks) if (task == each).any()]
    return dict(context.parallelize(shares, len(shares)).map(count).treeReduce(merge))
