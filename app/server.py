"""app.server — the Dash app: its pages, its API, and who may ask."""

import json
from collections.abc import Callable
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from app import api, login, pages, security, shell, theme, uploads
from app.api.at_once import AtOnce, Question
from app.api.serving import questions
from app.components.card import Card
from app.components.parts import BASE, state
from app.context import PageContext
from app.pages import Page
from app.params import described
from app.site import Site, base_path
from app.tokens import Tokens
from lakehouse.errors import LakehouseError

LARGEST_BODY = 1 << 20  # bytes of a request; a form or a callback needs a hundredth of it
INDEX = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <title>{%title%}</title>
        <link rel="preload" href="BASE/assets/fonts/inter.woff2" as="font" type="font/woff2" crossorigin>
        <script src="BASE/assets/scheme.js"></script>
        <script src="BASE/assets/elements.js"></script>
        <script src="BASE/assets/plotly/plotly.js" async></script>
        <link rel="icon" href="BASE/assets/icons/favicon.svg" type="image/svg+xml">
        <script type="application/json" id="site-facts">FACTS</script>
        {%css%}
    </head>
    <body>
        {%app_entry%}
        <footer>{%config%}{%scripts%}{%renderer%}</footer>
    </body>
</html>"""


def make(site: Site, port: int) -> Dash:
    """Make the app.

    Args:
        site: what it shows.
        port: where it will be served; requests for another host or port are refused.
    """
    settings = site.settings.app
    base = base_path(site.settings)
    app = Dash(
        "app",
        title="Clickstream Lakehouse",
        update_title="",
        index_string=INDEX.replace("BASE", base.rstrip("/")).replace("FACTS", _facts(base)),
        url_base_pathname=base,
        suppress_callback_exceptions=True,
        assets_ignore=r"scheme\.js|elements\.js|codemirror\.js|plotly\.js|aggrid\.js",
        enable_mcp=False,
        include_pages_meta=False,
        description="What a shop's visits do: traffic, funnel and purchase intent",
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.layout = lambda: shell.layout(site)
    shell.register(app, site)

    def context(query: str | None) -> PageContext:
        return site.context(pages.parse(query))

    for page in pages.all_pages():
        for card in page.cards:
            _register_card(app, page, card, context)
        if page.register:
            page.register(app, context)

    @app.callback(
        Output("site-page", "children"),
        Input("site-path", "data"),
        State("site-url", "search"),
        prevent_initial_call=True,
    )
    def show_page(path, query):  # type: ignore[no-untyped-def]
        page = pages.find(path)
        try:
            return page.layout(context(query)) if page else pages.missing()
        except LakehouseError as error:
            return pages.refused(page, error)

    app.server.config.update({"MAX_CONTENT_LENGTH": LARGEST_BODY, BASE: base})
    app.server.register_blueprint(api.blueprint(site), url_prefix=base.rstrip("/") or None)
    names = security.Names(port, tuple(settings.names), base)
    if not settings.password_hash:
        app.server.wsgi_app = AtOnce(app.server.wsgi_app, names.hosts, at_once(site))
    security.protect(
        app.server,
        names,
        app.csp_hashes(),
        dict.fromkeys((base + each for each in uploads.PATHS), site.jobs.upload_bytes),
    )
    if settings.password_hash:
        login.protect(app.server, settings.password_hash, base, Tokens(site.settings))
    return app


def at_once(site: Site) -> dict[tuple[str, str], Question]:
    """Return what is answered from memory, by method and path under which the site lies."""
    base = base_path(site.settings).rstrip("/")
    return {(method, base + path): question for (method, path), question in questions(site).items()}


def _register_card(app: Dash, page: Page, card: Card, context: Callable[[str | None], PageContext]) -> None:
    """Let a card be drawn by a callback of its own, and only when what it depends on has changed."""
    identity = f"{page.slug}-{card.name}"

    @app.callback(
        Output(f"{identity}-body", "children"),
        Output(f"{identity}-body", "data-key"),
        Input("site-query", "data"),
        Input("site-run", "data"),
        Input(f"{identity}-retry", "n_clicks"),
        State(f"{identity}-body", "data-key"),
    )
    def draw(query, _run, _clicks, known):  # type: ignore[no-untyped-def]
        return _draw(page, card, lambda: context(query), known, ctx.triggered_id == f"{identity}-retry")


def _draw(
    page: Page, card: Card, context: Callable[[], PageContext], known: str | None, is_asked: bool
) -> tuple[Any, Any]:
    try:
        shown = context()
        key = card.key(page.slug, shown)
    except LakehouseError as error:
        return state("This link cannot be shown", error.message, error.remedy, kind="failed"), ""
    if key == known and not is_asked:
        return no_update, no_update
    return card.content(page.slug, shown), key


def _facts(base: str) -> str:
    """Return what the browser's own code needs to know, as JSON that may stand in HTML."""
    palettes = {palette.scheme: palette.colours for palette in (theme.LIGHT, theme.DARK)}
    facts = {"params": described(pages.all_params()), "palettes": palettes, "base": base}
    return json.dumps(facts).replace("<", "\\u003c")
