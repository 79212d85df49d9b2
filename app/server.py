"""app.server — the Dash app and the process that serves it: one process, some threads, never a JVM."""

import errno
import logging
import socket
from collections.abc import Callable
from contextlib import suppress

from dash import ALL, Dash, Input, Output, no_update
from waitress import create_server

from app import data, pages, security, shell
from app.pages import funnel, predict
from app.scene import Scene
from app.view import parse
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

THREADS = 8
INDEX = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <title>{%title%}</title>
        <link rel="preload" href="/assets/fonts/inter.woff2" as="font" type="font/woff2" crossorigin>
        <script src="/assets/scheme.js"></script>
        <link rel="icon" href="/assets/icons/favicon.svg" type="image/svg+xml">
        {%css%}
    </head>
    <body>
        {%app_entry%}
        <footer>{%config%}{%scripts%}{%renderer%}</footer>
    </body>
</html>"""


def make(settings: Settings, published: data.Published, port: int) -> Dash:
    """Make the site over a lake's publications.

    Args:
        settings: whose lake and model are shown.
        published: the tables in memory.
        port: where it will be served; requests for another host or port are refused.
    """
    app = Dash(
        "app",
        title="Clickstream Lakehouse",
        update_title="",
        index_string=INDEX,
        suppress_callback_exceptions=True,
        assets_ignore=r"scheme\.js",
        enable_mcp=False,
        include_pages_meta=False,
        description="What a shop's visits do: traffic, funnel and purchase intent",
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.layout = lambda: shell.layout(published.current(), published.problem)
    shell.register(app)
    funnel.register(app)
    predict.register(app, lambda query: Scene(settings, published.current(), parse(query)))

    @app.callback(
        Output("site-page", "children"),
        Input("site-url", "pathname"),
        Input("site-query", "data"),
        Input("site-run", "data"),
    )
    def show(path, query, _run):  # type: ignore[no-untyped-def]
        return pages.render(path, Scene(settings, published.current(), parse(query)))

    @app.callback(
        Output("site-run", "data"),
        Output({"type": "site-badge", "place": ALL}, "children"),
        Input("site-poll", "n_intervals"),
        prevent_initial_call=True,
    )
    def poll(_times):  # type: ignore[no-untyped-def]
        return _news(published)

    security.protect(app.server, port, app.csp_hashes())
    return app


def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve the site until it is interrupted.

    Args:
        settings: where to listen, and whose lake to show.
        announce: told the address once the site answers.

    Raises:
        LakehouseError: the host is not this machine (exit code 2), or the port is taken (exit code 4).
    """
    listening = listen(settings)
    logging.basicConfig(format="%(asctime)s %(name)s %(levelname)s %(message)s", level=logging.WARNING)
    port = listening.getsockname()[1]
    published = data.Published(settings)
    published.refresh()
    app = make(settings, published, port)
    warm = app.server.test_client()
    for path in ("/", "/_dash-layout", "/_dash-dependencies"):
        warm.get(path, headers={"Host": f"127.0.0.1:{port}"})
    server = create_server(app.server, sockets=[listening], threads=THREADS, ident=None)
    with suppress(KeyboardInterrupt):  # Ctrl-C is how the site ends
        announce(f"http://{settings.app.host}:{port}/")
        server.run()
    server.close()


def listen(settings: Settings) -> socket.socket:
    """Take the port before anything slow is done."""
    host, port = settings.app.host, settings.app.port
    if host not in security.LOCAL:
        message = f"The site has no passwords yet, so it listens on this machine only, not on {host}."
        raise LakehouseError(message, "unset LAKEHOUSE_APP__HOST, or set it to 127.0.0.1", Exit.USAGE)
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


def _news(published: data.Published):  # type: ignore[no-untyped-def]
    """Return the newest run and the badges; a page is drawn anew only when the run is another one."""
    publication = published.current()
    badges = [shell.badge(publication, published.problem) for _ in range(2)]
    return (publication.run_id if publication else no_update), badges
