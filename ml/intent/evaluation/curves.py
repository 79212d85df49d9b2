"""ml.intent.evaluation.curves — ROC, precision-recall and calibration: as pictures for MLflow's pages, and as JSON."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ml.intent.evaluation.figures import Figures
from ml.intent.evaluation.intervals import weights
from ml.intent.evaluation.measures import Resampled, calibration_bins, calibration_starts
from ml.intent.evaluation.report import with_interval
from ml.intent.evaluation.tally import GROUPS, Floats, Tally

INK, QUIET = "#1f4e79", "#8a8a8a"
BAND = (0.025, 0.975)
MOST_POINTS = 400  # of a curve that is kept: more than a screen shows


def pictures(tally: Tally, figures: Figures) -> dict[str, Figure]:
    """Draw the three curves of one model on one slice.

    Returns:
        name of the file -> picture; none where the figures say no more than counts.
    """
    if not figures.estimates:
        return {}
    of = Resampled(tally, weights()[:1])
    texts = {name: with_interval(value) for name, value in figures.estimates.items()}
    return {
        "roc.png": roc(of, texts["roc_auc"]),
        "precision_recall.png": precision_recall(of, texts["pr_auc"], figures.estimates["base_rate"].point),
        "calibration.png": calibration(Resampled(tally, weights())),
    }


def document(tally: Tally, figures: Figures) -> dict[str, Any]:
    """Return the three curves of one model on one slice as JSON holds them; nothing where the figures are counts alone.

    Returns:
        `num_points` and `num_positives`; from the highest score down `found` and `others`, the shares of purchases and
        of other points flagged so far, with `precision`; `calibration`, of each tenth from the highest score down the
        `promised` rate, and sums over groups of visitors by the names of `app.statistics.PairedSums`: x are points,
        y those before a purchase.
    """
    if not figures.estimates:
        return {}
    of = Resampled(tally, weights()[:1])
    others, found = roc_points(of)
    precision = precision_recall_points(of)[1]
    places = np.unique(np.linspace(0, len(precision) - 1, MOST_POINTS).astype(int))
    return {
        "num_points": tally.num_points,
        "num_positives": tally.num_positives,
        "found": found[np.append(0, places + 1)].tolist(),
        "others": others[np.append(0, places + 1)].tolist(),
        "precision": precision[places].tolist(),
        "calibration": _tenths(of)[::-1],
    }


def _tenths(of: Resampled) -> list[dict[str, float]]:
    tally, (_, columns) = of.tally, of.bins
    starts, promised = calibration_starts(of), calibration_bins(of)[1][0]
    cells = (np.searchsorted(starts, columns, side="right") - 1) * GROUPS + tally.groups
    shape = len(starts), GROUPS
    points, bought = (
        np.bincount(cells, weights, minlength=shape[0] * GROUPS).reshape(shape)
        for weights in (tally.counts, tally.counts * tally.labels)
    )
    sums = {"x1": points, "y1": bought, "x1x1": points**2, "x1y1": points * bought, "y1y1": bought**2}
    by_tenth = {name: each.sum(axis=1) for name, each in sums.items()} | {"visitors1": (points > 0).sum(axis=1)}
    return [
        {"promised": float(rate)} | {name: float(each[place]) for name, each in by_tenth.items()}
        for place, rate in enumerate(promised)
    ]


def roc_points(of: Resampled) -> tuple[Floats, Floats]:
    """Return the share of others flagged and the share of purchases found, from the highest score down."""
    others, found = (_share(each[0]) for each in (of.negatives, of.positives))
    return others, found


def precision_recall_points(of: Resampled) -> tuple[Floats, Floats]:
    """Return recall and precision, from the highest score down."""
    found, others = (np.cumsum(each[0][::-1]) for each in (of.positives, of.negatives))
    return found / found[-1], found / (found + others)


def roc(of: Resampled, area: str) -> Figure:
    """Draw the purchases found over the other points flagged."""
    figure, axes = _picture(f"ROC curve, area {area}", "points without purchase, flagged", "purchases found")
    axes.plot(*roc_points(of), color=INK, linewidth=2, label="model")
    axes.plot([0, 1], [0, 1], color=QUIET, linestyle="--", label="by chance")
    axes.legend(frameon=False)
    return figure


def precision_recall(of: Resampled, area: str, base_rate: float) -> Figure:
    """Draw the precision over the recall, with the base rate that guessing reaches."""
    figure, axes = _picture(f"Precision and recall, average precision {area}", "recall", "precision")
    axes.step(*precision_recall_points(of), where="pre", color=INK, linewidth=2, label="model")
    axes.axhline(base_rate, color=QUIET, linestyle="--", label=f"base rate {base_rate:.2%}")
    axes.legend(frameon=False)
    return figure


def calibration(of: Resampled) -> Figure:
    """Draw the observed rate over the promised one, in ten bins of equally many points, with 95 % intervals."""
    observed, promised, _ = calibration_bins(of)
    low, high = np.nanquantile(observed[1:], BAND, axis=0) if len(observed) > 1 else (observed[0], observed[0])
    figure, axes = _picture("Calibration", "promised probability", "observed rate")
    errors = np.clip([observed[0] - low, high - observed[0]], 0, None)
    axes.errorbar(promised[0], observed[0], yerr=errors, color=INK, marker="o", linestyle="none", label="model")
    top = float(np.nanmax([promised[0].max(), np.nanmax(high)])) * 1.1
    axes.plot([0, top], [0, top], color=QUIET, linestyle="--", label="as promised")
    axes.set(xlim=(0, top), ylim=(0, top))
    axes.legend(frameon=False)
    return figure


def _share(values: Floats) -> Floats:
    summed = np.concatenate([[0.0], np.cumsum(values[::-1])])
    return np.asarray(summed / summed[-1])


def _picture(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6, 5), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x, ylabel=y, xlim=(0, 1), ylim=(0, 1.02))
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
