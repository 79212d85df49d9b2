"""data.query — a question that a page asks: one function, one SQL statement, one name in the API."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.data.derived import DERIVED
from app.data.tables import NAME

PARAMETER = re.compile(r"\$(\w+)")
Build = Callable[[Any], "Statement"]  # from a PageContext, which knows queries and is not known here


@dataclass(frozen=True)
class Statement:
    """SQL over tables by their own names, with the values of its `$name` parameters."""

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tables(self) -> list[str]:
        """The tables of the lake that it asks, in order."""
        return sorted({DERIVED[name].source if name in DERIVED else name for name in NAME.findall(self.sql)})

    def __str__(self) -> str:
        """Return the SQL with its values, as somebody may run it elsewhere."""
        lines = [line.rstrip() for line in self.sql.strip("\n").splitlines()]
        indent = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
        text = "\n".join(line[indent:] for line in lines)
        text = NAME.sub(lambda found: f"({DERIVED[found[0]].sql})" if found[0] in DERIVED else found[0], text)
        return PARAMETER.sub(lambda found: _literal(self.parameters[found[1]]), text)


@dataclass(frozen=True)
class Query:
    """A question. Calling it with a page's context gives the statement.

    Attributes:
        name: `<page>-<thing>`, also its name in the API.
        reads: table -> the columns it may ask for.
        params: names of the URL parameters that it heeds.
        build: makes the statement.
    """

    name: str
    reads: Mapping[str, tuple[str, ...]]
    params: tuple[str, ...]
    build: Build

    @property
    def description(self) -> str:
        """What it answers, in a sentence."""
        return (self.build.__doc__ or "").strip().partition("\n")[0]

    def __call__(self, context: Any) -> Statement:
        """Return the statement for a page's context."""
        return self.build(context)


def query(
    reads: Mapping[str, str], params: tuple[str, ...] = ("range", "segment", "category")
) -> Callable[[Build], Query]:
    """Declare a question of a page; the function's module and name are the question's name.

    Args:
        reads: table -> its columns, separated by spaces.
        params: the URL parameters that it heeds, beside dataset and run.
    """

    def declare(build: Build) -> Query:
        page = build.__module__.split(".")[-2]
        name = f"{page}-{build.__name__}".replace("_", "-")
        return Query(name, {table: tuple(columns.split()) for table, columns in reads.items()}, params, build)

    return declare


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, date):
        return f"DATE '{value:%Y-%m-%d}'"
    return "'" + str(value).replace("'", "''") + "'"
