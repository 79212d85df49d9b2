"""cli.main — the command line: parse, delegate, print."""

import atexit
import importlib
import os
import pkgutil
import sys
from contextlib import suppress
from importlib.util import find_spec
from io import TextIOWrapper

import click

from lakehouse import error_messages
from lakehouse import settings as settings_module
from lakehouse.cli import commands
from lakehouse.cli.render import Commands
from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

THEN = "then"


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="clickstream-lakehouse")
@click.pass_context
def lakehouse(context: click.Context) -> None:
    """A lakehouse for shop click-streams: land CSV files, build the tables, train, score, look.

    The lake is the folder that LAKEHOUSE_LAKE names, ./lake by default.

    The word `then` joins commands, which share one Spark session; the first that fails ends all with its exit code:
    lakehouse sample --if-empty then run then ml train score then status
    """


def mount(settings: Settings) -> None:
    """Add the platform's commands, and those of the layers that have some."""
    ours = [f"lakehouse.cli.commands.{module.name}" for module in pkgutil.iter_modules(commands.__path__)]
    theirs = [f"{layer}.commands" for layer in settings.layers if find_spec(f"{layer}.commands")]
    for module in [*ours, *theirs]:
        for command in importlib.import_module(module).commands:
            lakehouse.add_command(command)


def split_commands(arguments: list[str]) -> list[list[str]]:
    """Split arguments at the word `then` into commands.

    Raises:
        LakehouseError: `then` has no command before or behind it (exit code 2).
    """
    found: list[list[str]] = [[]]
    for word in arguments:
        found = [*found, []] if word == THEN else [*found[:-1], [*found[-1], word]]
    if len(found) > 1 and not all(found):
        message = f"`{THEN}` joins two commands, and one of them is missing."
        raise LakehouseError(message, "lakehouse land FILE… then run", Exit.USAGE)
    return found


def main(arguments: list[str] | None = None) -> None:
    """Run a command, or several that `then` joins, and end the process with the exit code."""
    settings = None
    try:
        settings = settings_module.load()
        mount(settings)
        code = 0
        for each in split_commands(sys.argv[1:] if arguments is None else arguments):
            ended = lakehouse.main(each, standalone_mode=False, obj=settings)
            code = ended if isinstance(ended, int) else Exit.DONE  # chained commands return a list
            if code:
                break
    except LakehouseError as error:
        click.echo(f"✗ {error}", err=True)
        code = error.code
    except click.ClickException as error:
        error.show()
        code = Exit.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = Exit.INTERRUPTED
    except SystemExit:
        raise
    except BaseException as error:  # a panic of a library in Rust is no Exception
        known = error_messages.explain(error, settings)
        click.echo(f"✗ {known}", err=True)
        code = known.code
    sys.exit(int(code))


def console() -> None:
    """Run the command of this process's own command line, and end the process without tearing down its libraries.

    Threads of Arrow may still run then, and the interpreter's orderly end aborts the process now and again. A
    character that the terminal's encoding lacks is printed as its escape.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        main()
    except SystemExit as ended:
        atexit._run_exitfuncs()
        with suppress(OSError):  # whoever read it has gone, or the disk is full
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(ended.code if isinstance(ended.code, int) else 1)


if __name__ == "__main__":
    console()
