"""batch.figures — the distribution of scores, the profit over the share contacted, gain and calibration."""

from collections.abc import Sequence

from app import wording
from app.charts.template import Figure, figure
from app.pages.batch.numbers import Floats, Profit
from app.statistics import Interval
from app.theme import Palette

MOST_POINTS = 300  # of a curve; more cannot be told apart


def distribution(rows: Sequence[tuple[str, int]], palette: Palette) -> Figure:
    """Draw how many rows lie between two probabilities."""
    drawn = figure(palette, margin={"l": 0, "r": 48, "t": 4, "b": 0}, bargap=0.35)
    drawn.add_bar(
        x=[number for _, number in rows],
        y=[name for name, _ in rows],
        orientation="h",
        marker={"color": palette.view},
        text=[wording.short_count(number) for _, number in rows],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:,}<extra></extra>",
    )
    drawn.update_xaxes(visible=False)
    return drawn


def profit(found: Profit, palette: Palette) -> Figure:
    """Draw what a contact of the highest scored share earns, and where that is most."""
    x, y = _thinned(found.contacted), _thinned(found.profit)
    drawn = _plane(palette, "Share contacted, the highest scores first", "Profit per 1,000 rows")
    drawn.add_scatter(
        x=[0.0, *x],
        y=[0.0, *y],
        mode="lines",
        line={"color": palette.view, "width": 2},
        hovertemplate="%{x:.2%} contacted: %{y:,.1f}<extra></extra>",
    )
    if found.best > 0:
        place = float(found.contacted[int(found.profit.argmax())])
        drawn.add_scatter(
            x=[place], y=[found.best], mode="markers", marker={"size": 12, "color": palette.purchase}, hoverinfo="skip"
        )
    drawn.update_xaxes(tickformat=".0%", range=[0, 1])
    drawn.update_yaxes(zeroline=True, rangemode="normal")
    return drawn


def gain(contacted: Floats, found: Floats, palette: Palette) -> Figure:
    """Draw the purchases found over the share contacted, beside what chance finds."""
    drawn = _plane(palette, "Share contacted, the highest scores first", "Purchases found")
    drawn.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": palette.previous, "width": 1, "dash": "dash"}, hoverinfo="skip"
    )
    drawn.add_scatter(
        x=[0.0, *_thinned(contacted)],
        y=[0.0, *_thinned(found)],
        mode="lines",
        line={"color": palette.purchase, "width": 2},
        hovertemplate="%{x:.1%} contacted find %{y:.1%}<extra></extra>",
    )
    drawn.update_xaxes(tickformat=".0%", range=[0, 1])
    drawn.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return drawn


def calibration(groups: Sequence[tuple[float, Interval]], palette: Palette) -> Figure:
    """Draw the observed rate of each group over the promised one, with its interval."""
    top = max([max(promised, each.high) for promised, each in groups], default=1.0) * 1.05
    drawn = _plane(palette, "Promised", "Observed")
    drawn.add_scatter(
        x=[0, top],
        y=[0, top],
        mode="lines",
        line={"color": palette.previous, "width": 1, "dash": "dash"},
        hoverinfo="skip",
    )
    drawn.add_scatter(
        x=[promised for promised, _ in groups],
        y=[each.rate for _, each in groups],
        mode="markers",
        marker={"size": 9, "color": palette.view},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [max(each.high - each.rate, 0) for _, each in groups],
            "arrayminus": [max(each.rate - each.low, 0) for _, each in groups],
            "color": palette.view,
            "thickness": 1.5,
            "width": 0,
        },
        hovertemplate="promised %{x:.2%}, observed %{y:.2%}<extra></extra>",
    )
    drawn.update_xaxes(tickformat=".1~%", range=[0, top])
    drawn.update_yaxes(tickformat=".1~%", range=[0, top])
    return drawn


def _plane(palette: Palette, x: str, y: str) -> Figure:
    drawn = figure(palette, margin={"l": 8, "r": 16, "t": 8, "b": 8})
    drawn.update_xaxes(title={"text": x, "standoff": 8}, nticks=6)
    drawn.update_yaxes(title={"text": y, "standoff": 8}, nticks=6)
    return drawn


def _thinned(values: Floats) -> list[float]:
    step = max(1, len(values) // MOST_POINTS)
    return [float(each) for each in [*values[:-1:step], *values[-1:]]]
