from datetime import UTC, date, datetime, timedelta

import pytest

from app import wording
from app.queries import Root, Skips, Steps, Totals
from app.view import Period


def totals(visits, purchases):
    return Totals(visits, visits, purchases, purchases, 0, 0, 0)


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


def test_the_trend_says_direction_and_numbers():
    assert wording.trend_finding(totals(15_775, 103), totals(17_688, 135)) == (
        "Visits fell 10.8% to 15,775, conversion fell to 0.65%"
    )


def test_a_change_below_one_percent_is_called_none():
    assert wording.trend_finding(totals(1_005, 10), totals(1_000, 10)).startswith("Visits held at 1,005")


def test_without_a_period_before_the_trend_states_its_numbers():
    assert wording.trend_finding(totals(200, 4), None) == "200 visits, 2.0% of them with a purchase"


def test_a_period_without_visits_is_said_to_be_empty():
    assert wording.trend_finding(totals(0, 0), totals(5, 1)) == "No visit in this period"
    assert wording.funnel_finding(Steps(0, 0, 0, 0), "visitor") == "No visitor in this period"


def test_skipped_steps_are_counted_in_words():
    assert wording.skip_finding(Skips(900, 1, 1_530, 412)) == "412 purchases skipped the cart, 1 cart the view"


def test_a_category_with_few_visits_is_no_finding():
    small, large, other = Root(10, 10, 5, 4, 1), Root(2_000, 2_000, 50, 20, 2), Root(900, 900, 9, 3, 3)

    assert wording.roots_finding([small, large, other], "session") == "Category 2 converts best: 1.00% of 2,000 visits"
    assert wording.roots_finding([small], "session") == "Conversion by root category"


def test_the_finding_of_the_movers_names_a_known_category():
    assert wording.movers_finding([(-1, 0, 900), (4, 30, 10)]) == "Category 4 gained most: +20 visits"
    assert wording.movers_finding([(-1, 0, 900)]) == "Visits by root category"


def test_an_age_is_told_in_its_greatest_unit():
    now = datetime(2015, 9, 18, 6, tzinfo=UTC)
    ages = [timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=5, minutes=59), timedelta(days=2)]

    assert [wording.age(now - each, now) for each in ages] == ["just now", "1 minute ago", "5 hours ago", "2 days ago"]


def test_a_span_names_the_year_once_unless_there_are_two():
    assert wording.span(Period(date(2015, 8, 21), date(2015, 9, 17))) == "21 Aug – 17 Sep 2015"
    assert wording.span(Period(date(2014, 12, 30), date(2015, 1, 2))) == "30 Dec 2014 – 2 Jan 2015"


def test_without_a_period_before_the_busiest_known_category_is_the_finding():
    roots = [Root(60, 60, 0, 0, -1), Root(30, 30, 0, 0, 7), Root(10, 10, 0, 0, 8)]

    assert wording.entries_finding(roots) == "30.0% of 100 visits enter through category 7"
    assert wording.entries_finding(roots[:1]) == "Visits by root category"
