"""model.figures — two curves, calibration by tenths, and the weeks after the training."""

from collections.abc import Mapping, Sequence
from datetime import date
from math import log10
from typing import Any

from app import wording
from app.charts import annotations, heat
from app.charts.template import Figure, figure
from app.pages.model.numbers import Curves
from app.theme import Palette

MOST_POINTS = 200  # of a curve: more than a screen shows
SHARE: dict[str, Any] = {"tickformat": ".0%", "range": [0, 1.01], "showgrid": True}


def roc(found: Curves, palette: Palette) -> Figure:
    """Draw the purchases found over the other points flagged."""
    places = _thinned(len(found.found))
    drawn = figure(palette, margin={"t": 8, "r": 12})
    _line(drawn, [0, 1], [0, 1], palette.previous, "by chance", "dash")
    x, y = ([each[place] for place in places] for each in (found.others, found.found))
    _line(drawn, x, y, palette.view, "%{y:.1%} of the purchases, %{x:.1%} of the others flagged")
    drawn.update_xaxes(**SHARE)
    drawn.update_yaxes(**SHARE)
    return drawn


def precision_recall(found: Curves, palette: Palette) -> Figure:
    """Draw the precision over the recall, with the base rate that guessing reaches."""
    places = _thinned(len(found.precision))
    drawn = figure(palette, margin={"t": 8, "r": 12})
    base = found.num_positives / found.num_points
    _line(drawn, [0, 1], [base, base], palette.previous, f"base rate {wording.percent(base)}", "dash")
    x = [found.found[place + 1] for place in places]
    y = [found.precision[place] for place in places]
    _line(drawn, x, y, palette.view, "of the flagged %{y:.1%} buy, %{x:.1%} of the purchases found")
    drawn.update_xaxes(**SHARE)
    drawn.update_yaxes(tickformat=".0%", rangemode="tozero")
    return drawn


def calibration(found: Curves, palette: Palette) -> Figure:
    """Draw the rate of purchases over the promised one, both logarithmic: a dot with its interval for each tenth."""
    drawn = figure(palette, margin={"t": 8, "r": 12})
    low, top = min(found.promised) / 1.5, max(*found.promised, *(each.high for each in found.observed)) * 1.2
    _line(drawn, [low, top], [low, top], palette.previous, "as promised", "dash")
    drawn.add_scatter(
        x=found.promised,
        y=[each.rate for each in found.observed],
        mode="markers",
        marker={"size": 9, "color": palette.view},
        error_y={
            "type": "data",
            "array": [each.high - each.rate for each in found.observed],
            "arrayminus": [each.rate - each.low for each in found.observed],
            "color": palette.view,
            "thickness": 2,
            "width": 0,
        },
        customdata=[f"{wording.count(each.successes)} of {wording.count(each.n)}" for each in found.observed],
        hovertemplate="promised %{x:.2%}, found %{y:.2%}: %{customdata}<extra></extra>",
    )
    axis: dict[str, Any] = {"type": "log", "tickformat": "~%", "dtick": "D2", "range": [log10(low), log10(top)]}
    drawn.update_xaxes(showgrid=True, **axis)
    drawn.update_yaxes(**axis | {"rangemode": "normal"})
    return drawn


def weeks(rows: Sequence[Mapping[str, Any]], palette: Palette) -> Figure:
    """Draw the rates of purchases that were promised and found, by week of the decision."""
    drawn = figure(palette, margin={"t": 8, "r": 12})
    x = [row["week"] for row in rows]
    for name, column, colour, dash in (
        ("found", "num_positives", palette.purchase, "solid"),
        ("promised", "sum_probability", palette.previous, "dash"),
    ):
        drawn.add_scatter(
            x=x,
            y=[row[column] / row["num_labelled"] for row in rows],
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            customdata=[wording.count(row["num_labelled"]) for row in rows],
            hovertemplate=f"%{{y:.2%}} of %{{customdata}} {name}<extra></extra>",
        )
    drawn.update_xaxes(**annotations.day_axis(x))
    drawn.update_yaxes(tickformat=".1%")
    return drawn


def drift(found: Mapping[str, Mapping[date, float]], weeks: Sequence[date], limit: float, palette: Palette) -> Figure:
    """Draw how far each input has moved in each week; the strongest colour is that from which it counts as moved."""
    values = [[each.get(week) for week in weeks] for each in found.values()]
    hovers = [
        [f"{name}, week of {wording.day(week)}: {each[week]:.3f}" if week in each else "" for week in weeks]
        for name, each in found.items()
    ]
    drawn = heat.cells([wording.short_day(week) for week in weeks], list(found), values, hovers, palette, highest=limit)
    drawn.layout["margin"] = {"b": 22}
    drawn.update_xaxes(type="category")
    return drawn


def _line(drawn: Figure, x: Sequence[float], y: Sequence[float], colour: str, hover: str, dash: str = "solid") -> None:
    style = {"color": colour, "width": 2, "dash": dash}
    drawn.add_scatter(x=list(x), y=list(y), mode="lines", line=style, hovertemplate=f"{hover}<extra></extra>")


def _thinned(number: int) -> list[int]:
    """Return places of a curve, the ends among them, no more than are seen."""
    step = max(1, number // MOST_POINTS)
    return sorted({*range(0, number, step), number - 1})
