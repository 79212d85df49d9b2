"""components.parts — small parts: a graph, a legend, a table, a spark line, states, links that keep the choices."""

import json
from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from flask import current_app, has_app_context

from app.charts.template import Figure

BASE = "LAKEHOUSE_BASE"  # where the Flask app keeps the path under which the site lies
CONFIG: Any = {"displayModeBar": False, "displaylogo": False, "showSendToCloud": False, "responsive": True}


def aria(**attributes: str) -> dict[str, Any]:
    """Write attributes for assistive technology: label="…" becomes aria-label."""
    return {f"aria-{name}": value for name, value in attributes.items()}


def data(**attributes: str) -> dict[str, Any]:
    """Write attributes for the browser's own code: menu="csv" becomes data-menu."""
    return {f"data-{name}": value for name, value in attributes.items()}


def graph(identity: str, figure: Figure, height: int, label: str, least_width: int = 0) -> Component:
    """Wrap a figure: no toolbar, no upload to anybody's cloud, a sentence for those who cannot see it.

    One whose words need some width is scrolled where the screen is narrower.
    """
    style = {"height": height} | ({"minWidth": least_width} if least_width else {})
    chart = dcc.Graph(id=identity, figure=figure.to_plotly_json(), config=CONFIG, responsive=True, style=style)
    drawn = html.Div(chart, role="img", className="chart", **aria(label=label))
    return scrolling(drawn, label) if least_width else drawn


def legend(*entries: tuple[str, str]) -> Component:
    """Say what each mark means: (css class of the swatch, words)."""
    parts = [html.Span([html.Span(className=f"swatch {mark}"), words], className="entry") for mark, words in entries]
    return html.Div(parts, className="legend")


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Component:
    """Lay out rows; the first column names the row, the others are numbers.

    Cells of plain text are laid out by the browser's own code (assets/site.js): a page of a thousand components takes
    Dash seconds to draw.
    """
    if all(isinstance(cell, str | int) for row in rows for cell in row):
        return html.Div(className="table-slot", **data(table=json.dumps([list(head), [list(row) for row in rows]])))
    header = html.Thead(html.Tr([html.Th(name, scope="col") for name in head]))
    body = [html.Tr([html.Th(row[0], scope="row"), *[html.Td(cell) for cell in row[1:]]]) for row in rows]
    return html.Table([header, html.Tbody(body)], className="table")


def scrolling(content: Component, label: str, height: int | None = None) -> Component:
    """Let what is too wide or too high be scrolled, by keyboard too."""
    style = {"maxHeight": height} if height else {}
    return html.Div(content, className="scroll", tabIndex=0, role="region", style=style, **aria(label=label))


def facts(pairs: Sequence[tuple[str, Any]]) -> Component:
    """List names with their values."""
    return html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs], className="pairs")


def command(text: str) -> Component:
    """Show a command, with a button that copies it."""
    copy = html.Button("Copy", type="button", className="copy", **data(copy=text))
    return html.Div([html.Pre(html.Code(text), tabIndex=0), copy], className="command")


def state(title: str, why: str, remedy: str = "", identity: str = "", kind: str = "") -> Component:
    """Say why there is nothing to see, and the command or act that changes it."""
    parts: list[Component] = [html.H2(title), html.P(why, className="muted")]
    named: dict[str, Any] = {"id": identity} if identity else {}
    if remedy:
        parts.append(
            command(remedy)
            if remedy.startswith("lakehouse")
            else html.P(remedy[0].upper() + remedy[1:] + ".", className="remedy")
        )
    return html.Div(parts, className=f"state {kind}".strip(), **named)


def link(words: Any, path: str, query: str = "", **properties: Any) -> Component:
    """Link to another page of the site."""
    return dcc.Link(words, href=address(path) + query, **properties)


def address(path: str) -> str:
    """Return where a page lies, under the site's own path."""
    base = current_app.config.get(BASE, "/") if has_app_context() else "/"
    return base.rstrip("/") + path


def spark(values: Sequence[float]) -> Component:
    """Draw a number's days as a small area under a line, from zero; shapes cut out of the accent colour, no script."""
    top = max([*values, 0]) or 1
    step = 100 / max(len(values) - 1, 1)
    points = [(place * step, 96 - 88 * value / top) for place, value in enumerate(values)]
    points = points if len(points) > 1 else [(0, points[0][1] if points else 96), (100, points[0][1] if points else 96)]
    upper = ", ".join(f"{x:.1f}% {y:.1f}%" for x, y in points)
    lower = ", ".join(f"{x:.1f}% calc({y:.1f}% + 1.5px)" for x, y in reversed(points))
    shapes = [
        html.Div(className="spark-area", style={"clipPath": f"polygon(0% 100%, {upper}, 100% 100%)"}),
        html.Div(className="spark-line", style={"clipPath": f"polygon({upper}, {lower})"}),
    ]
    return html.Div(shapes, className="spark", **aria(hidden="true"))


def key_figure(
    identity: str, label: str, value: str, change: str, mood: str, note: str, series: Sequence[float]
) -> Component:
    """Show a number, its change and its days.

    Args:
        identity: `<page>-<thing>`.
        label: what the number counts.
        value: the number, written.
        change: the change against the previous period, written; empty where there is none.
        mood: good, bad or muted: muted where no interval separates it.
        note: the words beside the change.
        series: the number by day.
    """
    line = [html.Span(change, className=f"change {mood}")] if change else []
    return html.Div(
        [
            html.Div(label, className="label"),
            html.Div(value, className="value", id=identity),
            html.Div([*line, html.Span(note, className="muted")], className="delta"),
            spark(series),
        ],
        className="card key-figure",
    )
