"""cli.bounded — options within the bounds that settings have: what no setting may be, no option may."""

from typing import Any

import click

from lakehouse.bounds import Bound, Text


class Bounded(click.ParamType[Any]):
    """A value of some kind within a bound: a number in a range, a text that is not empty."""

    def __init__(self, kind: click.ParamType[Any], bound: Bound) -> None:
        """Take the kind and the bound of the values."""
        self.kind, self.bound, self.name = kind, bound, kind.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value, or fail with what it must be."""
        found = self.kind.convert(value, param, ctx)
        if not self.bound.admits(found):
            self.fail(f"{value!r} is not possible: it must be {self.bound}.", param, ctx)
        return found


REASON = Bounded(click.STRING, Text())
