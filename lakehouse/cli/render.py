"""cli.render — what commands print: results to stdout, progress to stderr; and the group they hang in."""

import json
import sys
import time
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import click

from lakehouse.errors import Exit, LakehouseError

SECONDS_BETWEEN_LINES = 5
CLEAR_LINE = "\r\033[K"


def say(line: str) -> None:
    """Print a line of progress, to stderr."""
    click.echo(CLEAR_LINE + line if sys.stderr.isatty() else line, err=True)


def progress() -> Callable[[str], None]:
    """Return what shows how far long work is: in place on a terminal, elsewhere by a line every few seconds."""
    shown_at = time.monotonic()

    def show(line: str) -> None:
        nonlocal shown_at
        if sys.stderr.isatty():
            click.echo(CLEAR_LINE + line, err=True, nl=False)
        elif time.monotonic() > shown_at + SECONDS_BETWEEN_LINES:
            say(line)
            shown_at = time.monotonic()

    return show


def emit(result: Any, as_json: bool, text: str = "") -> None:
    """Print a result, to stdout: as JSON if asked for, else as the given text."""
    if as_json:
        click.echo(json.dumps(result, indent=1, default=str))
    elif text:
        click.echo(text)


def emit_line(result: Any, as_json: bool, text: str) -> None:
    """Print one of many results, to stdout: a JSON object on one line if asked for, else the given text."""
    click.echo(json.dumps(result, default=str) if as_json else text)


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class Commands(click.Group):
    """A group that meets an unknown name with the nearest known one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may be meant."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise unknown("command", args[0], self.list_commands(ctx), "lakehouse --help")
        return super().resolve_command(ctx, args)


def unknown(thing: str, name: str, known: list[str], remedy: str) -> LakehouseError:
    """Return the error for a name that nothing has."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return LakehouseError(f"There is no {thing} {name}.", f"did you mean {near[0]}?" if near else remedy, Exit.USAGE)
