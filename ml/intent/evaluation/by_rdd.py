"""ml.intent.evaluation.by_rdd — the same sums over an RDD of decision points, in the process of Apache Spark.

Sums by visitor add up, so every task sums its own visitors and a tree of additions does the rest: no row is collected,
whatever their number.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame

from ml.intent.evaluation.counting import count_scored
from ml.intent.evaluation.figures import MODEL
from ml.intent.evaluation.slices import COLUMNS
from ml.intent.evaluation.tally import Tallies, merge


def tally(points: DataFrame, document: Mapping[str, Any], tasks: int) -> Tallies:
    """Sum up scored decision points by slice and model: `model`, and what it is compared with.

    Args:
        points: `slices.COLUMNS`, and the model's probability as `model`.
        document: the served model.
        tasks: among which the visitors are shared out; all points of a visitor lie in one.
    """
    names = [*COLUMNS, MODEL]
    rows = points.select(*names).repartition(tasks, "visitor_id").rdd.map(tuple)

    def count_task(task: Iterable[tuple[Any, ...]]) -> Iterator[Tallies]:
        frame = pd.DataFrame(list(task), columns=names)
        if len(frame):
            yield count_scored(frame, document)

    return dict(rows.mapPartitions(count_task).treeReduce(merge))
