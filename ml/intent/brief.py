"""ml.intent.brief — the brief's own model: four features of a whole visit before its purchase, by MLlib.

It is reported beside the model that answers, always with its caveat: buyers' visits are cut at the sale and others at
their end, so its figures compare nothing with a visit that still goes on.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import SparkContext
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession

from lakehouse.sections import Model
from ml.intent.evaluation import by_rdd
from ml.intent.evaluation.baselines import score_by_brief as score
from ml.intent.evaluation.evaluation import evaluate
from ml.intent.evaluation.figures import MODEL
from ml.intent.evaluation.slices import ALL
from ml.intent.evaluation.tally import Tallies, count
from ml.intent.examples import LEARNED
from ml.intent.threshold import choose
from ml.intent.whole_visits import FEATURES

CAVEAT = (
    "Four features of the whole visit before its purchase. Buyers' visits are cut at the sale and others at their end, "
    "which flatters the figures; distinct_products counts the items of any event. It is not what the page answers by."
)


def train(spark: SparkSession, alike: pa.Table, visits: pd.DataFrame, settings: Model) -> dict[str, Any]:
    """Fit the brief's model and evaluate it on its own test.

    Args:
        spark: MLlib's session.
        alike: what `whole_visits.count_alike` returns.
        visits: what `whole_visits.of_the_test` returns.
        settings: iterations.

    Returns:
        Its features, coefficients, intercept, threshold, figures, figures with intervals, and caveat.
    """
    learned, chosen = (alike.filter(pc.is_in(alike["part"], pa.array(parts))) for parts in (LEARNED, ("threshold",)))
    rows = spark.createDataFrame(learned).coalesce(1)  # alike visits are one row: few enough for one task
    assembler = VectorAssembler(inputCols=list(FEATURES), outputCol="features")
    regression = LogisticRegression(labelCol="label", weightCol="weight", maxIter=settings.max_iter)
    model = regression.fit(assembler.transform(rows))
    beside = {
        "features": list(FEATURES),
        "coefficients": np.asarray(model.coefficients).tolist(),
        "intercept": model.intercept,
    }
    beside |= {"threshold": _threshold(chosen.to_pandas(), beside)}
    evaluation = evaluate(tally_test(spark.sparkContext, visits, beside))
    return {**beside, **evaluation.summary(), "caveat": CAVEAT}


def tally_test(context: SparkContext, visits: pd.DataFrame, beside: Mapping[str, Any]) -> Tallies:
    """Sum up the visits of the test by visitor, for intervals.

    Args:
        context: of MLlib's process.
        visits: what `whole_visits.of_the_test` returns.
        beside: the brief's model: its features, coefficients, intercept and threshold.
    """

    def count_visits(frame: pd.DataFrame) -> Tallies:
        return count(frame.assign(**{MODEL: score(frame, beside)}), {ALL: np.ones(len(frame), bool)}, thresholds)

    thresholds = {MODEL: beside["threshold"]}
    return by_rdd.tally(context, visits, count_visits, most_tasks=1)  # the other model, beside it, needs the cores


def _threshold(alike: pd.DataFrame, beside: Mapping[str, Any]) -> float | None:
    weight = alike["weight"].to_numpy()
    bought = alike["label"].to_numpy() * weight
    return choose(score(alike, beside), bought, weight, int(bought.sum())).value
