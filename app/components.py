"""app.components — the parts every page is made of: cards, key figures, charts with their table, states."""

import logging
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import dash_mantine_components as dmc
import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from app import wording
from app.data import Publication
from lakehouse.storage.ledger import now

Children = Component | Sequence[Component | str] | str

CONFIG: Any = {"displayModeBar": False, "displaylogo": False, "showSendToCloud": False, "responsive": True}

log = logging.getLogger("app")


def aria(**attributes: str) -> dict[str, Any]:
    """Write attributes for assistive technology: label="…" becomes aria-label."""
    return {f"aria-{name}": value for name, value in attributes.items()}


def graph(identity: str, figure: go.Figure, height: int, label: str) -> Component:
    """Wrap a figure: no toolbar, no upload to anybody's cloud, a sentence for those who cannot see it."""
    chart = dcc.Graph(id=identity, figure=figure, config=CONFIG, responsive=True, style={"height": height})
    return html.Div(chart, role="img", className="chart", **aria(label=label))


def page(title: str, subtitle: str, cards: Sequence[Component]) -> Component:
    """Put cards on a page of twelve columns, under its one heading."""
    heading = html.Div([html.H1(title), html.P(subtitle, className="muted")], className="page-heading")
    return html.Div([heading, html.Div(list(cards), className="cards")], className="page")


def card(
    title: str,
    subtitle: str,
    body: Children,
    footer: str = "",
    table: Component | None = None,
    columns: int = 12,
    identity: str = "",
    legend: Component | None = None,
) -> Component:
    """Show one finding.

    Args:
        title: the finding, a sentence.
        subtitle: metric, unit, grain and window.
        body: the chart, or what stands in its place.
        footer: the table, its version and when it was built.
        table: the same numbers to read, behind "Show as table".
        columns: how many of the page's twelve it takes.
        identity: `<page>-<thing>`.
        legend: what the marks mean.
    """
    caption = html.Figcaption([html.H2(title), html.P(subtitle, className="muted")])
    foot: list[Component] = [html.Span(footer, className="source")] if footer else []
    if table is not None:
        foot.insert(0, html.Details([html.Summary("Show as table"), html.Div(table, className="scroll")]))
    content = [caption, *([legend] if legend else []), html.Div(body, className="card-body")]
    figure = html.Figure([*content, *([html.Div(foot, className="card-foot")] if foot else [])])
    return html.Section(figure, id=identity or str(uuid4()), className=f"card span-{columns}")


def key_figure(
    identity: str, label: str, value: str, change: tuple[str, bool | None] | None, before: str, series: Sequence[float]
) -> Component:
    """Show a number, its change and its days.

    Args:
        identity: `<page>-<thing>`.
        label: what the number counts.
        value: the number, written.
        change: the change against the period before, written, and whether it is good; None for neither.
        before: the sentence beside the change.
        series: the number by day.
    """
    mood = {True: "good", False: "bad", None: "muted"}[change[1] if change else None]
    line = [html.Span(change[0], className=f"change {mood}")] if change else []
    spark = dmc.Sparkline(
        data=list(series),
        color="var(--accent)",
        curveType="monotone",
        strokeWidth=1.5,
        fillOpacity=0.18,
        h=36,
        w="100%",
    )
    return html.Div(
        [
            html.Div(label, className="label"),
            html.Div(value, className="value", id=identity),
            html.Div([*line, html.Span(before, className="muted")], className="delta"),
            html.Div(spark, className="spark", **aria(hidden="true")),
        ],
        className="card key-figure",
    )


def legend(*entries: tuple[str, str]) -> Component:
    """Say what each mark means: (css class of the swatch, words)."""
    parts = [html.Span([html.Span(className=f"swatch {mark}"), words], className="entry") for mark, words in entries]
    return html.Div(parts, className="legend")


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Component:
    """Lay out rows; the first column names the row, the others are numbers."""
    header = html.Thead(html.Tr([html.Th(name, scope="col") for name in head]))
    body = [html.Tr([html.Th(row[0], scope="row"), *[html.Td(cell) for cell in row[1:]]]) for row in rows]
    return html.Table([header, html.Tbody(body)], className="table")


def source(publication: Publication, name: str) -> str:
    """Say which table, which version and which run a card shows."""
    built = wording.clock_time(publication.built_at, now())
    return f"{name} · v{publication.versions[name]} · built {built}"


def empty(title: str, why: str, command: str = "", columns: int = 12, identity: str = "") -> Component:
    """Say why there is nothing, and the command that changes it."""
    parts: list[Component] = [html.H2(title), html.P(why, className="muted")]
    if command:
        parts.append(html.Pre(html.Code(command), className="command"))
    return html.Section(
        html.Div(parts, className="state"), id=identity or str(uuid4()), className=f"card span-{columns}"
    )


def safely(build: Callable[[], Component], columns: int = 12) -> Component:
    """Build a card; if that fails, show a sentence with an id in its place."""
    try:
        return build()
    except Exception:
        return failure("This card could not be drawn", "The rest of the page is not affected.", columns)


def failure(title: str, extent: str, columns: int = 12) -> Component:
    """Report the exception that is being handled: its trace to the log, an id that finds it there to the page."""
    identity = uuid4().hex[:8]
    log.exception("Error %s: %s.", identity, title)
    return empty(title, f"{extent} The log of the site has the reason under {identity}.", columns=columns)


def skeleton() -> Component:
    """Stand in while a page loads, with its proportions."""
    figures = [html.Div(className="card key-figure skeleton") for _ in range(6)]
    blocks = [html.Div(className=f"card skeleton span-{width} tall") for width in (8, 4)]
    return page(
        "\N{NO-BREAK SPACE}", "\N{NO-BREAK SPACE}", [html.Div(figures, className="key-figures span-12"), *blocks]
    )
