"""ml.intent.evaluation.counting — from scored decision points to tallies, the baselines beside the model."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from ml.intent.evaluation.baselines import BASELINES, add_baselines
from ml.intent.evaluation.figures import MODEL
from ml.intent.evaluation.slices import slices
from ml.intent.evaluation.tally import Tallies, count


def count_scored(points: pd.DataFrame, document: Mapping[str, Any], others: Iterable[str] = ()) -> Tallies:
    """Sum up scored decision points by slice and model: `model`, what it is compared with, and others.

    Args:
        points: `slices.COLUMNS`, and probabilities as `model` and as each of `others`.
        document: the served model that is `model`.
        others: names of other models.
    """
    thresholds = {MODEL: document["threshold"], **dict.fromkeys((*BASELINES, *others))}
    return count(add_baselines(points, document), slices(points), thresholds)
