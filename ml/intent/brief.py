"""ml.intent.brief — the brief's own model: four features of a whole visit before its purchase, by MLlib.

It is reported beside the model that answers, always with its caveat: buyers' visits are cut at the sale and others at
their end, so its figures compare nothing with a visit that still goes on.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.sections import Model
from ml.intent.evaluation import by_mllib, by_rdd
from ml.intent.evaluation.baselines import score_by_brief as score
from ml.intent.evaluation.evaluation import evaluate
from ml.intent.evaluation.figures import MODEL
from ml.intent.evaluation.slices import ALL
from ml.intent.evaluation.tally import Tallies, count
from ml.intent.slices import Slices
from ml.intent.threshold import choose

TABLE = "gold.session_features"
FEATURES = ("num_views", "num_adds", "distinct_products", "session_hour")
CAVEAT = (
    "Four features of the whole visit before its purchase. Buyers' visits are cut at the sale and others at their end, "
    "which flatters the figures; distinct_products counts the items of any event. It is not what the page answers by."
)


def train(session_features: DataFrame, slices: Slices, settings: Model) -> dict[str, Any]:
    """Fit the brief's model and evaluate it on its own test.

    Args:
        session_features: rows of gold.session_features.
        slices: how the time is split.
        settings: iterations.

    Returns:
        Its features, coefficients, intercept, threshold, figures by MLlib, figures with intervals, and caveat.
    """
    rows = (
        count_alike(session_features, slices).coalesce(1).cache()
    )  # alike visits are one row: few enough for one task
    assembler = VectorAssembler(inputCols=list(FEATURES), outputCol="features")
    regression = LogisticRegression(labelCol="label", weightCol="weight", maxIter=settings.max_iter)
    model = regression.fit(assembler.transform(rows.where("part IN ('fit', 'selection', 'calibration')")))
    scored = model.transform(assembler.transform(rows)).withColumn("score", vector_to_array(F.col("probability"))[1])
    chosen = scored.where("part = 'threshold'").select("score", "label", "weight").toPandas()
    positives = (chosen["label"] * chosen["weight"]).to_numpy()
    threshold = choose(chosen["score"].to_numpy(), positives, chosen["weight"].to_numpy(), int(positives.sum()))
    metrics = by_mllib.evaluate(scored.where("part = 'test'"), threshold.value)
    rows.unpersist()
    beside = {
        "features": list(FEATURES),
        "coefficients": np.asarray(model.coefficients).tolist(),
        "intercept": model.intercept,
        "threshold": threshold.value,
    }
    evaluation = evaluate(tally_test(session_features, slices, beside))
    return {**beside, "metrics": metrics, "evaluation": evaluation.to_document(), "caveat": CAVEAT}


def tally_test(session_features: DataFrame, slices: Slices, beside: Mapping[str, Any]) -> Tallies:
    """Sum up the visits of the test by visitor, for intervals.

    Args:
        session_features: rows of gold.session_features.
        slices: how the time is split.
        beside: the brief's model: its features, coefficients, intercept and threshold.
    """
    columns = ("visitor_id", F.unix_millis("started_at").alias("started_at"), F.col("purchase_intent").alias("label"))
    visits = session_features.where("num_events_before > 0").where(slices.part() == "test").select(*columns, *FEATURES)

    def count_visits(frame: pd.DataFrame) -> Tallies:
        return count(frame.assign(**{MODEL: score(frame, beside)}), {ALL: np.ones(len(frame), bool)}, thresholds)

    thresholds = {MODEL: beside["threshold"]}
    return by_rdd.tally(visits, count_visits, session_features.sparkSession.sparkContext.defaultParallelism)


def count_alike(session_features: DataFrame, slices: Slices) -> DataFrame:
    """Count visits that look alike, so that a fit weighs thousands of rows and not millions.

    A visit that opens with its purchase showed nothing before it and takes no part.

    Args:
        session_features: rows of gold.session_features.
        slices: how the time is split.

    Returns:
        `part`, the features, `label` and `weight`, the number of visits.
    """
    visits = session_features.where("num_events_before > 0").withColumn("part", slices.part())
    label = F.col("purchase_intent").alias("label")
    return visits.groupBy("part", *FEATURES, label).agg(F.count(F.lit(1)).cast("double").alias("weight"))
