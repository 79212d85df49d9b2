"""Does what is learned from synthetic visits hold for real ones? Needs real rows in the format of RetailRocket.

    LAKEHOUSE_LAKE=DIR python -m tests.bench.real_rows EVENTS.csv

The lake needs a run; its visits train a model. The real events, of some visitors only and without items' properties, are
put into a lake of their own. What they cannot tell is left out of both models: category, price, availability, and how
items sold. Beside it stands a model cross-validated on the real rows themselves, by visitor. It ends with exit code 1 if
the area of the first is below .70.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from lakehouse import settings
from lakehouse.lake import open_lake
from ml.intent import document, estimator, examples, training, training_run
from ml.intent.design import RATES, Term, terms
from ml.intent.slices import split
from ml.intent.threshold import Threshold
from ml.serving import formula

UNKNOWN = {"num_same_category", "is_available", "price", "num_unavailable", "item_views", *RATES}
POINTS = (1, 2, 3)
FOLDS, RESAMPLES, RIDGE = 10, 1000, 1e-2
LEAST_AREA = 0.70


def main(events: Path) -> int:
    """Print the area on the real rows and the paired difference of log loss, with their intervals."""
    made = [each for each in terms() if not UNKNOWN.intersection(formula.inputs([each]))]
    real = read(events)
    real = real[real["decision_point"].isin(POINTS)].reset_index(drop=True)
    label, visitor = real["label"].to_numpy(float), real["visitor_id"].to_numpy()

    def column(name: str) -> np.ndarray:
        return real[name].to_numpy(dtype=float)

    ours = formula.Formula(learn(made)).log_odds(column)
    theirs = cross_validated(np.column_stack([formula.term(each, column) for each in made]), label, visitor)
    print(f"{len(real):,} decision points of {len(set(visitor)):,} real visitors; before a purchase:")
    print(" · ".join(f"{rows['label'].sum()} after {point}" for point, rows in real.groupby("decision_point")))
    for name, odds in (("trained on synthetic visits", ours), ("cross-validated on the real", theirs)):
        area, losses = roc(odds, label), loss(odds, label)
        low, high = interval(lambda rows, odds=odds: roc(odds[rows], label[rows]), visitor)
        print(f"{name}: ROC {area:.3f}, 95 % between {low:.3f} and {high:.3f}; log loss {losses.mean():.5f}")
    difference = loss(ours, label) - loss(theirs, label)
    low, high = interval(lambda rows: float(difference[rows].mean()), visitor)
    print(
        f"log loss of the first less that of the second: {difference.mean():+.5f}, 95 % between {low:+.5f} and {high:+.5f}"
    )
    return int(roc(ours, label) < LEAST_AREA)


def read(events: Path) -> pd.DataFrame:
    """Return the decision points of real events, from a run of its own."""
    with TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "lakehouse.cli", "land", str(events), "then", "run"]
        subprocess.run(run, check=True, env=settings.environment() | {"LAKEHOUSE_LAKE": folder})
        here = settings.load()
        return open_lake(replace(here, lake=replace(here.lake, path=folder))).store.arrow(examples.TABLE).to_pandas()


def learn(made: Sequence[Term]) -> formula.Document:
    """Return a model of these terms, trained as `lakehouse ml train` does."""
    chosen = settings.load()
    here = open_lake(chosen)
    publication = training.published(here)
    covered = training.covered(here, publication)
    slices, lake = split(covered, chosen.model), training_run.open_on_spark(chosen, lambda **_: None)
    intent_examples = lake.store.read(examples.TABLE, publication.versions[examples.TABLE])
    points = examples.points(intent_examples, covered, slices, chosen.model).to_pandas()
    fitted = estimator.fit(lake.store.spark, points, made, chosen.model)
    return document.build(fitted, made, [], Threshold(None, 0), slices)


def cross_validated(values: np.ndarray, label: np.ndarray, visitor: np.ndarray) -> np.ndarray:
    """Return the log-odds of each row by a ridge regression of the other visitors' rows."""
    found, fold = np.zeros(len(label)), visitor % FOLDS
    for each in range(FOLDS):
        seen = fold != each
        deviation = values[seen].std(axis=0)
        scaled = (values - values[seen].mean(axis=0)) / np.where(deviation > 0, deviation, 1)
        matrix = np.column_stack([scaled, np.ones(len(scaled))])

        def objective(weights: np.ndarray, matrix=matrix, seen=seen) -> tuple[float, np.ndarray]:
            odds = matrix[seen] @ weights
            penalty = np.append(weights[:-1], 0.0)
            slope = matrix[seen].T @ (1 / (1 + np.exp(-odds)) - label[seen]) / seen.sum() + RIDGE * penalty
            return float(loss(odds, label[seen]).mean() + RIDGE / 2 * penalty @ penalty), slope

        best = minimize(objective, np.zeros(matrix.shape[1]), jac=True, method="L-BFGS-B")
        found[~seen] = matrix[~seen] @ best.x
    return found


def loss(odds: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return each row's negative log-likelihood, in nats."""
    return np.logaddexp(0, odds) - label * odds


def roc(odds: np.ndarray, label: np.ndarray) -> float:
    """Return the area under the ROC curve."""
    ranks = pd.Series(odds).rank().to_numpy()
    bought = label.sum()
    return float((ranks[label == 1].sum() - bought * (bought + 1) / 2) / (bought * (len(label) - bought)))


def interval(figure: Callable[[np.ndarray], float], visitor: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of a figure by a bootstrap over visitors.

    Args:
        figure: from places of rows, some of them more than once, to its value.
        visitor: of each row.
    """
    rows = np.split(np.argsort(visitor, kind="stable"), np.flatnonzero(np.diff(np.sort(visitor))) + 1)
    random = np.random.default_rng(7)
    found = [
        figure(np.concatenate([rows[each] for each in random.integers(len(rows), size=len(rows))]))
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
