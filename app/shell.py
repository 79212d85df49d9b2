"""app.shell — what stands around every page: header, navigation, and the state that the address holds."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from app import components, theme, wording
from app.components import aria
from app.data import Publication
from app.pages import PAGES, Page
from app.view import DAYS, View
from lakehouse.storage.ledger import now

SECONDS_BETWEEN_POLLS = 10
NAVIGATION = {"width": 216, "breakpoint": "sm"}


def layout(publication: Publication | None, problem: str) -> Component:
    """Build the frame; the page's own cards come in by a callback."""
    content = [
        dcc.Location(id="site-url", refresh=False),
        dcc.Store(id="site-query"),
        dcc.Store(id="site-run", data=publication.run_id if publication else None),
        dcc.Store(id="site-pages", data={page.path: {"name": page.name, "period": page.has_period} for page in PAGES}),
        dcc.Interval(id="site-poll", interval=SECONDS_BETWEEN_POLLS * 1000),
        html.A("Skip to the content", href="#site-main", className="skip"),
        dmc.AppShell(
            [
                dmc.AppShellHeader(_header(publication, problem)),
                dmc.AppShellNavbar(_navigation(PAGES, publication, problem)),
                dmc.AppShellMain(html.Div(components.skeleton(), id="site-page", tabIndex=-1), id="site-main"),
            ],
            id="site-shell",
            header={"height": {"base": 104, "sm": 56}},
            padding=0,
            transitionDuration=150,
            navbar=NAVIGATION | {"collapsed": {"mobile": True}},
        ),
    ]
    return dmc.MantineProvider(content, theme=theme.MANTINE, defaultColorScheme="auto")


def badge(publication: Publication | None, problem: str) -> list[Component]:
    """Say which run the site shows and how far its data reaches."""
    if publication is None:
        return [html.Span(className="dot waiting"), html.Span("nothing published yet")]
    if publication.last_day is None:
        return [html.Span(className="dot waiting"), html.Span("published, without an event yet")]
    words = f"run of {wording.clock_time(publication.built_at, now())} · data to {wording.day(publication.last_day)}"
    if problem:
        return [html.Span(className="dot stale"), html.Span(f"stale: {words}", title=problem)]
    return [html.Span(className="dot"), html.Span(words, title=f"run {publication.run_id}, UTC")]


def register(app: Dash) -> None:
    """Wire the frame, all in the browser: address and switches, navigation, drawer."""
    in_browser: Any = app.clientside_callback
    in_browser(
        ClientsideFunction("site", "keepAddress"),
        Output("site-query", "data"),
        Output("site-range", "value"),
        Output("site-compare", "checked"),
        Input("site-url", "search"),
        Input("site-range", "value"),
        Input("site-compare", "checked"),
        State("site-query", "data"),
    )
    in_browser(
        ClientsideFunction("site", "followAddress"),
        Output({"type": "site-link", "page": ALL}, "href"),
        Output({"type": "site-link", "page": ALL}, "active"),
        Output("site-filters", "className"),
        Input("site-query", "data"),
        Input("site-url", "pathname"),
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


def _header(publication: Publication | None, problem: str) -> Component:
    view = View()
    ranges = [{"value": key, "label": key if key != "all" else "All"} for key in DAYS]
    filters = [
        dmc.SegmentedControl(
            id="site-range",
            data=ranges,
            value=view.range,
            size="sm",
            **aria(label="Days shown, to the last complete one"),
        ),
        dmc.Switch(id="site-compare", label="Compare", checked=view.compare, size="sm", color="indigo"),
    ]
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
        dcc.Link([html.Span(className="icon icon-mark"), "Clickstream Lakehouse"], href="/", className="brand"),
    ]
    return html.Div(
        [
            html.Div(brand, className="header-brand"),
            html.Div(filters, id="site-filters", className="filters"),
            html.Div(
                badge(publication, problem), id={"type": "site-badge", "place": "header"}, className="badge in-header"
            ),
            toggle,
        ],
        className="header",
    )


def _navigation(pages: Sequence[Page], publication: Publication | None, problem: str) -> Component:
    parts: list[Component] = []
    for group, members in groupby(pages, key=lambda page: page.group):
        parts.append(html.Div(group, className="nav-group"))
        parts += [
            dmc.NavLink(
                label=page.name,
                href=page.path,
                id={"type": "site-link", "page": page.path},
                className="nav-link",
                leftSection=html.Span(className=f"icon icon-{page.icon}"),
                active="exact",
            )
            for page in members
        ]
    return html.Nav(
        [html.Div(parts), _badge(publication, problem, "navigation")], className="navigation", **aria(label="Pages")
    )


def _badge(publication: Publication | None, problem: str, place: str) -> Component:
    return html.Div(
        badge(publication, problem), id={"type": "site-badge", "place": place}, className=f"badge in-{place}"
    )
