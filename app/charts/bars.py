"""charts.bars — horizontal bars: steps over a track, bars around zero, rates with their interval."""

from collections.abc import Sequence

from app import wording
from app.charts import annotations
from app.charts.template import CLEAR, Figure, figure
from app.statistics import Interval
from app.theme import Palette


def steps(
    names: Sequence[str], values: Sequence[float], former: Sequence[float] | None, whole: float, palette: Palette
) -> Figure:
    """Draw steps as bars over a faint track of the whole; a tick marks the previous period.

    Name and numbers stand above each bar, where neither the bar's end nor the tick can meet them. The previous period
    is laid on by its share, so that two periods of unlike size can be compared.

    Args:
        names: View, Cart, Purchase.
        values: how many came there.
        former: which share of the previous period's whole came there.
        whole: how many there are.
        palette: the colours.
    """
    drawn = figure(palette, barmode="overlay")
    rows = list(range(len(names)))
    shares = [value / whole if whole else 0.0 for value in values]
    colours = [palette.view, palette.cart, palette.purchase]
    bar = {"y": rows, "orientation": "h", "width": 0.34}
    drawn.add_bar(x=[1.0] * len(rows), marker={"color": palette.line}, hoverinfo="skip", **bar)
    drawn.add_bar(
        x=shares,
        marker={"color": colours[: len(rows)]},
        name="now",
        customdata=[wording.count(value) for value in values],
        hovertemplate="%{customdata}, %{x:.2%} of all<extra></extra>",
        **bar,
    )
    if former:
        drawn.add_scatter(
            x=list(former),
            y=rows,
            mode="markers",
            name="previous",
            marker={"symbol": "line-ns", "size": 24, "line": {"width": 2, "color": palette.ink}},
            cliponaxis=False,
            hovertemplate="%{x:.2%} in the previous period<extra></extra>",
        )
    for row, name in enumerate(names):
        annotations.above(drawn, row - 0.17, 0, "left", name, palette.muted)
        number = f"<b>{wording.count(values[row])}</b>   {wording.percent(shares[row])}"
        annotations.above(drawn, row - 0.17, 1, "right", number, palette.ink)
    drawn.update_xaxes(visible=False, range=[0, 1.004])
    drawn.update_yaxes(visible=False, range=[len(rows) - 0.75, -0.62])
    return drawn


def diverging(
    names: Sequence[str],
    values: Sequence[float],
    colours: Sequence[str],
    texts: Sequence[str],
    hovers: Sequence[str],
    palette: Palette,
) -> Figure:
    """Draw bars to both sides of zero, each with its value at its end."""
    drawn = figure(palette)
    drawn.add_bar(
        x=list(values),
        y=list(names),
        orientation="h",
        width=0.56,
        marker={"color": list(colours)},
        customdata=list(hovers),
        hovertemplate="%{customdata}<extra></extra>",
        text=list(texts),
        textposition="outside",
        textfont={"color": palette.ink},
        cliponaxis=False,
        constraintext="none",
    )
    low, high = min([0.0, *values]), max([0.0, *values])
    room = (high - low or 1) * 0.3  # for the numbers on a telephone
    drawn.update_xaxes(
        range=[low - (room if low < 0 else 0), high + (room if high > 0 else 0)], showticklabels=False, zeroline=True
    )
    drawn.update_yaxes(autorange="reversed", ticks="outside", ticklen=6, tickcolor=CLEAR)
    return drawn


def rates(
    names: Sequence[str],
    found: Sequence[Interval],
    former: Sequence[float | None],
    colour: str,
    palette: Palette,
    room: int = 60,
) -> Figure:
    """Draw a rate of each name as a dot with its interval, and a tick for the previous period.

    The numbers stand in a column of their own, so that none is read as the tick's.
    """
    drawn = figure(palette, margin={"l": 0, "r": room, "t": 0, "b": 20})
    low = [each.rate - each.low for each in found]
    high = [each.high - each.rate for each in found]
    drawn.add_scatter(
        x=[each.rate for each in found],
        y=list(names),
        mode="markers",
        name="now",
        marker={"size": 10, "color": colour},
        error_x={"type": "data", "array": high, "arrayminus": low, "color": colour, "thickness": 2, "width": 0},
        customdata=[
            f"{wording.count(each.successes)} of {wording.count(each.n)}, {wording.interval(each)}" for each in found
        ],
        hovertemplate="%{x:.2%}: %{customdata}<extra></extra>",
    )
    if any(each is not None for each in former):
        drawn.add_scatter(
            x=list(former),
            y=list(names),
            mode="markers",
            name="previous",
            marker={"symbol": "line-ns", "size": 16, "line": {"width": 2, "color": palette.ink}},
            hovertemplate="%{x:.2%} in the previous period<extra></extra>",
        )
    for name, each in zip(names, found, strict=True):
        annotations.column(drawn, name, f"<b>{wording.percent(each.rate, 2)}</b>", room, palette)
    # A wide interval of a small category must not press all others together.
    ends = sorted(each.high for each in found)
    widest = max(
        [
            ends[int(0.8 * (len(ends) - 1))] * 1.6 if ends else 0,
            *[each.rate for each in found],
            *[each or 0 for each in former],
            1e-9,
        ]
    )
    drawn.update_xaxes(
        range=[0, min(widest, max([*ends, 1e-9])) * 1.03],
        tickformat=".1%",
        nticks=5,
        showgrid=True,
        zeroline=True,
        side="bottom",
    )
    drawn.update_yaxes(
        autorange="reversed", ticks="outside", ticklen=6, tickcolor=CLEAR, zeroline=False, showgrid=False
    )
    return drawn
