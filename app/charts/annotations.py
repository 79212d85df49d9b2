"""charts.annotations — words at their place in a figure, and an axis of days."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from app import wording
from app.charts.template import CLEAR, Figure
from app.data.saved import Note
from app.theme import Palette


def above(figure: Figure, y: float, x: float, anchor: str, text: str, colour: str) -> None:
    """Write over a row, at the left (x 0) or the right (x 1) of the chart."""
    figure.add_annotation(
        x=x,
        xref="paper",
        y=y,
        xanchor=anchor,
        yanchor="bottom",
        yshift=1,
        text=text,
        showarrow=False,
        font={"color": colour, "size": 14},
    )


def below(figure: Figure, x: float, anchor: str, text: str, colour: str) -> None:
    """Write under the axis; labels at its ends stay inside the chart."""
    figure.add_annotation(
        x=x,
        y=0,
        yref="paper",
        xanchor=anchor,
        yanchor="top",
        yshift=-2,
        text=text,
        showarrow=False,
        font={"color": colour},
    )


def beside(figure: Figure, x: date, y: float, text: str, palette: Palette) -> None:
    """Write left of a point of the upper panel."""
    figure.add_annotation(
        x=x,
        y=y,
        text=text,
        xanchor="right",
        xshift=-8,
        yanchor="bottom",
        showarrow=False,
        font={"color": palette.muted},
    )


def heading(figure: Figure, text: str, top: float, palette: Palette) -> None:
    """Write over a panel whose upper end lies at a share of the figure's height."""
    figure.add_annotation(
        text=text,
        x=0,
        y=top,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        yshift=8,
        showarrow=False,
        font={"color": palette.ink, "size": 12},
    )


def column(figure: Figure, y: str | float, text: str, room: int, palette: Palette) -> None:
    """Write a number in a column of its own, right of the chart, in a margin of so many pixels."""
    figure.add_annotation(
        x=1,
        xref="paper",
        y=y,
        text=text,
        xanchor="right",
        xshift=room,
        showarrow=False,
        font={"color": palette.ink},
    )


def mark_notes(figure: Figure, notes: Sequence[Note], days: Sequence[date], palette: Palette) -> None:
    """Mark the days of notes with the numbers under which the card lists them."""
    for number, each in enumerate(notes, 1):
        if days and days[0] <= each.day <= days[-1]:
            line = {"color": palette.muted, "width": 1, "dash": "2px,2px"}
            figure.add_shape(type="line", x0=each.day, x1=each.day, y0=0, y1=1, yref="paper", line=line, layer="below")
            figure.add_annotation(
                x=each.day,
                y=1,
                yref="paper",
                yanchor="bottom",
                text=f"<b>{number}</b>",
                hovertext=each.words,
                showarrow=False,
                font={"color": palette.surface, "size": 11},
                bgcolor=palette.muted,
                borderpad=3,
            )


def day_axis(days: Sequence[date]) -> dict[str, Any]:
    """Put five labels at most on a day axis, each a day of the data."""
    if not days:
        return {"visible": False}
    step = max(1, -(-len(days) // 5))
    ticks = list(days)[::step]
    return {
        "tickvals": ticks,
        "ticktext": [wording.short_day(each) for each in ticks],
        "ticks": "outside",
        "ticklen": 8,
        "tickcolor": CLEAR,
        "range": [days[0], days[-1] + timedelta(hours=6)],
        "hoverformat": "%a %-d %b %Y",
    }
