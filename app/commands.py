"""app.commands — `lakehouse app`: serve the site; `lakehouse query`: ask the tables in SQL."""

from pathlib import Path

import click

from app.sql.query_command import query
from lakehouse.cli.render import emit
from lakehouse.settings import Settings


@click.command()
@click.option(
    "--hash-password", is_flag=True, help="Ask for a password and print its hash for LAKEHOUSE_APP__PASSWORD_HASH."
)
@click.pass_obj
def app(settings: Settings, hash_password: bool) -> None:
    """Serve the site on this machine, until Ctrl-C. Host and port stand in conf/base.toml.

    A site that runs shows a new publication by itself. It needs neither Java nor the lake's lock.
    """
    from app import login, server

    if hash_password:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        emit(None, as_json=False, text=login.hashed(password))
        return
    server.serve(
        settings, lambda address: emit(None, as_json=False, text=f"The site is at {address}  (Ctrl-C ends it)")
    )


@click.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("job")
@click.pass_obj
def work(settings: Settings, folder: Path, job: str) -> None:
    """Do a job of the site, as its worker: FOLDER holds the table of jobs, JOB is an id in it."""
    from app.jobs import worker

    worker.work(settings, folder, job)


commands = [app, query, work]
