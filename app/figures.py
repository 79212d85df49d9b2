"""app.figures — numbers in, a figure out; no query, no layout of a page."""

from collections.abc import Sequence
from datetime import date, timedelta

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app import theme, wording
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
                x=x, y=before, name=f"{name}, previous", customdata=dates, row=row, col=1, mode="lines",
                line={"color": theme.PREVIOUS, "width": 1.5, "dash": "4px,4px"},
                hovertemplate=f"%{{y:{digits}}} on %{{customdata}}<extra>Before</extra>",
            )  # fmt: skip
        figure.add_scatter(
            x=x, y=now, name=name, row=row, col=1, mode="lines+markers" if len(x) == 1 else "lines",
            line={"color": colour, "width": 2}, hovertemplate=f"%{{y:{digits}}}<extra>{name}</extra>",
        )  # fmt: skip
    if incomplete and days:
        tail = [days[-1], *incomplete]
        figure.add_scatter(
            x=[each.day for each in tail], y=[each.visits for each in tail], name="Visits, incomplete day", row=1, col=1,
            mode="lines+markers", line={"color": theme.VIEW, "width": 2, "dash": "1px,4px"},
            marker={"size": [0] + [6] * len(incomplete), "color": theme.VIEW},
            hovertemplate="%{y:,.0f} so far<extra>Visits</extra>",
        )  # fmt: skip
        _label(figure, incomplete[-1].day, incomplete[-1].visits, f"{wording.short_day(incomplete[-1].day)}, incomplete")
    for row, text in ((1, "Visits per day"), (2, "Conversion: visits with a purchase per visit")):
        top = figure.layout["yaxis" if row == 1 else "yaxis2"].domain[1]
        figure.add_annotation(
            text=text, x=0, y=top, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=8,
            showarrow=False, font={"color": theme.INK, "size": 12},
        )  # fmt: skip
    figure.update_yaxes(nticks=4, tickformat=",.0f", row=1, col=1)
    figure.update_yaxes(nticks=3, tickformat=".1%", row=2, col=1)
    figure.update_xaxes(**_day_axis(x + [each.day for each in incomplete]))
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
        x=values, y=rows, orientation="h", width=0.34, marker={"color": [colour for *_, colour in STEPS]}, name="now",
        customdata=[wording.percent(ratio(value, now.total)) for value in values],
        hovertemplate="%{x:,.0f}, %{customdata} of all<extra></extra>",
    )  # fmt: skip
    if before:
        figure.add_scatter(
            x=[getattr(before, field) for _, field, _ in STEPS], y=rows, mode="markers", name="previous",
            marker={"symbol": "line-ns", "size": 24, "line": {"width": 2, "color": theme.INK}}, cliponaxis=False,
            hovertemplate="%{x:,.0f} in the period before<extra></extra>",
        )  # fmt: skip
    for row, (name, _, _) in enumerate(STEPS):
        share = wording.percent(ratio(values[row], now.total))
        _above(figure, row, 0, "left", name, theme.MUTED)
        _above(figure, row, 1, "right", f"<b>{wording.count(values[row])}</b>   {share}", theme.INK)
    figure.update_xaxes(visible=False, range=[0, max(now.total, before.total if before else 0, 1) * 1.004])
    figure.update_yaxes(visible=False, range=[len(STEPS) - 0.66, -0.72])
    return figure


def conversion(roots: Sequence[Root], before: dict[int, Root]) -> go.Figure:
    """Draw the conversion of each root category, with a tick for the period before where it had visits."""
    names = [wording.category(root.root_category_id) for root in roots]
    rates = [ratio(root.purchase, root.total) for root in roots]
    ticks = [before.get(root.root_category_id) for root in roots]
    earlier = [ratio(tick.purchase, tick.total) if tick else None for tick in ticks]
    figure = go.Figure(layout={"template": theme.TEMPLATE})
    figure.add_bar(
        x=rates, y=names, orientation="h", width=0.56, marker={"color": theme.PURCHASE}, name="now",
        customdata=[[root.purchase, root.total] for root in roots],
        hovertemplate="%{x:.2%}: %{customdata[0]:,} of %{customdata[1]:,}<extra></extra>",
    )  # fmt: skip
    if any(tick is not None for tick in earlier):
        figure.add_scatter(
            x=earlier, y=names, mode="markers", name="previous",
            marker={"symbol": "line-ns", "size": 18, "line": {"width": 2, "color": theme.INK}},
            hovertemplate="%{x:.2%} in the period before<extra></extra>",
        )  # fmt: skip
    for name, rate, tick in zip(names, rates, earlier, strict=True):
        figure.add_annotation(
            x=max(rate, tick or 0), y=name, text=wording.percent(rate), xanchor="left", xshift=8, showarrow=False,
            font={"color": theme.INK},
        )  # fmt: skip
    figure.update_xaxes(visible=False, range=[0, max([*rates, *[tick or 0 for tick in earlier], 1e-9]) * 1.22])
    figure.update_yaxes(autorange="reversed", ticks="outside", ticklen=6, tickcolor="rgba(0,0,0,0)", zeroline=False)
    return figure


