"""model.numbers — curves from counts by score, and the weeks of a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from app.context import PageContext
from app.pages.model import queries
from app.statistics import Interval, wilson
from ml.promotion import drift
from ml.promotion.drift import Week

CALIBRATION_BINS = 10
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
        observed: rate of purchases of each tenth, its points taken as independent.
    """

    num_points: int
    num_positives: int
    found: list[float]
    others: list[float]
    precision: list[float]
    promised: list[float]
    observed: list[Interval]


def curves(context: PageContext) -> Curves | None:
    """Return the curves of the champion's test; None where it holds too few purchases."""
    rows = context.ask(queries.scores)
    points, positives = (sum(int(row[name]) for row in rows) for name in ("num_points", "num_positives"))
    if positives < FEWEST or positives == points:
        return None
    flagged = [0, *accumulate(int(row["num_points"]) for row in rows)]
    bought = [0, *accumulate(int(row["num_positives"]) for row in rows)]
    tenths = _tenths(rows, points)
    return Curves(
        num_points=points,
        num_positives=positives,
        found=[each / positives for each in bought],
        others=[(all_ - each) / (points - positives) for all_, each in zip(flagged, bought, strict=True)],
        precision=[each / all_ for all_, each in zip(flagged[1:], bought[1:], strict=True)],
        promised=[sum(row["sum_probability"] for row in part) / _sum(part, "num_points") for part in tenths],
        observed=[wilson(_sum(part, "num_positives"), _sum(part, "num_points")) for part in tenths],
    )


def weeks(context: PageContext) -> tuple[list[Week], list[Mapping[str, Any]]]:
    """Return each week of the champion as it was judged, and the weekly sums over all parts."""
    rows = context.ask(queries.weeks)
    return drift.weeks(context.ask(queries.drift), rows, context.lake.settings.monitor), list(rows)


def _tenths(rows: Sequence[Mapping[str, Any]], points: int) -> list[list[Mapping[str, Any]]]:
    """Part the rows, which are ordered by score, into about ten groups of equally many points."""
    parts: list[list[Mapping[str, Any]]] = [[]]
    for row in rows:
        if _sum(parts[-1], "num_points") >= points / CALIBRATION_BINS:
            parts.append([])
        parts[-1].append(row)
    return parts


def _sum(rows: Sequence[Mapping[str, Any]], name: str) -> int:
    return sum(int(row[name]) for row in rows)
