"""What a job can be: each a module here that declares `kind`. Nobody edits a list to add one."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lakehouse.errors import Exit, LakehouseError
from lakehouse.settings import Settings

Arguments = Mapping[str, Any]
Tell = Callable[[int, int, str], None]  # how much is done, of how much, and a sentence


@dataclass(frozen=True)
class Task:
    """What a worker is given.

    Attributes:
        settings: of the lake that the job is about.
        arguments: what `check` returned.
        folder: for what comes of it; the file that the job was given lies there as `files.INPUT`.
        tell: told how far it is.
        owner: the browser that asked for it.
    """

    settings: Settings
    arguments: Arguments
    folder: Path
    tell: Tell
    owner: str = ""


@dataclass(frozen=True)
class Kind:
    """What a job can be.

    Attributes:
        name: by which it is asked for.
        title: names a job for people, by its arguments.
        check: returns the arguments as they are kept, or refuses what nobody could do with a LakehouseError.
        run: does it in the worker, as the command line would; returns what is to be known of it beside its files.
        writes_lake: whether it waits for the lake's lock, and holds it.
        takes_file: whether it is about a file that is sent with it.
        has_route: whether only a route of its own may ask for it, which knows whose lake it is about.
    """

    name: str
    title: Callable[[Arguments], str]
    check: Callable[[Arguments], Arguments]
    run: Callable[[Task], Mapping[str, Any]]
    writes_lake: bool = False
    takes_file: bool = False
    has_route: bool = False


@cache
def all_kinds() -> dict[str, Kind]:
    """Find the kinds, by name."""
    names = [f"{__name__}.{info.name}" for info in pkgutil.iter_modules(__path__)]
    found = [importlib.import_module(name).kind for name in names]
    return {kind.name: kind for kind in found}


def find(name: str) -> Kind:
    """Return a kind.

    Raises:
        LakehouseError: there is none of that name (exit code 2).
    """
    if name not in all_kinds():
        raise LakehouseError(f"There is no kind of job {name}.", f"one of: {', '.join(all_kinds())}", Exit.USAGE)
    return all_kinds()[name]
