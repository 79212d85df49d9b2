"""app.statistics — when a difference is one: intervals decide what the site names and colours.

Counts are compared by the differences of their days, each with the same weekday of the previous period (Student's t,
widened where one day resembles the one before); rates by the interval of their difference, with the visits of one
visitor as one cluster; many differences at once by Benjamini and Hochberg. Visits are not independent draws: a few
visitors hold a third of the orders, and days vary by far more than a Poisson process.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, inf, lgamma, log, log1p, nan, sqrt
from statistics import NormalDist, fmean
from typing import Any

CONFIDENCE = 0.98  # of the intervals that decide: of 100 figures without a change at most about two are coloured
FALSE_DISCOVERIES = 0.10  # share of the movers named that may be chance
FEWEST_DAYS = 7
FEWEST_SUCCESSES = 5
BESIDE_A_FIGURE = 0.95  # of the intervals that stand beside the figures of a model
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True)
class Change:
    """How a number differs from the previous period's.

    Attributes:
        value: now.
        former: in the previous period.
        low: lower end of the interval of the difference `value - former`; nan where nothing can be said.
        high: its upper end.
        p: probability of such a difference without a change.
        why_not: why nothing can be said, empty where something can.
    """

    value: float
    former: float
    low: float = nan
    high: float = nan
    p: float = 1.0
    why_not: str = ""

    @property
    def difference(self) -> float:
        """Now less then."""
        return self.value - self.former

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Interval:
    """A rate with its interval; `n` is its denominator, `successes` its numerator."""

    rate: float
    low: float
    high: float
    n: float
    successes: float


@dataclass(frozen=True)
class PairedSums:
    """Sums over visitors of what each counts: x the denominator, y the numerator; 1 now, 0 in the previous period."""

    x1: float = 0
    y1: float = 0
    x1x1: float = 0
    x1y1: float = 0
    y1y1: float = 0
    x0: float = 0
    y0: float = 0
    x0x0: float = 0
    x0y0: float = 0
    y0y0: float = 0
    x1x0: float = 0
    x1y0: float = 0
    y1x0: float = 0
    y1y0: float = 0
    visitors1: float = 0
    visitors0: float = 0

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], x: str, y: str) -> "PairedSums":
        """Read the sums from rows of pairs of periods.

        Args:
            rows: `is_now` and `is_other_now`; what is counted in the first of both periods, as `x` and `y` and as the
                number of visitors `visitors_x`; and products of what visitors count in the first and in the other,
                `x_x`, `x_y` and `y_y`. A pair of periods that is not there is 0, as is what is NULL.
            x: the name of the denominator.
            y: the name of the numerator.
        """
        by_periods = {(bool(row["is_now"]), bool(row["is_other_now"])): row for row in rows}

        def read(is_now: bool, is_other_now: bool, name: str) -> float:
            return float(by_periods.get((is_now, is_other_now), {}).get(name) or 0)

        found: dict[str, float] = {}
        for digit, is_now in (("1", True), ("0", False)):
            names = {"x": x, "y": y, f"x{digit}x": f"{x}_{x}", f"x{digit}y": f"{x}_{y}", f"y{digit}y": f"{y}_{y}"}
            found |= {f"{ours}{digit}": read(is_now, is_now, theirs) for ours, theirs in names.items()}
            found[f"visitors{digit}"] = read(is_now, is_now, f"visitors_{x}")
        across = {"x1x0": f"{x}_{x}", "x1y0": f"{x}_{y}", "y1y0": f"{y}_{y}"}
        found |= {ours: read(True, False, theirs) for ours, theirs in across.items()}
        return cls(**found, y1x0=read(False, True, f"{x}_{y}"))


def count_change(days: Sequence[float], former: Sequence[float]) -> Change:
    """Compare the sums of two periods by the differences of their days, which are matched by weekday.

    Args:
        days: a number for each day.
        former: the same for the days of the previous period, in their order.
    """
    value, before = float(sum(days)), float(sum(former))
    number = min(len(days), len(former))
    if number < FEWEST_DAYS:
        return Change(value, before, why_not="too few days")
    differences = [now - then for now, then in zip(days, former, strict=False)]
    mean = fmean(differences)
    spread = sqrt(sum((each - mean) ** 2 for each in differences) / (number - 1))
    if spread == 0:
        return Change(value, before, value - before, value - before, 0.0 if mean else 1.0)
    error = spread / sqrt(number) * _autocorrelation_factor(differences, mean)
    half = t_quantile((1 + CONFIDENCE) / 2, number - 1) * error
    p = 2 * (1 - t_cdf(abs(mean) / error, number - 1))
    return Change(value, before, (mean - half) * number, (mean + half) * number, p)


def rate_change(sums: PairedSums) -> Change:
    """Compare two rates; a visitor of both periods is one cluster."""
    s, rate1, rate0 = sums, _ratio(sums.y1, sums.x1), _ratio(sums.y0, sums.x0)
    if not s.x1 or not s.x0:
        return Change(rate1, rate0, why_not="nothing to compare")
    if any(min(y, x - y) < FEWEST_SUCCESSES for x, y in ((s.x1, s.y1), (s.x0, s.y0))):
        return Change(rate1, rate0, why_not="too few")
    within1 = (s.y1y1 - 2 * rate1 * s.x1y1 + rate1**2 * s.x1x1) / s.x1**2
    within0 = (s.y0y0 - 2 * rate0 * s.x0y0 + rate0**2 * s.x0x0) / s.x0**2
    across = (s.y1y0 - rate1 * s.x1y0 - rate0 * s.y1x0 + rate1 * rate0 * s.x1x0) / (s.x1 * s.x0)
    error = sqrt(max(within1 * _few(s.visitors1) + within0 * _few(s.visitors0) - 2 * across, 0.0))
    difference = rate1 - rate0
    if error == 0:
        return Change(rate1, rate0, difference, difference, 1.0 if difference == 0 else 0.0)
    p = 2 * (1 - NormalDist().cdf(abs(difference) / error))
    return Change(rate1, rate0, difference - Z * error, difference + Z * error, p)


def independent_change(y1: float, x1: float, y0: float, x0: float, effect: float) -> Change:
    """Compare y1 / x1 with y0 / x0, whose variances are `effect` times those of independent draws."""
    ones = {"x1": x1, "x1x1": x1 * effect, "y1": y1, "x1y1": y1 * effect, "y1y1": y1 * effect}
    zeros = {"x0": x0, "x0x0": x0 * effect, "y0": y0, "x0y0": y0 * effect, "y0y0": y0 * effect}
    return rate_change(PairedSums(**ones, **zeros))


def rate_interval(sums: PairedSums) -> Interval:
    """Return a rate of the shown period with its interval.

    Wilson's interval, for so many visits as would tell as much if they were independent.
    """
    if not sums.x1:
        return Interval(0.0, 0.0, 1.0, 0, 0)
    return wilson(sums.y1, sums.x1, design_effect(sums))


def design_effect(sums: PairedSums) -> float:
    """Return by how much the clustering by visitor widens the variance of a rate of the shown period, at least 1."""
    rate = _ratio(sums.y1, sums.x1)
    if not 0 < rate < 1:
        return 1.0
    clustered = (sums.y1y1 - 2 * rate * sums.x1y1 + rate**2 * sums.x1x1) / sums.x1**2 * _few(sums.visitors1)
    return max(1.0, clustered / (rate * (1 - rate) / sums.x1))


def wilson(successes: float, n: float, effect: float = 1.0, confidence: float = CONFIDENCE) -> Interval:
    """Return Wilson's interval of successes / n, for n / effect independent draws."""
    if not n:
        return Interval(0.0, 0.0, 1.0, 0, 0)
    rate, independent, z = successes / n, n / effect, NormalDist().inv_cdf((1 + confidence) / 2)
    centre = rate + z**2 / (2 * independent)
    half = z * sqrt(rate * (1 - rate) / independent + z**2 / (4 * independent**2))
    scale = 1 + z**2 / independent
    return Interval(rate, max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale), n, successes)


