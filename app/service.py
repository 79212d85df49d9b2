"""app.service — the process that serves the site: one process, some threads, never a JVM.

What the first page needs is read while the rest is imported: both take a second.
"""

import errno
import gc
import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread

from app import login, pages, security, theme, uploads
from app.data.serving import NotServed
from app.site import Site, base_path
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings
from lakehouse.storage import reading

SECONDS_FOR_THE_FIRST_PAGE = 5  # in which a browser draws it, and needs the processor


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
    from app import server, web_server

    app = server.make(site, port)
    warm = app.server.test_client()
    for path in ("", "_dash-layout", "_dash-dependencies"):
        warm.get(base_path(settings) + path, headers={"Host": f"127.0.0.1:{port}"})
    site.jobs.start()
    site.datasets.clean()
    base = base_path(settings)
    large = dict.fromkeys((base + each for each in uploads.PATHS), site.jobs.upload_bytes)
    from_memory = [] if settings.object_store else [path for _, path in server.at_once(site)]
    serving = web_server.create(app.server, listening, 2 * server.LARGEST_BODY, large, from_memory)
    with suppress(KeyboardInterrupt):  # Ctrl-C is how the site ends
        announce(f"http://{settings.app.host}:{port}{base}")
        serving.run()
    serving.close()


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
