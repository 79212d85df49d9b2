"""app.shell — what stands around every page: header, filters, navigation, and the state that the address holds."""

from itertools import groupby
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from flask import has_request_context

from app import filters, pages, theme, wording
from app.components import controls, jobs
from app.components.parts import address, aria, data, link
from app.data.publication import Publication, Published
from app.jobs import owner
from app.params import Params
from app.site import Site
from lakehouse.errors import LakehouseError
from lakehouse.storage.ledger import now

NAVIGATION = {"width": 208, "breakpoint": "sm"}


def layout(site: Site) -> Component:
    """Build the frame; the page's own cards come in by callbacks."""
    params = pages.parse("")
    described = {page.path: {"name": page.name, "filters": list(page.filters)} for page in pages.all_pages()}
    content = [
        dcc.Location(id="site-url", refresh=False),
        dcc.Store(id="site-query"),
        dcc.Store(id="site-path"),
        dcc.Store(id="site-run", data=site.lakes[""].shown),
        dcc.Store(id="site-pages", data=described),
        html.A("Skip to the content", href="#site-main", className="skip"),
        dmc.AppShell(
            [
                dmc.AppShellHeader([_header(site, params), filters.row(params)]),
                dmc.AppShellNavbar(_navigation()),
                dmc.AppShellMain(html.Div(_waiting(), id="site-page", tabIndex=-1), id="site-main"),
            ],
            id="site-shell",
            header={"height": {"base": 104, "sm": 108}},
            padding=0,
            transitionDuration=150,
            navbar=NAVIGATION | {"collapsed": {"mobile": True}},
        ),
        html.Dialog(
            [
                html.H2("The SQL behind this card"),
                html.Pre(html.Code(id="site-sql-text"), tabIndex=0),
                _dialog_buttons(),
            ],
            id="site-sql",
            **aria(label="The SQL behind this card"),
        ),
        _note_dialog(),
        jobs.drawer(),
        html.Div(id="site-said", role="status", className="said"),
    ]
    return dmc.MantineProvider(content, theme=theme.MANTINE, defaultColorScheme="auto")


def badge(lake: Published, shown: Publication | None) -> Component:
    """Say how far the data reaches; opened, the three clocks: newest event, built, shown."""
    if shown is None or shown.last_day is None or shown.newest_day is None:
        words = "nothing published yet" if shown is None else "published, without an event yet"
        return html.Div([html.Span(className="dot waiting"), html.Span(words)], className="badge-line")
    complete = shown.bounds.complete if shown.bounds else None
    words = f"Complete through {wording.day(complete)}" if complete else f"Filling: {wording.day(shown.newest_day)}"
    state = ["dot stale", f"Stale. {words}"] if lake.problem else ["dot", words]
    clocks = [
        ("Newest event", wording.day(shown.newest_day)),
        ("Built", f"{wording.day(shown.built_at)} {shown.built_at:%H:%M}, run {shown.run.number}"),
        ("Shown", f"{wording.day(now())} {now():%H:%M}"),
    ]
    items = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in clocks]
    problem = [html.P(lake.problem, className="bad")] if lake.problem else []
    return html.Details(
        [
            html.Summary([html.Span(className=state[0]), html.Span(state[1])], className="badge-line"),
            html.Div(
                [html.Dl(items, className="pairs"), *problem, html.P("Times in UTC", className="muted")],
                className="popover",
            ),
        ],
        className="badge-details",
    )


def register(app: Dash, site: Site) -> None:
    """Wire the frame; address, switches, navigation and drawer in the browser alone."""
    in_browser: Any = app.clientside_callback
    every = {"type": "param", "name": ALL, "kind": ALL}
    in_browser(
        ClientsideFunction("site", "keepAddress"),
        Output("site-query", "data"),
        Output("site-path", "data"),
        Output(every, "value"),
        Input("site-url", "search"),
        Input("site-url", "pathname"),
        Input(every, "value"),
        State(every, "id"),
        State("site-query", "data"),
        State("site-path", "data"),
        State("site-run", "data"),
    )
    in_browser(
        ClientsideFunction("site", "followAddress"),
        Output({"type": "site-link", "page": ALL}, "href"),
        Output({"type": "site-link", "page": ALL}, "active"),
        Output("site-filters", "className"),
        Input("site-query", "data"),
        Input("site-path", "data"),
        State("site-pages", "data"),
        State({"type": "site-link", "page": ALL}, "id"),
    )
    in_browser(
        ClientsideFunction("site", "toggleDrawer"),
        Output("site-shell", "navbar"),
        Output("site-burger", "opened"),
        Input("site-burger", "opened"),
        Input("site-url", "pathname"),
        State("site-shell", "navbar"),
    )

    @app.callback(Output("site-badge", "children"), Input("site-run", "data"), State("site-query", "data"))
    def show_badge(_run, query):  # type: ignore[no-untyped-def]
        lake = site.lakes.get(pages.parse(query)["lake"], site.lakes[""])
        return badge(lake, lake.current())

    @app.callback(
        Output("site-subtitle", "children"),
        Input("site-query", "data"),
        Input("site-run", "data"),
        State("site-path", "data"),
    )
    def show_subtitle(query, _run, path):  # type: ignore[no-untyped-def]
        return subtitle(site, pages.parse(query), path)

    days = controls.identity("range", "days")

    @app.callback(
        Output(controls.identity("category"), "data"),
        Output(days, "minDate"),
        Output(days, "maxDate"),
        Input("site-run", "data"),
        State("site-query", "data"),
    )
    def offer_choices(_run, query):  # type: ignore[no-untyped-def]
        params = pages.parse(query)
        return filters.categories(site, params), *filters.bounds(site, params)