def are_discoveries(ps: Sequence[float], share: float = FALSE_DISCOVERIES) -> list[bool]:
    """Say which of many differences are named, so that at most a share of those named is chance."""
    order = sorted(range(len(ps)), key=lambda place: ps[place])
    passed = [rank for rank, place in enumerate(order, 1) if ps[place] <= share * rank / len(ps)]
    named = set(order[: max(passed, default=0)])
    return [place in named for place in range(len(ps))]


def t_cdf(t: float, freedom: float) -> float:
    """Return the probability of a value up to t under Student's distribution."""
    if t == inf:
        return 1.0
    tail = 0.5 * _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))
    return 1 - tail if t > 0 else tail


@cache
def t_quantile(probability: float, freedom: float) -> float:
    """Return the value up to which a probability above one half lies, under Student's distribution."""
    low, high = 0.0, 1.0
    while t_cdf(high, freedom) < probability:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if t_cdf(middle, freedom) < probability else (low, middle)
    return high


def _autocorrelation_factor(differences: Sequence[float], mean: float) -> float:
    """Return by how much the error of a mean grows where a day resembles the one before; never below 1."""
    deviations = [each - mean for each in differences]
    whole = sum(each * each for each in deviations)
    lagged = sum(a * b for a, b in itertools.pairwise(deviations)) / whole
    return sqrt((1 + min(lagged, 0.9)) / (1 - min(lagged, 0.9))) if lagged > 0 else 1.0


def _few(clusters: float) -> float:
    """Return the usual correction of a variance for few clusters."""
    return clusters / (clusters - 1) if clusters > 1 else 1.0


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function, by Lentz's continued fraction (Numerical Recipes, 6.4)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    tiny = 1e-300
    c, d = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    fraction = d
    for m in range(1, 300):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / ((1 + term * d) or tiny)
            c = (1 + term / c) or tiny
            fraction *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return front * fraction
