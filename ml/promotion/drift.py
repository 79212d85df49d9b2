"""ml.promotion.drift — from the weekly sums to what has drifted, and whether to train anew."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log
from typing import Any

from lakehouse.sections import Monitor

LEAST_SHARE = 1e-4  # of an empty bin, so that its logarithm exists
FEWEST_POSITIVES = 30  # labelled in a week, before its quality says anything
CALENDAR = {"session_weekday"}  # a week that is not over lacks weekdays, which is no drift


@dataclass(frozen=True)
class Week:
    """What one week showed.

    Attributes:
        week: its Monday.
        psi: population stability index by feature: 0 where the week is spread like the test, above .2 it has moved.
        missing: share of points without a value by feature, less that of the test.
        log_loss: mean over the labelled predictions after the training, None where there are too few purchases.
        expected_log_loss: the same over the test.
        observed_to_expected: purchases over those promised, None where there are too few.
        reasons: why the week counts as drifted; empty where it does not.
    """

    week: date
    psi: Mapping[str, float]
    missing: Mapping[str, float]
    log_loss: float | None
    expected_log_loss: float | None
    observed_to_expected: float | None
    reasons: tuple[str, ...]


def psi(points: Sequence[int], test: Sequence[int]) -> float:
    """Return the population stability index of counts by bin against those of the test."""
    shares = [[max(each / max(sum(counts), 1), LEAST_SHARE) for each in counts] for counts in (points, test)]
    return sum((now - then) * log(now / then) for now, then in zip(*shares, strict=True))


def weeks(drift: Iterable[Mapping[str, Any]], quality: Iterable[Mapping[str, Any]], settings: Monitor) -> list[Week]:
    """Judge each week.

    Args:
        drift: rows of ml.feature_drift of one model version.
        quality: rows of ml.prediction_quality of it.
        settings: the limits.
    """
    cells: dict[date, dict[str, list[Mapping[str, Any]]]] = {}
    for row in drift:
        if row["feature"] not in CALENDAR:
            cells.setdefault(row["week"], {}).setdefault(row["feature"], []).append(row)
    by_week: dict[date, list[Mapping[str, Any]]] = {}
    test: list[Mapping[str, Any]] = []
    for row in quality:
        if row["part"] == "test":
            test.append(row)
        if row["part"] == "later":
            by_week.setdefault(row["week"], []).append(row)
    expected = _mean_loss(test)
    return [_judge(each, cells[each], by_week.get(each, []), expected, settings) for each in sorted(cells)]


def overall(drift: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the index of each input over all weeks together, the calendar aside.

    Args:
        drift: rows of ml.feature_drift of one model version.
    """
    points: dict[str, dict[int, int]] = {}
    test: dict[str, dict[int, int]] = {}
    for row in drift:
        if row["feature"] not in CALENDAR:
            counts = points.setdefault(row["feature"], {})
            counts[row["bin"]] = counts.get(row["bin"], 0) + row["num_points"]
            test.setdefault(row["feature"], {})[row["bin"]] = row["num_test"]
    return {name: psi(list(counts.values()), [test[name][each] for each in counts]) for name, counts in points.items()}


def asks_for_training(found: Sequence[Week], settings: Monitor) -> bool:
    """Say whether the latest week has drifted, and enough of the latest ones with it."""
    latest = found[-settings.windows :]
    drifted = [week for week in latest if week.reasons]
    return bool(latest) and bool(latest[-1].reasons) and len(drifted) >= settings.drifted_windows


def _judge(
    week: date,
    cells: Mapping[str, Sequence[Mapping[str, Any]]],
    quality: Sequence[Mapping[str, Any]],
    expected: float | None,
    settings: Monitor,
) -> Week:
    index, missing = {}, {}
    for feature, rows in cells.items():
        points, test = ([row[name] for row in rows] for name in ("num_points", "num_test"))
        index[feature] = psi(points, test)
        without = [row for row in rows if row["bin"] < 0]
        now, then = (
            sum(row[name] for row in without) / max(sum(counts), 1)
            for name, counts in (("num_points", points), ("num_test", test))
        )
        missing[feature] = now - then
    loss = _mean_loss(quality)
    enough = sum(row["num_positives"] for row in quality) >= FEWEST_POSITIVES
    promised = sum(row["sum_probability"] for row in quality)
    ratio = sum(row["num_positives"] for row in quality) / promised if enough and promised else None
    reasons = [f"{name} has moved (PSI {value:.2f})" for name, value in index.items() if value > settings.psi]
    reasons += [f"{name} lacks values ({value:+.1%})" for name, value in missing.items() if value > settings.missing]
    if loss is not None and expected and loss > expected * (1 + settings.log_loss):
        reasons.append(f"log loss {loss:.4f} against {expected:.4f} in the test")
    if ratio is not None and not 1 / settings.calibration <= ratio <= settings.calibration:
        reasons.append(f"{ratio:.2f} times the promised purchases")
    return Week(week, index, missing, loss, expected, ratio, tuple(reasons))


def _mean_loss(rows: Sequence[Mapping[str, Any]]) -> float | None:
    if sum(row["num_positives"] for row in rows) < FEWEST_POSITIVES:
        return None
    return float(sum(row["sum_log_loss"] for row in rows) / sum(row["num_labelled"] for row in rows))
