"""cli.bounded — options within the bounds that settings have: what no setting may be, no option may."""

from typing import Any

import click

from lakehouse.bounds import Bound, Range, Text


class Bounded(click.ParamType[Any]):
    """A number within a range, or a text that is not empty."""

    def __init__(self, bound: Bound) -> None:
        """Take a value as a number where the bound is a range, else as text."""
        self.bound = bound
        self.kind: click.ParamType[Any] = click.FLOAT if isinstance(bound, Range) else click.STRING
        self.name = self.kind.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value, or fail with what it must be."""
        found = self.kind.convert(value, param, ctx)
        if not self.bound.admits(found):
            self.fail(f"{value!r} is not possible: it must be {self.bound}.", param, ctx)
        return found


REASON = Bounded(Text())
