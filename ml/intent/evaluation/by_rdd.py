"""ml.intent.evaluation.by_rdd — the same sums over an RDD of scored rows, in the process of Apache Spark.

Sums by visitor add up, so every task sums its own visitors and a tree of additions does the rest: no row is collected,
whatever their number.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame

from ml.intent.evaluation.tally import Tallies, merge


def tally(rows: DataFrame, count: Callable[[pd.DataFrame], Tallies], tasks: int) -> Tallies:
    """Sum up scored rows by slice and model.

    Args:
        rows: `visitor_id`, and what `count` needs.
        count: from rows to their sums.
        tasks: among which the visitors are shared out; all rows of a visitor lie in one.
    """
    names = rows.columns

    def count_task(task: Iterable[tuple[Any, ...]]) -> Iterator[Tallies]:
        frame = pd.DataFrame(list(task), columns=names)
        if len(frame):
            yield count(frame)

    return dict(rows.repartition(tasks, "visitor_id").rdd.map(tuple).mapPartitions(count_task).treeReduce(merge))
