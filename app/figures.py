"""app.figures — numbers in, a figure out; no query, no layout of a page."""

from collections.abc import Sequence
from math import log10

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app import marks, theme, wording
from app.queries import Day, Root, Steps, ratio

STEPS = (("View", "view", theme.VIEW), ("Cart", "cart", theme.CART), ("Purchase", "purchase", theme.PURCHASE))


def trend(days: Sequence[Day], previous: Sequence[Day], incomplete: Sequence[Day]) -> go.Figure:
    """Draw visits and conversion by day, one above the other, over the same days of the period before.

    Args:
        days: the days shown.
        previous: as many days, just before; laid under them day by day. May be empty.
        incomplete: days after them that are still filling; their visits are dotted, a conversion they have not yet.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.17)
    figure.update_layout(template=theme.TEMPLATE, margin={"l": 0, "r": 8, "t": 26, "b": 0}, hovermode="x unified")
    x = [each.day for each in days]
    panels = (
        (1, "Visits", [each.visits for each in days], [each.visits for each in previous], theme.VIEW, ",.0f"),
        (2, "Conversion", [d.conversion for d in days], [d.conversion for d in previous], theme.PURCHASE, ".2%"),
    )
    for row, name, now, before, colour, digits in panels:
        if before:
            dates = [wording.short_day(each.day) for each in previous]
            figure.add_scatter(
                x=x,
                y=before,
                name=f"{name}, previous",
                customdata=dates,
                row=row,
                col=1,
                mode="lines",
                line={"color": theme.PREVIOUS, "width": 1.5, "dash": "4px,4px"},
                hovertemplate=f"%{{y:{digits}}} on %{{customdata}}<extra>Before</extra>",
            )
        figure.add_scatter(
            x=x,
            y=now,
            name=name,
            row=row,
            col=1,
            mode="lines+markers" if len(x) == 1 else "lines",
            line={"color": colour, "width": 2},
            hovertemplate=f"%{{y:{digits}}}<extra>{name}</extra>",
        )
    if incomplete and days:
        tail = [days[-1], *incomplete]
        figure.add_scatter(
            x=[each.day for each in tail],
            y=[each.visits for each in tail],
            name="Visits, incomplete day",
            row=1,
            col=1,
            mode="lines+markers",
            line={"color": theme.VIEW, "width": 2, "dash": "1px,4px"},
            marker={"size": [0] + [6] * len(incomplete), "color": theme.VIEW},
            hovertemplate="%{y:,.0f} so far<extra>Visits</extra>",
            cliponaxis=False,
        )
        newest = incomplete[-1]
        marks.label(figure, newest.day, newest.visits, f"{wording.short_day(newest.day)}, incomplete")
    for row, text in ((1, "Visits per day"), (2, "Conversion: visits with a purchase per visit")):
        top = figure.layout["yaxis" if row == 1 else "yaxis2"].domain[1]
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
            font={"color": theme.INK, "size": 12},
        )
    figure.update_yaxes(zeroline=True, ticks="outside", ticklen=6, tickcolor=marks.CLEAR)
    figure.update_yaxes(nticks=4, tickformat=",.0f", row=1, col=1)
    figure.update_yaxes(nticks=3, tickformat=".1%", row=2, col=1)
    figure.update_xaxes(**marks.day_axis(x + [each.day for each in incomplete]))
    return figure


def funnel(now: Steps, before: Steps | None) -> go.Figure:
    """Draw the steps as bars over a faint track of all visits; a tick marks the period before.

    Name and numbers stand above each bar, where neither the bar's end nor the tick can meet them.
    """
    figure = go.Figure(layout={"template": theme.TEMPLATE, "barmode": "overlay"})
    rows = list(range(len(STEPS)))
    values = [getattr(now, field) for _, field, _ in STEPS]
    figure.add_bar(
        x=[now.total] * len(STEPS), y=rows, orientation="h", width=0.34, marker={"color": theme.LINE}, hoverinfo="skip"
    )
    figure.add_bar(
        x=values,
        y=rows,
        orientation="h",
        width=0.34,
        marker={"color": [colour for *_, colour in STEPS]},
        name="now",
        customdata=[wording.percent(ratio(value, now.total)) for value in values],
        hovertemplate="%{x:,.0f}, %{customdata} of all<extra></extra>",
    )
    if before:
        figure.add_scatter(
            x=[getattr(before, field) for _, field, _ in STEPS],
            y=rows,
            mode="markers",
            name="previous",
            marker={"symbol": "line-ns", "size": 24, "line": {"width": 2, "color": theme.INK}},
            cliponaxis=False,
            hovertemplate="%{x:,.0f} in the period before<extra></extra>",
        )
    for row, (name, _, _) in enumerate(STEPS):
        share = wording.percent(ratio(values[row], now.total))
        marks.above(figure, row - 0.17, 0, "left", name, theme.MUTED)
        marks.above(figure, row - 0.17, 1, "right", f"<b>{wording.count(values[row])}</b>   {share}", theme.INK)
    figure.update_xaxes(visible=False, range=[0, max(now.total, before.total if before else 0, 1) * 1.004])
    figure.update_yaxes(visible=False, range=[len(STEPS) - 0.75, -0.62])
    return figure


def conversion(roots: Sequence[Root], before: dict[int, Root]) -> go.Figure:
    """Draw the conversion of each root category, with a tick for the period before where it had visits.

    The numbers stand in a column of their own, so that none is read as the tick's.
    """
    names = [wording.category(root.root_category_id) for root in roots]
    rates = [ratio(root.purchase, root.total) for root in roots]
    ticks = [before.get(root.root_category_id) for root in roots]
    earlier = [ratio(tick.purchase, tick.total) if tick else None for tick in ticks]
    figure = go.Figure(layout={"template": theme.TEMPLATE, "margin": {"l": 0, "r": 56, "t": 0, "b": 0}})
    figure.add_bar(
        x=rates,
        y=names,
        orientation="h",
        width=0.56,
        marker={"color": theme.PURCHASE},
        name="now",
        customdata=[[root.purchase, root.total] for root in roots],
        hovertemplate="%{x:.2%}: %{customdata[0]:,} of %{customdata[1]:,}<extra></extra>",
    )
    if any(tick is not None for tick in earlier):
        figure.add_scatter(
            x=earlier,
            y=names,
            mode="markers",
            name="previous",
            marker={"symbol": "line-ns", "size": 18, "line": {"width": 2, "color": theme.INK}},
            hovertemplate="%{x:.2%} in the period before<extra></extra>",
        )
    for name, rate in zip(names, rates, strict=True):
        figure.add_annotation(
            x=1,
            xref="paper",
            y=name,
            text=f"<b>{wording.percent(rate, 2)}</b>",
            xanchor="right",
            xshift=56,
            showarrow=False,
            font={"color": theme.INK},
        )
    figure.update_xaxes(visible=False, range=[0, max([*rates, *[tick or 0 for tick in earlier], 1e-9]) * 1.01])
    figure.update_yaxes(autorange="reversed", ticks="outside", ticklen=6, tickcolor=marks.CLEAR, zeroline=False)
    return figure


def movers(moves: Sequence[tuple[int, int, int]]) -> go.Figure:
    """Draw the change of visits per category; `moves` are (category, now, before)."""
    names = [wording.category(which) for which, _, _ in moves]
    changes = [now - before for _, now, before in moves]
    shown = [[before, now] for _, now, before in moves]
    hover = "%{customdata[0]:,} to %{customdata[1]:,} visits<extra></extra>"
    colours = [theme.VIEW if change >= 0 else theme.LOWERS for change in changes]
    return marks.diverging(names, changes, colours, [wording.signed(change, 0) for change in changes], shown, hover)


def shares(roots: Sequence[Root]) -> go.Figure:
    """Draw the visits of each root category."""
    names = [wording.category(root.root_category_id) for root in roots]
    totals = [root.total for root in roots]
    texts = [wording.count(total) for total in totals]
    hover = "%{x:,.0f} visits<extra></extra>"
    return marks.diverging(names, totals, [theme.VIEW] * len(roots), texts, [[total] for total in totals], hover)


def contributions(terms: Sequence[tuple[str, float]], score: float) -> go.Figure:
    """Draw the log-odds terms of a score around zero, where it starts first and their sum last.

    Name and number stand above each bar, so that long names leave the bars their width on a telephone.
    """
    rows = [*terms, ("Sum: the score", score)]
    colours = [theme.VIEW if value >= 0 else theme.LOWERS for _, value in rows]
    colours[0], colours[-1] = theme.PREVIOUS, theme.MUTED
    values = [value for _, value in rows]
    figure = go.Figure(layout={"template": theme.TEMPLATE})
    figure.add_bar(
        x=values,
        y=list(range(len(rows))),
        orientation="h",
        width=0.3,
        marker={"color": colours},
        hovertemplate="%{x:+.4f} log-odds<extra></extra>",
    )
    for row, (name, value) in enumerate(rows):
        marks.above(figure, row - 0.15, 0, "left", name, theme.MUTED)
        marks.above(figure, row - 0.15, 1, "right", f"<b>{wording.signed(value, 2)}</b>", theme.INK)
    figure.update_xaxes(range=[min(0.0, *values), max(0.0, *values)], showticklabels=False, zeroline=True)
    figure.update_yaxes(visible=False, range=[len(rows) - 0.8, -0.7])
    return figure


def likelihoods(points: Sequence[tuple[str, float, str]]) -> go.Figure:
    """Draw probabilities as dots on a logarithmic scale: (name, probability, colour), each on a line of its own."""
    low = min([0.001, *[value / 2 for _, value, _ in points if value > 0]])
    figure = go.Figure(layout={"template": theme.TEMPLATE, "margin": {"l": 0, "r": 0, "t": 0, "b": 20}})
    for row, (name, value, colour) in enumerate(points):
        figure.add_scatter(
            x=[low, 1], y=[row, row], mode="lines", line={"color": theme.LINE, "width": 2}, hoverinfo="skip"
        )
        figure.add_scatter(
            x=[max(value, low)],
            y=[row],
            name=name,
            mode="markers",
            marker={"size": 14, "color": colour},
            hovertemplate=f"{wording.percent(value)}<extra>{name}</extra>",
            cliponaxis=False,
        )
        marks.above(figure, row - 0.14, 0, "left", name, theme.MUTED)
        marks.above(figure, row - 0.14, 1, "right", f"<b>{wording.percent(value)}</b>", theme.INK)
    for mark in (mark for mark in (0.0001, 0.001, 0.01, 0.1, 1.0) if mark >= low):
        anchor = "right" if mark == 1 else "left" if mark == low else "center"
        marks.below(figure, log10(mark), anchor, f"{mark * 100:g}%")
    figure.update_xaxes(type="log", range=[log10(low), 0], showticklabels=False)
    figure.update_yaxes(visible=False, range=[len(points) - 0.6, -0.8])
    return figure
