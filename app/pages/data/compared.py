"""data.compared — a reader's dataset beside the site's own data, in the numbers that bear it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from dash import html
from dash.development.base_component import Component

from app.components.parts import aria
from app.context import PageContext
from app.pages.data import queries
from app.pages.model import borrowed
from app.statistics import wilson

Numbers = Mapping[str, Any]
NOTE = (
    "All days of both, in UTC; a share with its 95 % interval. They are other visitors, on other days: a difference "
    "says that the shops differ, not why."
)


def beside(context: PageContext) -> list[Component]:
    """Lay the dataset that is shown beside the site's own data; nothing where it is the same, or either has none."""
    preset = context.preset
    if preset is None or preset is context.lake or context.publication is None or preset.current() is None:
        return []
    other = replace(context, lake=preset, publication=preset.current())
    pair = [each.ask(queries.key_numbers)[0] for each in (context, other)]
    if not all(numbers["num_sessions"] for numbers in pair):
        return []
    names = html.Tr(
        [html.Th("", scope="col"), html.Th("This dataset", scope="col"), html.Th("The site's", scope="col")]
    )
    rows = [html.Tr([html.Th(name, scope="row"), *(html.Td(told(each)) for each in pair)]) for name, told in ROWS]
    table = html.Table([html.Thead(names), html.Tbody(rows)], className="table compared")
    return [
        html.H2("Beside the site's own data"),
        html.P(NOTE, className="muted"),
        html.Div(table, className="preview", tabIndex=0, role="region", **aria(label="Numbers of both datasets")),
        *borrowed.told(context),
    ]


def _span(numbers: Numbers) -> str:
    first, last = numbers["first_day"], numbers["last_day"]
    return f"{first:%-d %b %Y} to {last:%-d %b %Y}, {numbers['num_days']:,} with visits"


def _share(column: str) -> Callable[[Numbers], str]:
    def told(numbers: Numbers) -> str:
        part, whole = numbers[column], numbers["num_sessions"]
        interval = wilson(part, whole)
        return f"{part / whole:.2%} ({interval.low:.2%} to {interval.high:.2%}), {part:,} of {whole:,}"

    return told


ROWS: tuple[tuple[str, Callable[[Numbers], str]], ...] = (
    ("Days", _span),
    ("Visits", lambda numbers: f"{numbers['num_sessions']:,}"),
    ("Visits a day", lambda numbers: f"{numbers['num_sessions'] / numbers['num_days']:,.1f}"),
    ("Views a visit", lambda numbers: f"{numbers['num_views'] / numbers['num_sessions']:.2f}"),
    ("Visits with a cart", _share("num_cart_sessions")),
    ("Visits with a purchase", _share("num_purchase_sessions")),
    ("Orders", lambda numbers: f"{numbers['num_orders']:,}"),
)
