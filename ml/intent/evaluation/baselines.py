"""ml.intent.evaluation.baselines — what a model is compared with: three rates that need none, and the brief's model.

A rate is counted on the points that the model was fit on, for each number of events so far, and is asked about the same
points as the model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from ml.intent.evaluation.slices import POINTS
from ml.intent.evaluation.tally import Floats

KEYS = ("decision_point", "has_cart", "session_hour", "session_weekday")
RULES: Mapping[str, tuple[str, ...]] = {
    "base_rate": (),
    "cart_so_far": ("has_cart",),
    "hour_and_weekday": ("session_hour", "session_weekday"),
}
BASELINES = (*RULES, "brief")
PRIOR_POINTS = 50.0  # by which a rate of few points is drawn to that of its decision point


@dataclass(frozen=True)
class Baselines:
    """Counts of the training, by KEYS: they add up, and are kept with the model as plain lists.

    Attributes:
        counts: a row for each combination that occurs: KEYS, `points` and `positives`.
    """

    counts: pd.DataFrame

    def scores(self, points: pd.DataFrame) -> pd.DataFrame:
        """Return the rates as probabilities, a column for each of RULES.

        Args:
            points: `num_adds`, and KEYS but `has_cart`; `decision_point` may be any number of events from 1.
        """
        asked = points.assign(
            decision_point=_nearest_point(points["decision_point"]), has_cart=points["num_adds"].to_numpy() > 0
        )
        return pd.DataFrame({name: self._rates(asked, list(keys)) for name, keys in RULES.items()}, index=points.index)

    def _rates(self, asked: pd.DataFrame, keys: list[str]) -> Floats:
        total = self.counts[["points", "positives"]].sum()
        overall = (total["positives"] + 0.5) / (total["points"] + 1)
        by_events = self._sums(["decision_point"])
        base = (by_events["positives"] + overall) / (by_events["points"] + 1)
        prior = asked["decision_point"].map(base).fillna(overall).to_numpy(float)
        if not keys:
            return prior
        wanted = ["decision_point", *keys]
        found = asked[wanted].merge(self._sums(wanted).reset_index(), how="left", on=wanted)
        points, positives = (found[name].fillna(0).to_numpy(float) for name in ("points", "positives"))
        return np.asarray((positives + PRIOR_POINTS * prior) / (points + PRIOR_POINTS))

    def _sums(self, keys: list[str]) -> pd.DataFrame:
        return self.counts.groupby(keys)[["points", "positives"]].sum()

    def to_document(self) -> dict[str, list[Any]]:
        """Return the counts as plain lists, by column."""
        return {name: self.counts[name].tolist() for name in self.counts}


def from_document(document: Mapping[str, list[Any]]) -> Baselines:
    """Return the baselines that `to_document` wrote.

    Raises:
        KeyError: a column is missing.
    """
    return Baselines(pd.DataFrame({name: document[name] for name in (*KEYS, "points", "positives")}))


def count_points(points: DataFrame) -> Baselines:
    """Count the decision points that the model is fit on.

    Args:
        points: rows of gold.intent_examples.
    """
    kinds = points.withColumn("has_cart", F.col("num_adds") > 0).groupBy(*KEYS)
    counted = kinds.agg(F.count(F.lit(1)).alias("points"), F.sum("label").alias("positives")).orderBy(*KEYS)
    return Baselines(pd.DataFrame([row.asDict() for row in counted.collect()], columns=[*KEYS, "points", "positives"]))


def add_baselines(points: pd.DataFrame, document: Mapping[str, Any]) -> pd.DataFrame:
    """Add what a model is compared with to decision points, a column of probabilities for each of BASELINES.

    Args:
        points: columns of gold.intent_examples, those of KEYS and of the brief's model among them.
        document: the served model; its `baselines` and `brief` were written by its training.
    """
    rates = from_document(document["baselines"]).scores(points)
    return points.assign(**rates, brief=score_by_brief(points, document["brief"]))


def score_by_brief(rows: pd.DataFrame, brief: Mapping[str, Any]) -> Floats:
    """Return the probabilities of the brief's model.

    Args:
        rows: its features.
        brief: the features' names, the coefficients and the intercept.
    """
    log_odds = rows[brief["features"]].to_numpy(float) @ np.array(brief["coefficients"]) + brief["intercept"]
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def _nearest_point(decision_point: "pd.Series[int]") -> Floats:
    """Return the greatest of POINTS that is not above."""
    points = np.array(POINTS)
    return np.asarray(points[np.searchsorted(points, decision_point.to_numpy(), side="right").clip(min=1) - 1])
