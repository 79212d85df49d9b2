"""app.server — the Dash app and the process that serves it: one process, some threads, never a JVM."""

import errno
import gc
import json
import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from app import api, login, pages, security, shell, theme, uploads, web_server
from app.api.at_once import AtOnce, Question
from app.api.serving import questions
from app.components.card import Card
from app.components.parts import BASE, state
from app.context import PageContext
from app.data.serving import NotServed
from app.pages import Page
from app.params import described
from app.site import Site, base_path
from app.tokens import Tokens
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from lakehouse.storage import reading

SECONDS_FOR_THE_FIRST_PAGE = 5  # in which a browser draws it, and needs the processor
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
        app.server.wsgi_app = AtOnce(app.server.wsgi_app, names.hosts, _at_once(site))
    security.protect(
        app.server,
        names,
        app.csp_hashes(),
        dict.fromkeys((base + each for each in uploads.PATHS), site.jobs.upload_bytes),
    )
    if settings.password_hash:
        login.protect(app.server, settings.password_hash, base, Tokens(site.settings))
    return app


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve the site until it is interrupted.

    Args:
        settings: where to listen, and whose lake to show.
        announce: told the address once the site answers.

    Raises:
        LakehouseError: another address without a password (exit code 2), or the port is taken (exit code 4).
    """
    listening = listen(settings)
    reading.forgo_pandas()
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that requests wait an instant is no news
    port = listening.getsockname()[1]
    site = Site(settings)
    site.lakes[""].refresh()
    Thread(target=_warm, args=(site,), name="warm", daemon=True).start()
    app = make(site, port)
    warm = app.server.test_client()
    for path in ("", "_dash-layout", "_dash-dependencies"):
        warm.get(base_path(settings) + path, headers={"Host": f"127.0.0.1:{port}"})
    site.jobs.start()
    site.datasets.clean()
    base = base_path(settings)
    large = dict.fromkeys((base + each for each in uploads.PATHS), site.jobs.upload_bytes)
    from_memory = [] if settings.object_store else [path for _, path in _at_once(site)]
    server = web_server.create(app.server, listening, 2 * LARGEST_BODY, large, from_memory)
    with suppress(KeyboardInterrupt):  # Ctrl-C is how the site ends
        announce(f"http://{settings.app.host}:{port}{base}")
        server.run()
    server.close()


def _at_once(site: Site) -> dict[tuple[str, str], Question]:
    """Return what is answered from memory, by method and path under which the site lies."""
    base = base_path(site.settings).rstrip("/")
    return {(method, base + path): question for (method, path), question in questions(site).items()}


def _warm(site: Site) -> None:
    """Bring into memory what pages and choices need: first what the first page shows, the rest when it is drawn.

    What is in memory then stays. Garbage is looked for beside it from then on: a search through all of it would hold up
    every answer for a tenth of a second.
    """
    first, *others = [page for page in pages.all_pages() if page.group == pages.GROUPS[0]]
    for query in ("", "?segment=returning", "?category=-1", "?segment=returning&category=-1"):
        for page in (first, *others):
            for card in page.cards:
                card.content(page.slug, site.context(pages.parse(query), theme.LIGHT))
            if (page, query) == (first, ""):
                time.sleep(SECONDS_FOR_THE_FIRST_PAGE)
    with suppress(NotServed):  # it is being loaded by now, or there is nothing to serve
        site.lakes[""].served()
    gc.collect()
    gc.freeze()


def listen(settings: Settings) -> socket.socket:
    """Take the port before anything slow is done."""
    host, port = settings.app.host, settings.app.port
    if host not in security.LOCAL and not settings.app.password_hash:
        message = f"Without a password the site listens on this machine only, not on {host}."
        raise LakehouseError(message, "lakehouse app --hash-password, or unset LAKEHOUSE_APP__HOST", Exit.USAGE)
    login.check(settings.app.password_hash)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        taken = error.errno == errno.EADDRINUSE
        message = (
            f"Port {port} is taken by another program." if taken else f"Port {port} cannot be used: {error.strerror}."
        )
        raise LakehouseError(message, f"LAKEHOUSE_APP__PORT={port + 1} lakehouse app", Exit.ENVIRONMENT) from error
    return listening


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
