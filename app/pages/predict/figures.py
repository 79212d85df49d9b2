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
