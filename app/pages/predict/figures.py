"""predict.figures — a probability on a logarithmic scale, and the terms that sum to a score."""

from collections.abc import Sequence
from math import log10

from app import wording
from app.charts import annotations
from app.charts.template import Figure, figure
from app.theme import Palette


def contributions(terms: Sequence[tuple[str, float]], score: float, palette: Palette) -> Figure:
    """Draw the log-odds terms of a score around zero, where it starts first and their sum last.

    Name and number stand above each bar, so that long names leave the bars their width on a telephone.
    """
    rows = [*terms, ("Sum: the score", score)]
    colours = [palette.view if value >= 0 else palette.lowers for _, value in rows]
    colours[0], colours[-1] = palette.previous, palette.muted
    values = [value for _, value in rows]
    drawn = figure(palette)
    drawn.add_bar(
        x=values,
        y=list(range(len(rows))),
        orientation="h",
        width=0.3,
        marker={"color": colours},
        hovertemplate="%{x:+.4f} log-odds<extra></extra>",
    )
    for row, (name, value) in enumerate(rows):
        annotations.above(drawn, row - 0.15, 0, "left", name, palette.muted)
        annotations.above(drawn, row - 0.15, 1, "right", f"<b>{wording.signed(value, 2)}</b>", palette.ink)
    drawn.update_xaxes(range=[min(0.0, *values), max(0.0, *values)], showticklabels=False, zeroline=True)
    drawn.update_yaxes(visible=False, range=[len(rows) - 0.8, -0.7])
    return drawn


def likelihoods(points: Sequence[tuple[str, float, str]], palette: Palette) -> Figure:
    """Draw probabilities as dots on a logarithmic scale: (name, probability, colour), each on a line of its own."""
    low = min([0.001, *[value / 2 for _, value, _ in points if value > 0]])
    drawn = figure(palette, margin={"l": 0, "r": 0, "t": 0, "b": 20})
    for row, (name, value, colour) in enumerate(points):
        drawn.add_scatter(
            x=[low, 1], y=[row, row], mode="lines", line={"color": palette.line, "width": 2}, hoverinfo="skip"
        )
        drawn.add_scatter(
            x=[max(value, low)],
            y=[row],
            name=name,
            mode="markers",
            marker={"size": 14, "color": colour},
            hovertemplate=f"{wording.percent(value)}<extra>{name}</extra>",
            cliponaxis=False,
        )
        annotations.above(drawn, row - 0.14, 0, "left", name, palette.muted)
        annotations.above(drawn, row - 0.14, 1, "right", f"<b>{wording.percent(value)}</b>", palette.ink)
    for mark in (mark for mark in (0.0001, 0.001, 0.01, 0.1, 1.0) if mark >= low):
        anchor = "right" if mark == 1 else "left" if mark == low else "center"
        annotations.below(drawn, log10(mark), anchor, f"{mark * 100:g}%", palette.muted)
    drawn.update_xaxes(type="log", range=[log10(low), 0], showticklabels=False)
    drawn.update_yaxes(visible=False, range=[len(points) - 0.6, -0.8])
    return drawn


def course(names: Sequence[str], chances: Sequence[float], at: int, palette: Palette) -> Figure:
    """Draw the chance after each event, with a ring around the one, from 1, that is looked at."""
    drawn = figure(palette, margin={"t": 12, "r": 12})
    drawn.add_scatter(
        x=list(range(len(names))),
        y=list(chances),
        mode="lines+markers",
        line={"color": palette.view, "width": 2, "shape": "hv"},
        marker={"size": 8, "color": palette.view},
        customdata=list(names),
        hovertemplate="%{customdata}: %{y:.2%}<extra></extra>",
    )
    drawn.add_scatter(
        x=[at - 1],
        y=[chances[at - 1]],
        mode="markers",
        marker={"size": 16, "color": palette.accent, "symbol": "circle-open", "line": {"width": 2}},
        hoverinfo="skip",
    )
    step = max(1, -(-len(names) // 6))
    drawn.update_xaxes(tickvals=list(range(0, len(names), step)), ticktext=list(names)[::step])
    drawn.update_yaxes(tickformat=".1%")
    return drawn


def what_if(
    values: Sequence[float], chances: Sequence[float], here: float | None, chance: float | None, palette: Palette
) -> Figure:
    """Draw the chance over the values of one input, and where it stands, if that is known."""
    drawn = figure(palette, margin={"t": 12, "r": 12})
    drawn.add_scatter(
        x=list(values),
        y=list(chances),
        mode="lines",
        line={"color": palette.view, "width": 2},
        hovertemplate="%{x:,.4g}: %{y:.2%}<extra></extra>",
    )
    drawn.add_scatter(
        x=[here],
        y=[chance],
        mode="markers",
        marker={"size": 12, "color": palette.accent},
        hovertemplate="%{x:,.4g}: %{y:.2%}<extra></extra>",
    )
    drawn.update_yaxes(tickformat=".1%")
    return drawn
