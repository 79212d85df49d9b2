"""data.page — bring one's own CSV files: they become a lake of their own, on which every page works.

The list of datasets is kept by the browser's own code, assets/datasets.js, by the API alone: files are sent in pieces,
and a job's progress is looked at only while there is one.
"""

from dash import html
from dash.development.base_component import Component

from app.components.parts import aria, facts
from app.context import PageContext
from app.pages import Page
from app.pages.data import compared
from app.pages.data.wording import NEEDS, WHAT


def layout(context: PageContext) -> Component:
    """Build the page: what is shown now, room to drop files, the datasets of this browser, and a comparison."""
    beside = compared.beside(context)
    return html.Div(
        [
            html.Section(_drop(context), className="card span-8", id="data-drop"),
            html.Section(_shown(context), className="card span-4", id="data-shown"),
            html.Section(
                [html.H2("Your datasets"), html.P("Looking …", className="muted")],
                className="card span-12",
                id="data-sets",
                **aria(live="polite"),
            ),
            *([html.Section(beside, className="card span-12", id="data-compared")] if beside else []),
        ],
        className="cards",
    )


def _drop(context: PageContext) -> list[Component]:
    limits = context.lake.settings.datasets
    kept = (
        f"Up to {limits.most} datasets of {limits.quota.upper()} together. One that nobody opens for "
        f"{limits.keep_days:g} days is removed. Only this browser lists them; who has an address can look at it."
    )
    return [
        html.H2("Bring your own click-stream"),
        html.P(WHAT, className="muted"),
        html.Label(
            [
                html.Span("Drop CSV files here, or choose them", className="drop-words"),
                html.Span("events, and item properties and a category tree if there are any", className="muted"),
            ],
            htmlFor="data-files",
            className="drop",
            id="data-drop-zone",
        ),
        html.Div(id="data-input"),  # the browser's own code puts the file input there: Dash has none
        html.Details(
            [
                html.Summary("Which columns are needed?"),
                html.Ul([html.Li([html.Code(columns), f" {words}"]) for columns, words in NEEDS], className="notes"),
            ]
        ),
        html.P(kept, className="muted note"),
    ]


def _shown(context: PageContext) -> list[Component]:
    """Say what the pages show at this moment."""
    shown = context.publication
    if shown is None or shown.first_day is None or shown.newest_day is None:
        return [html.H2("Shown now"), html.P("This lake has published nothing yet.", className="muted")]
    events = shown.rows("SELECT sum(num_events) AS events FROM gold.activity")[0]["events"]
    pairs = [
        ("Dataset", _name(context)),
        ("Events", f"{int(events):,}"),
        ("From", f"{shown.first_day:%-d %b %Y}"),
        ("To", f"{shown.newest_day:%-d %b %Y}"),
        ("Built", f"{shown.built_at:%-d %b %Y %H:%M} UTC, run {shown.run.number}"),
    ]
    own = html.A("Back to the site's own data", href="?", className="more") if context.lake.name else None
    return [html.H2("Shown now"), facts(pairs), *([own] if own else [])]


def _name(context: PageContext) -> str:
    name = context.lake.name
    return "the site's own" if not name else "one of yours" if context.lake.settings.lake.borrows else name


page = Page(
    path="/data",
    name="Data",
    group="Lake",
    icon="data",
    about="Bring your own CSV files, and see them on every page",
    filters=(),
    content=layout,
    place=10,
)
