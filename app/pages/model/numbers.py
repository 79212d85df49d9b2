"""model.numbers — the curves of a model, kept by its training or counted from its predictions, and its weeks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from app.context import PageContext
from app.pages.model import queries
from app.statistics import BESIDE_A_FIGURE, Interval, PairedSums, design_effect, wilson
from ml.promotion import drift
from ml.promotion.drift import Week
from ml.serving.registered import named

SUMS = ("x1", "y1", "x1x1", "x1y1", "y1y1", "visitors1")
FEWEST = 10  # labelled purchases, before a curve says anything


@dataclass(frozen=True)
class Curves:
    """The curves of one set of labelled predictions, from the highest score down.

    Attributes:
        num_points: decision points.
        num_positives: of them, those with a purchase later in their visit.
        found: share of the purchases flagged so far, which is the recall.
        others: share of the other points flagged so far.
        precision: share of purchases among the flagged so far.
        promised: mean probability of each tenth of the points.
        observed: rate of purchases of each tenth, with its 95 % interval over visitors.
        is_kept: whether its training kept them; else they are counted from the lake's predictions.
    """

    num_points: int
    num_positives: int
    found: list[float]
    others: list[float]
    precision: list[float]
    promised: list[float]
    observed: list[Interval]
    is_kept: bool


def curves(context: PageContext) -> Curves | None:
    """Return the curves of the champion's test; None where it holds too few purchases.

    Those of its training, if it kept them; else, and of a model that is another lake's, those of its predictions here.
    """
    if context.model and not context.model.is_borrowed:
        kept = next((each.curves for each in named(context.lake.settings) if each.scorer), {})
        if kept and kept["num_positives"] >= FEWEST:
            return _kept(kept)
    return _counted(context)


def _kept(known: Mapping[str, Any]) -> Curves:
    names = ("num_points", "num_positives", "found", "others", "precision")
    return Curves(**{name: known[name] for name in names}, **_calibration(known["calibration"]), is_kept=True)


def _counted(context: PageContext) -> Curves | None:
    rows = context.ask(queries.scores)
    points, positives = (sum(int(row[name]) for row in rows) for name in ("num_points", "num_positives"))
    if positives < FEWEST or positives == points:
        return None
    flagged = [0, *accumulate(int(row["num_points"]) for row in rows)]
    bought = [0, *accumulate(int(row["num_positives"]) for row in rows)]
    return Curves(
        num_points=points,
        num_positives=positives,
        found=[each / positives for each in bought],
        others=[(all_ - each) / (points - positives) for all_, each in zip(flagged, bought, strict=True)],
        precision=[each / all_ for all_, each in zip(flagged[1:], bought[1:], strict=True)],
        **_calibration(context.ask(queries.calibration)),
        is_kept=False,
    )


def _calibration(tenths: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return `promised` and `observed` of sums over visitors, whose points are one cluster each."""
    sums = [PairedSums(**{name: float(row[name]) for name in SUMS}) for row in tenths]
    observed = [wilson(each.y1, each.x1, design_effect(each), BESIDE_A_FIGURE) for each in sums]
    return {"promised": [float(row["promised"]) for row in tenths], "observed": observed}


def weeks(context: PageContext) -> tuple[list[Week], list[Mapping[str, Any]]]:
    """Return each week of the champion as it was judged, and the weekly sums over all parts."""
    rows = context.ask(queries.weeks)
    return drift.weeks(context.ask(queries.drift), rows, context.lake.settings.monitor), list(rows)


def moved(context: PageContext) -> dict[str, dict[date, float]]:
    """Return of each input, and of the score, its population stability index by week; those that moved most first."""
    found: dict[str, dict[date, float]] = {}
    for week in weeks(context)[0]:
        for feature, value in week.psi.items():
            found.setdefault(feature, {})[week.week] = value
    return dict(sorted(found.items(), key=lambda each: -max(each[1].values())))
