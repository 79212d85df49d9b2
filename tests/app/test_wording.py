from datetime import UTC, date, datetime, timedelta

import pytest

from app import pages, wording
from app.pages.categories import page as categories
from app.pages.funnel import wording as funnel
from app.pages.funnel.numbers import Root, Skips, Steps, best
from app.pages.overview import wording as overview
from app.pages.overview.numbers import Move
from app.periods import Period
from app.statistics import Change, independent_change, wilson


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1 / 12, "1 visit in 12"),
        (0.00664, "1 visit in 150"),
        (1 / 98765, "1 visit in 99,000"),
        (0.71, "7 visits in 10"),
        (0.97, "97 visits in 100"),
        (0.9999, "more than 99 visits in 100"),
        (1e-9, "less than 1 visit in 1,000,000"),
    ],
)
def test_a_probability_is_said_as_a_frequency(probability, words):
    assert wording.one_in(probability) == words


def test_shares_keep_the_digits_that_carry_meaning():
    assert [wording.percent(share) for share in (0.0065, 0.0234, 0.78, 1)] == ["0.65%", "2.3%", "78.0%", "100%"]


def test_a_change_that_no_interval_separates_is_not_named():
    clear, chance = Change(900, 1000, -150, -50), Change(900, 1000, -250, 50)
    rate, noise = Change(0.02, 0.01, 0.005, 0.015), Change(0.02, 0.01, -0.005, 0.025)

    assert overview.trend(clear, rate) == "Visits fell 10.0% to 900; conversion rose to 2.0%"
    assert overview.trend(chance, noise) == "900 visits, no clear change; conversion 2.0%, no clear change"
    assert overview.trend(Change(900, 1000, why_not="too few days"), None) == "900 visits, too few days"


def test_a_period_without_visits_is_said_to_be_empty():
    assert overview.trend(Change(0, 5, -9, -1), None) == "No visit in this period"
    assert funnel.steps(Steps(0, 0, 0, 0), "visitor") == "No visitor in this period"


def test_the_movers_name_only_what_is_no_chance():
    moves = [Move(4, Change(30, 10, 12, 28), True), Move(5, Change(10, 30, -45, 5), False)]

    assert overview.movers(moves) == "Category 4 gained most: +20 visits"
    assert overview.movers(moves[1:]) == "No clear change in any of 1 categories"


def test_without_a_period_before_the_busiest_known_category_is_the_finding():
    assert overview.entries({-1: 60, 7: 30, 8: 10}) == "30.0% of 100 visits enter through category 7"
    assert overview.entries({-1: 60}) == "No visit with a known category"


def root(category, purchases, visits):
    return Root(category, visits, visits, 0, wilson(purchases, visits), Change(0, 0), False)


def test_converts_best_ranks_by_the_lower_end_so_that_luck_and_the_unknown_do_not_win():
    lucky, sound, unknown = root(1, 4, 20), root(2, 400, 4_000), root(-1, 900, 4_000)

    assert best([lucky, sound, unknown]).category == 2
    assert funnel.best(best([lucky, sound]), "session") == "Category 2 converts best: 10.0% of 4,000 visits"
    assert "too few purchases" in funnel.best(best([root(1, 0, 20)]), "session")
    assert categories.finding([]) == "Too few purchases to rank these categories"


@pytest.mark.parametrize(
    ("query", "is_plain", "words"),
    [
        ("", True, "Visits with each step, in any order, in the same visit"),
        ("?unit=visitor", True, "Visitors by the steps that any of their visits holds, in any order"),
        ("?window=7d", False, "Visits with each step, in any order, within 7 days of the first view"),
        ("?order=ordered", False, "Visits with each step, in this order, in the same visit"),
        (
            "?unit=visitor&order=ordered&window=1d",
            False,
            "Visitors by the steps that any of their visits leads to, in this order, "
            "within a day of that visit's first view",
        ),
    ],
)
def test_the_funnel_says_what_it_counts_in_which_order_and_time(query, is_plain, words):
    assert funnel.how(pages.parse(query), is_plain) == words


def test_skipped_steps_are_counted_in_words():
    assert (
        funnel.skipped(Skips(900, 1, 1_530, 412)) == "412 purchases without a cart in that visit, 1 cart without a view"
    )


def test_a_rate_that_did_not_clearly_change_is_called_likely_noise():
    changes = {"purchase": independent_change(50, 5_000, 52, 5_000, 1.0)}

    assert funnel.noise(changes) == "The purchase rate −0.04 pp, −0.51 to +0.43: likely noise."


def test_a_category_shows_how_its_conversion_moved_with_its_interval_and_what_is_likely_noise():
    named, noise = Change(0.05, 0.03, 0.008, 0.032), Change(0.02, 0.021, -0.009, 0.007)
    few = Change(0.02, 0.01, why_not="too few")
    cells = [funnel.change_cell(Root(1, 9, 9, 0, wilson(1, 9), each, each is named)) for each in (named, noise, few)]

    assert cells == ["+2.00 pp, +0.80 to +3.20", "−0.10 pp, −0.90 to +0.70: likely noise", "too few"]


def test_the_conversion_of_a_category_says_its_denominator_order_and_time():
    asked = "?unit=visitor&order=ordered&window=7d"

    assert funnel.conversion(pages.parse(""), True) == "Visits with a purchase per visit"
    assert funnel.conversion(pages.parse(asked), False) == (
        "Visitors with a visit that leads to a purchase, in this order, within 7 days, per visitor with a view"
    )


def test_an_age_is_told_in_its_greatest_unit():
    now = datetime(2015, 9, 18, 6, tzinfo=UTC)
    ages = [timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=5, minutes=59), timedelta(days=2)]

    assert [wording.age(now - each, now) for each in ages] == ["just now", "1 minute ago", "5 hours ago", "2 days ago"]


def test_a_length_of_time_is_told_in_the_units_that_carry_meaning():
    lengths = [wording.duration(seconds) for seconds in (45, 700, 12_000, 50_000, 500_000)]

    assert lengths == ["45 s", "12 min", "3 h 20 min", "13 h", "5.8 days"]


def test_a_span_names_the_year_once_unless_there_are_two():
    assert wording.span(Period(date(2015, 8, 21), date(2015, 9, 17))) == "21 Aug – 17 Sep 2015"
    assert wording.span(Period(date(2014, 12, 30), date(2015, 1, 2))) == "30 Dec 2014 – 2 Jan 2015"
