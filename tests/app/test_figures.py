from datetime import date, timedelta
from pathlib import Path

import pytest

import app
from app import components, figures, theme
from app.queries import Day, Root, Steps

CHARTS_CSS = (Path(app.__file__).parent / "assets" / "charts.css").read_text()


def day(number, visits, purchases=0):
    return Day(visits, visits, purchases, purchases, 0, 0, 0, date(2015, 6, 1) + timedelta(days=number))


def trace(figure, name):
    return next(each for each in figure.data if each.name == name)


def test_the_trend_lays_the_period_before_under_the_same_days():
    figure = figures.trend([day(2, 10, 1), day(3, 20, 1)], [day(0, 5), day(1, 8)], [])

    assert list(trace(figure, "Visits").y) == [10, 20]
    assert list(trace(figure, "Conversion").y) == [0.1, 0.05]
    assert list(trace(figure, "Visits, previous").y) == [5, 8]
    assert trace(figure, "Visits, previous").x == trace(figure, "Visits").x


def test_an_incomplete_day_is_dotted_and_named_and_has_no_conversion():
    figure = figures.trend([day(0, 10), day(1, 20)], [], [day(2, 3)])

    dotted = trace(figure, "Visits, incomplete day")
    assert (list(dotted.y), dotted.line.dash) == ([20, 3], "1px,4px")
    assert "3 Jun, incomplete" in [note.text for note in figure.layout.annotations]
    assert len(trace(figure, "Conversion").y) == 2


def test_the_funnel_begins_at_zero_and_states_numbers_with_their_share():
    figure = figures.funnel(Steps(1000, 990, 25, 8), Steps(1200, 1100, 30, 9))

    assert list(trace(figure, "now").x) == [990, 25, 8]
    assert list(trace(figure, "previous").x) == [1100, 30, 9]
    assert figure.layout.xaxis.range[0] == 0
    assert figure.layout.xaxis.range[1] >= 1200
    assert "<b>25</b>   2.5%" in [note.text for note in figure.layout.annotations]


def test_a_funnel_without_comparison_has_no_tick():
    assert "previous" not in [each.name for each in figures.funnel(Steps(10, 9, 2, 1), None).data]


def test_conversions_stand_in_a_column_where_none_is_read_as_the_ticks():
    figure = figures.conversion([Root(100, 100, 10, 2, 5)], {5: Root(100, 100, 10, 4, 5)})

    assert list(trace(figure, "now").x) == [0.02]
    assert list(trace(figure, "previous").x) == [0.04]
    assert [(note.xref, note.x, note.text) for note in figure.layout.annotations] == [("paper", 1, "<b>2.00%</b>")]


def test_contributions_end_with_their_sum():
    figure = figures.contributions([("Start", -5.0), ("Views", 1.5)], -3.5)

    assert list(figure.data[0].x) == [-5.0, 1.5, -3.5]
    assert list(figure.layout.xaxis.range) == [-5.0, 1.5]


def test_movers_show_the_change_with_its_sign():
    figure = figures.movers([(7, 30, 10), (8, 5, 25)])

    assert list(figure.data[0].x) == [20, -20]
    assert list(figure.data[0].text) == ["+20", "−20"]


def test_no_chart_offers_to_upload_itself():
    chart = components.graph("any", figures.funnel(Steps(1, 1, 0, 0), None), 200, "words").children

    assert chart.config["showSendToCloud"] is False
    assert chart.config["displaylogo"] is False


@pytest.mark.parametrize("light", theme.DARK)
def test_every_colour_of_a_chart_has_its_dark_twin_in_the_style_sheet(light):
    red, green, blue = (int(light[place : place + 2], 16) for place in (1, 3, 5))

    for property_ in ("fill", "stroke"):
        rule = f'[style*="{property_}: rgb({red}, {green}, {blue})"] {{ {property_}: {theme.DARK[light]} !important; }}'
        assert rule in CHARTS_CSS