def movers(moves: Sequence[tuple[int, int, int]]) -> go.Figure:
    """Draw the change of visits per category; `moves` are (category, now, before)."""
    names = [wording.category(which) for which, _, _ in moves]
    changes = [now - before for _, now, before in moves]
    shown = [[before, now] for _, now, before in moves]
    hover = "%{customdata[0]:,} to %{customdata[1]:,} visits<extra></extra>"
    colours = [theme.VIEW if change >= 0 else theme.LOWERS for change in changes]
    return _diverging(names, changes, colours, [wording.signed(change, 0) for change in changes], shown, hover)


def contributions(terms: Sequence[tuple[str, float]], score: float) -> go.Figure:
    """Draw the log-odds terms of a score, and their sum as the last bar."""
    names = [name for name, _ in terms] + ["Sum: the score"]
    values = [value for _, value in terms] + [score]
    colours = [theme.VIEW if value >= 0 else theme.LOWERS for _, value in terms] + [theme.MUTED]
    texts = [wording.signed(value, 2) for value in values]
    return _diverging(names, values, colours, texts, [[value] for value in values], "%{x:+.4f} log-odds<extra></extra>")


def likelihoods(points: Sequence[tuple[str, float, str]]) -> go.Figure:
    """Draw probabilities as dots on a logarithmic scale: (name, probability, colour), each on a line of its own."""
    low = min([0.001, *[value / 2 for _, value, _ in points if value > 0]])
    figure = go.Figure(layout={"template": theme.TEMPLATE})
    for row, (name, value, colour) in enumerate(points):
        figure.add_scatter(
            x=[low, 1], y=[row, row], mode="lines", line={"color": theme.LINE, "width": 2}, hoverinfo="skip"
        )
        figure.add_scatter(
            x=[max(value, low)], y=[row], name=name, mode="markers", marker={"size": 14, "color": colour},
            hovertemplate=f"{wording.percent(value)}<extra>{name}</extra>", cliponaxis=False,
        )  # fmt: skip
        _above(figure, row, 0, "left", name, theme.MUTED)
        _above(figure, row, 1, "right", f"<b>{wording.percent(value)}</b>", theme.INK)
    marks = [mark for mark in (0.0001, 0.001, 0.01, 0.1, 1) if mark >= low]
    figure.update_xaxes(type="log", tickvals=marks, ticktext=[f"{mark * 100:g}%" for mark in marks])
    figure.update_yaxes(visible=False, range=[len(points) - 0.6, -0.8])
    return figure


def _diverging(
    names: Sequence[str], values: Sequence[float], colours: Sequence[str], texts: Sequence[str],
    shown: Sequence[Sequence[float]], hover: str,
) -> go.Figure:  # fmt: skip
    """Draw bars to both sides of zero, each with its value at its end."""
    figure = go.Figure(layout={"template": theme.TEMPLATE})
    figure.add_bar(
        x=list(values), y=list(names), orientation="h", width=0.56, marker={"color": list(colours)},
        customdata=[list(row) for row in shown], hovertemplate=hover, text=list(texts), textposition="outside",
        textfont={"color": theme.INK}, cliponaxis=False, constraintext="none",
    )  # fmt: skip
    low, high = min([0.0, *values]), max([0.0, *values])
    room = (high - low or 1) * 0.2
    figure.update_xaxes(
        range=[low - (room if low < 0 else 0), high + (room if high > 0 else 0)], showticklabels=False, zeroline=True
    )
    figure.update_yaxes(autorange="reversed", ticks="outside", ticklen=6, tickcolor="rgba(0,0,0,0)")
    return figure


def _above(figure: go.Figure, row: int, x: float, anchor: str, text: str, colour: str) -> None:
    figure.add_annotation(
        x=x, xref="paper", y=row, xanchor=anchor, yanchor="bottom", yshift=15, text=text, showarrow=False,
        font={"color": colour, "size": 14},
    )  # fmt: skip


def _label(figure: go.Figure, x: date, y: float, text: str) -> None:
    figure.add_annotation(
        x=x, y=y, text=text, xanchor="right", xshift=-8, yanchor="middle", showarrow=False, row=1, col=1,
        font={"color": theme.MUTED},
    )  # fmt: skip


def _day_axis(days: Sequence[date]) -> dict[str, object]:
    """Put five labels at most on a day axis, each a day of the data."""
    if not days:
        return {"visible": False}
    step = max(1, -(-len(days) // 5))
    ticks = list(days)[::step]
    texts = [wording.short_day(each) for each in ticks]
    return {"tickvals": ticks, "ticktext": texts, "range": [days[0], days[-1] + timedelta(hours=6)], "hoverformat": "%a %-d %b %Y"}
