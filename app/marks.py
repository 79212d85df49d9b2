"""app.marks — what several figures are drawn with: bars around zero, words at their place, an axis of days."""

from collections.abc import Sequence
from datetime import date, timedelta

import plotly.graph_objects as go

from app import theme, wording

CLEAR = "rgba(0,0,0,0)"


def diverging(
    names: Sequence[str],
    values: Sequence[float],
    colours: Sequence[str],
    texts: Sequence[str],
    shown: Sequence[Sequence[float]],
    hover: str,
) -> go.Figure:
    """Draw bars to both sides of zero, each with its value at its end."""
    figure = go.Figure(layout={"template": theme.TEMPLATE})
    figure.add_bar(
        x=list(values),
        y=list(names),
        orientation="h",
        width=0.56,
        marker={"color": list(colours)},
        customdata=[list(row) for row in shown],
        hovertemplate=hover,
        text=list(texts),
        textposition="outside",
        textfont={"color": theme.INK},
        cliponaxis=False,
        constraintext="none",
    )
    low, high = min([0.0, *values]), max([0.0, *values])
    room = (high - low or 1) * 0.2
    figure.update_xaxes(
        range=[low - (room if low < 0 else 0), high + (room if high > 0 else 0)], showticklabels=False, zeroline=True
    )
    figure.update_yaxes(autorange="reversed", ticks="outside", ticklen=6, tickcolor=CLEAR)
    return figure


def above(figure: go.Figure, y: float, x: float, anchor: str, text: str, colour: str) -> None:
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


def below(figure: go.Figure, x: float, anchor: str, text: str) -> None:
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
        font={"color": theme.MUTED},
    )


def label(figure: go.Figure, x: date, y: float, text: str) -> None:
    """Write beside a point of the upper panel."""
    figure.add_annotation(
        x=x,
        y=y,
        text=text,
        xanchor="right",
        xshift=-8,
        yanchor="bottom",
        showarrow=False,
        row=1,
        col=1,
        font={"color": theme.MUTED},
    )


def day_axis(days: Sequence[date]) -> dict[str, object]:
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
