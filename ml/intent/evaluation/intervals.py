"""ml.intent.evaluation.intervals — bootstrap over visitors: intervals of figures and of their differences."""

from functools import cache

import numpy as np

from ml.intent.evaluation.figures import Estimate
from ml.intent.evaluation.tally import GROUPS, Floats

RESAMPLES = 500
LEVEL = 0.95
SEED = 20150503  # fixed, so that the same points give the same interval
MOST_UNDEFINED = 0.05  # share of resamples in which a figure may have no value, before it has no interval


def interval(values: Floats) -> Estimate:
    """Return the first value with the percentile interval of the others."""
    resampled = values[1:][np.isfinite(values[1:])]
    if len(resampled) < (1 - MOST_UNDEFINED) * (len(values) - 1):
        return Estimate(float(values[0]), np.nan, np.nan)
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(float(values[0]), float(low), float(high))


@cache
def weights() -> Floats:
    """Return how many times each resample drew each group; first the groups as they are: (RESAMPLES + 1) × GROUPS.

    Drawn once, so that two models are compared on the same resamples. A Poisson number a group is what drawing with
    replacement tends to, and adds up over tasks.
    """
    drawn = np.random.default_rng(SEED).poisson(1.0, (RESAMPLES, GROUPS)).astype(float)
    return np.vstack([np.ones((1, GROUPS)), drawn])
