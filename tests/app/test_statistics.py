from math import isclose

import numpy as np
import pytest

from app.statistics import (
    PairedSums,
    are_discoveries,
    count_change,
    design_effect,
    independent_change,
    rate_change,
    rate_interval,
    t_cdf,
    t_quantile,
    wilson,
)

WEEK = np.array([1.0, 1.1, 1.2, 1.1, 1.0, 0.8, 0.7])


def sums(x1, y1, x0, y0):
    """The sums of four columns with a number for each visitor."""
    ones, zeros = {"x1": x1, "y1": y1}, {"x0": x0, "y0": y0}
    products = {f"{a}{b}": columns[a] * columns[b] for columns in (ones, zeros) for a, b in pairs(columns)}
    across = {f"{a}{b}": ones[a] * zeros[b] for a in ones for b in zeros}
    counts = {"visitors1": x1 > 0, "visitors0": x0 > 0}
    return PairedSums(**{name: float(np.sum(c)) for name, c in (ones | zeros | products | across | counts).items()})


def pairs(columns):
    x, y = columns
    return (x, x), (x, y), (y, y)


def test_students_distribution_has_its_tabled_values():
    assert t_quantile(0.975, 10) == pytest.approx(2.228139, abs=1e-5)
    assert t_quantile(0.99, 27) == pytest.approx(2.472660, abs=1e-5)
    assert t_cdf(-1.812461, 10) == pytest.approx(0.05, abs=1e-6)


def test_wilsons_interval_has_its_published_value():
    found = wilson(15, 148)  # at 98 %: z = 2.326
    z, n, p = 2.3263479, 148, 15 / 148
    centre, half = p + z * z / (2 * n), z * ((p * (1 - p) + z * z / (4 * n)) / n) ** 0.5

    assert (found.low, found.high) == pytest.approx(
        ((centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n))
    )


def test_under_seven_days_nothing_is_said_of_a_count():
    change = count_change([100] * 6, [1] * 6)

    assert (change.is_clear, change.why_not) == (False, "too few days")
    assert (change.value, change.former) == (600, 6)


def test_a_fall_of_every_day_is_clear_and_one_wild_day_is_not():
    steady = count_change([90, 91, 80, 70, 88, 79, 85], [110, 112, 99, 93, 108, 98, 107])
    wild = count_change([100, 100, 100, 100, 100, 100, 900], [100, 101, 99, 100, 101, 99, 100])

    assert steady.is_clear and steady.high < 0
    assert not wild.is_clear


def test_days_that_resemble_the_day_before_widen_the_interval():
    drift = [-30, -20, -10, 0, 10, 20, 30]
    shuffled = [0, -30, 20, -10, 30, -20, 10]
    wide, narrow = (count_change([100 + each for each in days], [90] * 7) for days in (drift, shuffled))

    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_visits_of_one_visitor_are_one_cluster():
    """Ten visitors with ten visits each, all bought or none, tell no more than ten visitors."""
    bought = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
    nothing = np.zeros(10)
    repeated = sums(np.full(10, 10.0), 10.0 * bought, nothing, nothing)
    once = sums(np.ones(10), bought.astype(float), nothing, nothing)

    assert design_effect(repeated) == pytest.approx(10 * design_effect(once))
    assert (rate_interval(repeated).low, rate_interval(repeated).high) == pytest.approx(
        (rate_interval(once).low, rate_interval(once).high)
    )


def test_the_variance_of_a_difference_is_that_of_the_visitors_residuals():
    generator = np.random.default_rng(3)
    x1, x0 = generator.poisson(2, (2, 400)).astype(float)
    y1, y0 = (
        generator.binomial(x1.astype(int), 0.3).astype(float),
        generator.binomial(x0.astype(int), 0.2).astype(float),
    )
    change = rate_change(sums(x1, y1, x0, y0))
    residuals = (y1 - change.value * x1) / x1.sum() - (y0 - change.former * x0) / x0.sum()
    half = 2.3263479 * float(np.sum(residuals**2)) ** 0.5

    assert isclose((change.high - change.low) / 2, half, rel_tol=0.01)


def test_a_rate_of_a_handful_of_purchases_is_not_compared():
    assert independent_change(4, 1000, 40, 1000, 1.0).why_not == "too few"
    assert independent_change(0, 0, 4, 10, 1.0).why_not == "nothing to compare"
    assert independent_change(200, 1000, 100, 1000, 1.0).is_clear
    assert not independent_change(200, 1000, 100, 1000, 40.0).is_clear


def test_benjamini_and_hochbergs_own_example_names_four():
    ps = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]

    assert sum(are_discoveries(ps, 0.05)) == 4
    assert are_discoveries(ps[::-1], 0.05) == are_discoveries(ps, 0.05)[::-1]


def test_the_same_process_in_both_periods_colours_at_most_one_figure_in_twenty():
    """Days vary more than a Poisson process and a few heavy visitors buy much, as in the shop's own data."""
    generator = np.random.default_rng(7)
    figures = []
    for _ in range(150):
        for days in (7, 28):
            expected = 500 * np.tile(WEEK, days // 7)
            now, then = generator.negative_binomial(30, 30 / (30 + expected), (2, days))
            figures.append(count_change(now.tolist(), then.tolist()).is_clear)
        is_heavy = generator.random(1500) < 0.01
        visits = generator.geometric(0.7, (2, 1500)) * np.where(is_heavy, 10, 1) * (generator.random((2, 1500)) < 0.6)
        rate = np.where(is_heavy, 0.3, generator.beta(0.1, 9, 1500))
        bought = generator.binomial(visits, rate)
        figures.append(
            rate_change(sums(*(a.astype(float) for a in (visits[0], bought[0], visits[1], bought[1])))).is_clear
        )

    assert 0 < sum(figures) <= 0.05 * len(figures)


def test_of_many_categories_without_a_change_hardly_any_is_named():
    generator = np.random.default_rng(11)
    named = 0
    for _ in range(60):
        days = generator.negative_binomial(20, 20 / (20 + 40 * np.tile(WEEK, 4)), (25, 2, 28))
        named += any(are_discoveries([count_change(now.tolist(), then.tolist()).p for now, then in days]))

    assert named <= 0.15 * 60
