"""overview.figures — the trend, and what moved."""

from collections.abc import Sequence

from app import wording
from app.charts import annotations, bars
from app.charts.template import CLEAR, Figure, stacked
from app.pages.overview.numbers import Day, Move
from app.theme import Palette


def trend(days: Sequence[Day], previous: Sequence[Day], incomplete: Sequence[Day], palette: Palette) -> Figure:
    """Draw visits and conversion by day, one above the other, over the same weekdays of the previous period.

    Args:
        days: the days shown.
        previous: as many days, some whole weeks before; laid under them day by day. May be empty.
        incomplete: days after them that are still filling; their visits are dotted, a conversion they have not yet.
        palette: the colours.
    """
    figure = stacked(palette, [0.62, 0.38], 0.17)
    x = [each.day for each in days]
    panels = (
        (1, "Visits", [each.visits for each in days], [each.visits for each in previous], palette.view, ",.0f"),
        (2, "Conversion", [d.conversion for d in days], [d.conversion for d in previous], palette.purchase, ".2%"),
    )
    for row, name, now, before, colour, digits in panels:
        if before:
            figure.add_scatter(
                x=x,
                y=before,
                name=f"{name}, previous",
                customdata=[wording.short_day(each.day) for each in previous],
                row=row,
                mode="lines",
                line={"color": palette.previous, "width": 1.5, "dash": "4px,4px"},
                hovertemplate=f"%{{y:{digits}}} on %{{customdata}}<extra>Previous</extra>",
            )
        figure.add_scatter(
            x=x,
            y=now,
            name=name,
            row=row,
            mode="lines+markers" if len(x) == 1 else "lines",
            line={"color": colour, "width": 2},
            hovertemplate=f"%{{y:{digits}}}<extra>{name}</extra>",
        )
    if incomplete and days:
        _dot(figure, [days[-1], *incomplete], palette)
    for row, text in ((1, "Visits per day"), (2, "Conversion: visits with a purchase per visit")):
        annotations.heading(figure, text, figure.top(row), palette)
    figure.update_yaxes(zeroline=True, ticks="outside", ticklen=6, tickcolor=CLEAR)
    figure.update_yaxes(nticks=4, tickformat=",.0f", row=1)
    figure.update_yaxes(nticks=3, tickformat=".1%", row=2)
    figure.update_xaxes(**annotations.day_axis(x + [each.day for each in incomplete]))
    return figure


def movers(moves: Sequence[Move], palette: Palette) -> Figure:
    """Draw the change of visits per category; what may be chance is grey."""
    names = [wording.category(move.category) for move in moves]
    changes = [move.change.difference for move in moves]
    colours = [
        palette.other if not move.is_named else palette.view if move.change.difference > 0 else palette.lowers
        for move in moves
    ]
    hovers = [
        f"{wording.count(move.change.former)} to {wording.count(move.change.value)} visits"
        f"{'' if move.is_named else ', no clear change'}"
        for move in moves
    ]
    return bars.diverging(names, changes, colours, [wording.signed(each, 0) for each in changes], hovers, palette)


def entries(roots: Sequence[tuple[int, int]], palette: Palette) -> Figure:
    """Draw the visits of each root category: (category, visits)."""
    names = [wording.category(root) for root, _ in roots]
    totals = [visits for _, visits in roots]
    texts = [wording.count(visits) for visits in totals]
    return bars.diverging(
        names, totals, [palette.view] * len(roots), texts, [f"{text} visits" for text in texts], palette
    )


def _dot(figure: Figure, tail: Sequence[Day], palette: Palette) -> None:
    figure.add_scatter(
        x=[each.day for each in tail],
        y=[each.visits for each in tail],
        name="Visits, incomplete day",
        row=1,
        mode="lines+markers",
        line={"color": palette.view, "width": 2, "dash": "1px,4px"},
        marker={"size": [0] + [6] * (len(tail) - 1), "color": palette.view},
        hovertemplate="%{y:,.0f} so far<extra>Visits</extra>",
        cliponaxis=False,
    )
    newest = tail[-1]
    annotations.beside(figure, newest.day, newest.visits, f"{wording.short_day(newest.day)}, incomplete", palette)
