"""app.commands — `lakehouse app`: serve the site; `app token`: who may ask it by program; `query`: ask in SQL."""

import gc
from pathlib import Path

import click

from app.sql.query_command import query
from lakehouse.cli.render import Commands, as_json_option, emit
from lakehouse.settings import Settings


@click.group(cls=Commands, invoke_without_command=True)
@click.option(
    "--hash-password", is_flag=True, help="Ask for a password and print its hash for LAKEHOUSE_APP__PASSWORD_HASH."
)
@click.pass_context
def app(context: click.Context, hash_password: bool) -> None:
    """Serve the site on this machine, until Ctrl-C. Host and port stand in conf/base.toml.

    A site that runs shows a new publication by itself. It needs neither Java nor the lake's lock.
    """
    if context.invoked_subcommand:
        return
    gc.disable()  # nothing of what is imported and read now is garbage
    from app import login, service

    if hash_password:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        emit(None, as_json=False, text=login.hashed(password))
        return

    def announce(address: str) -> None:
        gc.enable()
        emit(None, as_json=False, text=f"The site is at {address}  (Ctrl-C ends it)")

    service.serve(context.obj, announce)


@app.group(cls=Commands)
def token() -> None:
    """Let programs ask a site that has a password, each by a token of its own."""


@token.command()
@click.argument("name")
@as_json_option
@click.pass_obj
def create(settings: Settings, name: str, as_json: bool) -> None:
    """Make a token, and print it this once: the header is `Authorization: Bearer TOKEN`."""
    from app.tokens import Tokens

    made = Tokens(settings).create(name)
    emit({"name": name, "token": made}, as_json, made)


@token.command("list")
@as_json_option
@click.pass_obj
def list_(settings: Settings, as_json: bool) -> None:
    """Name the tokens, and when each was made."""
    from app.tokens import Tokens

    found = Tokens(settings).all()
    text = "\n".join(f"{each.name:<40}  {each.created_at}" for each in found) or "There is no token."
    emit([{"name": each.name, "created_at": each.created_at} for each in found], as_json, text)


@token.command()
@click.argument("name")
@click.pass_obj
def revoke(settings: Settings, name: str) -> None:
    """Let a token open nothing any more, from the next request on."""
    from app.tokens import Tokens

    Tokens(settings).revoke(name)
    emit(None, as_json=False, text=f"The token {name} opens nothing any more.")


@click.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("job")
@click.pass_obj
def work(settings: Settings, folder: Path, job: str) -> None:
    """Do a job of the site, as its worker: FOLDER holds the table of jobs, JOB is an id in it."""
    from app.jobs import worker

    worker.work(settings, folder, job)


commands = [app, query, work]