def subtitle(site: Site, params: Params, path: str | None) -> Any:
    """Say which days a page shows; of a frozen link, how far it is behind."""
    page = pages.find(path)
    try:
        context = site.context(params)
    except LakehouseError as error:
        return error.message
    if page is None or context.publication is None or context.publication.first_day is None:
        return page.about if page else "The address may be mistyped."
    words = context.subtitle("compare" in page.filters) if "range" in page.filters else page.about
    newest = context.lake.current()
    if not params["run"] or newest is None:
        return words
    behind = newest.run.number - context.publication.run.number
    held = "the newest run" if not behind else f"{behind} run{wording.plural(behind)} behind the newest"
    frozen = f"Frozen at run {context.publication.run.number} of {wording.day(context.publication.built_at)}, {held}. "
    return [words, html.Span([frozen, link("Show the newest", page.path, params.query(run=""))], className="frozen")]


def _header(site: Site, params: Params) -> Component:
    toggle = dmc.ColorSchemeToggle(
        lightIcon=html.Span(className="icon icon-sun"),
        darkIcon=html.Span(className="icon icon-moon"),
        id="site-theme",
        variant="subtle",
        color="gray",
        size="lg",
        className="theme-switch",
        **aria(label="Switch between light and dark"),
    )
    brand = [
        dmc.Burger(id="site-burger", opened=False, size="sm", hiddenFrom="sm", **aria(label="Navigation")),
        dcc.Link(
            [html.Span(className="icon icon-mark"), html.Span("Clickstream Lakehouse", className="brand-name")],
            href=address("/"),
            className="brand",
            title="Overview",
        ),
    ]
    names = {name: name or "This lake" for name in site.lakes}
    reader = owner.current(site.jobs.root) if has_request_context() else ""
    names |= {each.id: each.name for each in site.datasets.of(reader) if reader}
    dataset = controls.select(params, "lake", "Dataset", names, width=150)
    lake = site.lakes[""]
    return html.Div(
        [
            html.Div(brand, className="header-brand"),
            html.Div(dataset, className="dataset" if len(names) > 1 else "dataset absent"),
            html.Div(badge(lake, lake.current()), id="site-badge", className="badge"),
            jobs.button(),
            _views(),
            toggle,
        ],
        className="header",
    )


def _navigation() -> Component:
    parts: list[Component] = []
    for group, members in groupby(pages.all_pages(), key=lambda page: page.group):
        parts.append(html.Div(group, className="nav-group"))
        parts += [
            dmc.NavLink(
                label=page.name,
                href=address(page.path),
                id={"type": "site-link", "page": page.path},
                className="nav-link",
                leftSection=html.Span(className=f"icon icon-{page.icon}"),
                active="exact",
            )
            for page in members
        ]
    return html.Nav(html.Div(parts), className="navigation", **aria(label="Pages"))


def _views() -> Component:
    """Hold the saved views, which the browser's own code lists, and a field to save the one that is shown."""
    field = dcc.Input(
        id="site-view-name", type="text", maxLength=80, placeholder="Name of this view", autoComplete="off"
    )
    save = html.Button("Save", type="button", className="button", **data(saveview="site-view-name"))
    content = [
        html.H2("Saved views"),
        html.Div(id="site-views-list", className="views-list"),
        html.Label("Save this page with its choices", htmlFor="site-view-name", className="muted"),
        html.Div([field, save], className="control-row"),
    ]
    summary = html.Summary(html.Span(className="icon icon-bookmark"), title="Saved views", **aria(label="Saved views"))
    return html.Details([summary, html.Div(content, className="popover")], id="site-views", className="views-details")


def _note_dialog() -> Component:
    """Ask for the day and the words of a note."""
    fields = [
        html.Label("Day", htmlFor="site-note-day"),
        dcc.Input(id="site-note-day", type="text", placeholder="2015-06-03", maxLength=10, autoComplete="off"),
        html.Label("What happened", htmlFor="site-note-words"),
        dcc.Input(id="site-note-words", type="text", maxLength=280, autoComplete="off"),
        html.P("Everybody who opens this lake's site reads it.", className="muted note"),
    ]
    add = html.Button("Add", type="button", className="button", **data(addnote="site-note"))
    close = html.Button("Close", type="button", className="button", **data(close="site-note"))
    return html.Dialog(
        [html.H2("Add a note"), html.Div(fields, className="fields"), html.Div([add, close], className="control-row")],
        id="site-note",
        **aria(label="Add a note"),
    )


def _dialog_buttons() -> Component:
    copy = html.Button("Copy", type="button", className="button", **data(copyfrom="site-sql-text"))
    close = html.Button("Close", type="button", className="button", **data(close="site-sql"))
    return html.Div([copy, close], className="control-row")


def _waiting() -> Component:
    """Stand in while the first page comes, with its proportions."""
    figures = html.Div(
        [html.Div(className="card key-figure skeleton") for _ in range(6)], className="key-figures span-12"
    )
    blocks = [html.Div(className=f"card skeleton span-{width} tall") for width in (8, 4)]
    heading = html.Div([html.H1("\N{NO-BREAK SPACE}"), html.P("\N{NO-BREAK SPACE}")], className="page-heading")
    return html.Div([heading, html.Div([figures, *blocks], className="cards")], className="page")
