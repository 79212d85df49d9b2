"""app.commands — `lakehouse app`: serve the site."""

import click

from lakehouse.cli.render import emit
from lakehouse.settings import Settings


@click.command()
@click.pass_obj
def app(settings: Settings) -> None:
    """Serve the site on this machine, until Ctrl-C. Host and port stand in conf/base.toml.

    A site that runs shows a new publication by itself. It needs neither Java nor the lake's lock.
    """
    from app import server

    server.serve(
        settings, lambda address: emit(None, as_json=False, text=f"The site is at {address}  (Ctrl-C ends it)")
    )


commands = [app]
