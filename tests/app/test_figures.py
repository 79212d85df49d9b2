from datetime import date, timedelta

import plotly.graph_objects as go

from app.charts import bars
from app.data.derived import STEPS
from app.pages.activity import figures as activity
from app.pages.journeys import numbers as journeys
from app.pages.overview import figures as overview
from app.pages.overview.numbers import Day, Move
from app.pages.predict import figures as predict
from app.statistics import Change, wilson
from app.theme import LIGHT

MONDAY = date(2015, 6, 1)


def day(number, visits, purchases=0):
    return Day(MONDAY + timedelta(days=number), visits, purchases, purchases, 0, 0, 0)


def valid(figure):
    """The figure as Plotly's own classes read it, which refuse what is no word of theirs."""
    return go.Figure(figure.to_plotly_json())


def trace(figure, name):
    return next(each for each in figure.data if each.name == name)


def test_the_trend_lays_the_previous_period_under_the_same_days():
    figure = valid(overview.trend([day(7, 10, 1), day(8, 20, 1)], [day(0, 5), day(1, 8)], [], LIGHT))

    assert list(trace(figure, "Visits").y) == [10, 20]
    assert list(trace(figure, "Conversion").y) == [0.1, 0.05]
    assert list(trace(figure, "Visits, previous").y) == [5, 8]
    assert trace(figure, "Visits, previous").x == trace(figure, "Visits").x


def test_an_incomplete_day_is_dotted_and_named_and_has_no_conversion():
    figure = valid(overview.trend([day(0, 10), day(1, 20)], [], [day(2, 3)], LIGHT))
    dotted = trace(figure, "Visits, incomplete day")

    assert (list(dotted.y), dotted.line.dash) == ([20, 3], "1px,4px")
    assert "3 Jun, incomplete" in [note.text for note in figure.layout.annotations]
    assert len(trace(figure, "Conversion").y) == 2


def test_the_funnel_begins_at_zero_and_lays_on_the_previous_periods_shares():
    figure = valid(bars.steps(("View", "Cart", "Purchase"), (990, 25, 8), (0.9, 0.03, 0.01), 1000, LIGHT))

    assert list(trace(figure, "now").x) == [0.99, 0.025, 0.008]
    assert list(trace(figure, "previous").x) == [0.9, 0.03, 0.01]
    assert figure.layout.xaxis.range[0] == 0
    assert "<b>25</b>   2.5%" in [note.text for note in figure.layout.annotations]


def test_a_rate_carries_its_interval_and_its_denominator():
    found = wilson(2, 100)
    figure = valid(bars.rates(["Category 5"], [found], [None], LIGHT.purchase, LIGHT))
    drawn = trace(figure, "now")

    assert (drawn.x[0] - drawn.error_x.arrayminus[0], drawn.x[0] + drawn.error_x.array[0]) == (found.low, found.high)
    assert "2 of 100" in drawn.customdata[0]
    assert len(figure.data) == 1


def test_a_move_that_may_be_chance_has_no_colour():
    moves = [Move(7, Change(30, 10), True), Move(8, Change(5, 25), False), Move(9, Change(5, 25), True)]
    figure = valid(overview.movers(moves, LIGHT))

    assert list(figure.data[0].x) == [20, -20, -20]
    assert list(figure.data[0].marker.color) == [LIGHT.view, LIGHT.other, LIGHT.lowers]
    assert list(figure.data[0].text) == ["+20", "−20", "−20"]


def test_contributions_end_with_their_sum():
    figure = valid(predict.contributions([("Start", -5.0), ("Views", 1.5)], -3.5, LIGHT))

    assert list(figure.data[0].x) == [-5.0, 1.5, -3.5]
    assert list(figure.layout.xaxis.range) == [-5.0, 1.5]


def test_a_day_of_the_calendar_lies_in_the_row_of_its_weekday():
    figure = valid(activity.calendar({MONDAY: 5, MONDAY + timedelta(days=8): 7}, "views", LIGHT))

    assert list(figure.data[0].z[0]) == [5, None]
    assert list(figure.data[0].z[1]) == [None, 7]


def cohort_rows():
    return [
        {"cohort_week": MONDAY, "week_number": week, "num_visitors": number, "num_buyers": 0}
        for week, number in ((0, 10), (2, 3))
    ]


def test_a_week_that_is_not_over_is_blank_and_one_without_a_visitor_is_zero():
    (cohort,) = journeys.cohorts(cohort_rows(), MONDAY + timedelta(days=19), "num_visitors")

    assert (cohort.size, cohort.returned) == (10, [10, 0, None])


def path(number, *steps, is_longer=False):
    padded = [*steps, *[None] * (5 - len(steps))]
    return dict(zip(STEPS, padded, strict=True)) | {
        "num_sessions": number,
        "went_on": len(steps) > 1,
        "is_longer": is_longer,
    }


def test_paths_end_where_the_visit_ends():
    rows = [path(90, "view:1"), path(5, "view:1", "addtocart:1"), path(2, "view:1", "view:2", is_longer=True)]
    found = {(flow.source, flow.target): flow.visits for flow in journeys.flows(rows, 3)}

    assert found == {
        ((0, "View, category 1"), (1, "Cart, category 1")): 5,
        ((1, "Cart, category 1"), (2, journeys.END)): 5,
        ((0, "View, category 1"), (1, "View, category 2")): 2,
    }
