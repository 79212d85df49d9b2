"""lakehouse.table — the contract of a table: what one row is, where it comes from, how it is kept."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from lakehouse import fingerprint
from lakehouse.expectations import Expectation
from lakehouse.source_filter import SourceFilter

CLUSTERED_TYPES = ("DATE", "BIGINT", "TIMESTAMP")
Transform = TypeVar("Transform", bound=Callable[..., Any])

COLUMN = re.compile(
    r"(?P<name>\w+)\s+(?P<type>\w+(?:\([\d, ]+\)|<[\w<>, ]+>)?)(?P<required>\s+NOT NULL)?"
    r"\s+COMMENT '(?P<comment>[^']+)'"
)


@dataclass(frozen=True)
class SessionGap:
    """How far a change reaches into rows that are cut from a stream at pauses.

    A row at `instant` belongs to what began at `start`, where the one before it lies at most `minutes` earlier. So
    what ended earlier than that before a changed instant cannot change, nor what began later than that behind it.
    """

    start: str
    instant: str
    minutes: int


@dataclass(frozen=True)
class Refresh:
    """How a table follows its upstreams; made by `append`, `upsert`, `replace` or `rebuild`."""

    kind: Literal["append", "upsert", "replace", "rebuild"]
    by: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    through: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    since: SessionGap | None = None
    rows_at_once: int | None = None

    def __str__(self) -> str:
        """Return the refresh as it is declared."""
        return f"{self.kind} by {', '.join(self.by)}" if self.by else self.kind


def append() -> Refresh:
    """Turn each landed file of the table's name into rows, once."""
    return Refresh("append")


def upsert() -> Refresh:
    """Add the rows whose key is new; a row that is there already changes nothing."""
    return Refresh("upsert")


def replace(
    by: str | list[str] | dict[str, str],
    through: dict[str, str] | None = None,
    since: SessionGap | None = None,
    rows_at_once: int | None = None,
) -> Refresh:
    """Compute the rows of the touched values of `by` anew.

    Args:
        by: columns in which the transform is local: its rows for one value depend on the upstream rows of that value.
            Where an upstream spells a column otherwise: column -> SQL over the upstream's columns.
        through: upstream without those columns -> the column that it shares with the first upstream, by which its
            changes reach the others and by which it is restricted to what they need.
        since: which of a value's rows a change reaches; all of them if it is not given.
        rows_at_once: how many upstream rows a full refresh takes at most, of a transform that holds much of them in
            memory; of more it computes the values share by share.
    """
    columns = {column: column for column in ([by] if isinstance(by, str) else by)}
    spelled = by if isinstance(by, dict) else columns
    return Refresh(
        "replace", MappingProxyType(dict(spelled)), MappingProxyType(dict(through or {})), since, rows_at_once
    )


def rebuild() -> Refresh:
    """Compute all rows whenever an upstream changed."""
    return Refresh("rebuild")


@dataclass(frozen=True)
class Column:
    """One column of a contract."""

    name: str
    type: str
    nullable: bool
    comment: str


@dataclass(eq=False)
class Table:
    """The contract of a table.

    Attributes:
        name: `layer.plural_noun`, the path of its module.
        comment: the grain first: "One row per …".
        key: columns that identify a row, compared null-safe.
        refresh: how the table follows its upstreams.
        schema: a line per column: name, SQL type, NOT NULL or not, COMMENT with unit or zone.
        upstreams: the tables it is computed from; none for a table of landed files.
        expectations: what must hold of its rows.
        source_filter: which rows of the first upstream it is made of; the others are not read.
        cluster_by: columns it is filtered by, the first of them its slice; they alone carry file statistics. Of type
            DATE, BIGINT or TIMESTAMP, with values of whole milliseconds.
        sort_by: of a table of landed files: a column of few values by which each file's rows are sorted, so that a
            filter on it reads few of them.
        person: the column that names a visitor, which erasure and export follow.
        is_required: whether a run makes no sense before a file of this table has landed.
        snapshot: of a table of landed files: whether each file is complete in itself, so that only the newest counts.
        judged_by: the column of the first upstream that names a row's kind; where every row of one kind is refused,
            the run stops.
    """

    name: str
    comment: str
    key: list[str]
    refresh: Refresh
    schema: str
    upstreams: list[str] = field(default_factory=list)
    expectations: list[Expectation] = field(default_factory=list)
    source_filter: SourceFilter | None = None
    cluster_by: list[str] = field(default_factory=list)
    sort_by: str | None = None
    person: str | None = None
    is_required: bool = False
    snapshot: bool = False
    judged_by: str | None = None
    function: Callable[..., Any] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be kept.

        Raises:
            ValueError: a table of landed files has rules, but it takes whatever lands; or a column of `cluster_by` is
                of a type whose values the log keeps no limits of, so that it would be ignored.
        """
        if self.refresh.kind == "append" and self.expectations:
            raise ValueError(f"{self.name} takes every landed line as it is; rules stand in the tables that read it")
        types = {column.name: column.type.upper() for column in self.columns} if self.cluster_by else {}
        for column in self.cluster_by:
            if types.get(column) not in CLUSTERED_TYPES:
                found = types.get(column, "not a column")
                wanted = ", ".join(CLUSTERED_TYPES)
                raise ValueError(
                    f"{self.name}: cluster_by {column} is {found}; files are distinguished by {wanted} alone"
                )

    def transform(self, function: Transform) -> Transform:
        """Take the function that computes the table; its parameters are the upstreams' names.

        Raises:
            TypeError: a parameter is not the name of the upstream in its place.
        """
        parameters = list(inspect.signature(function).parameters)
        names = [short_name(upstream) for upstream in self.upstreams]
        if parameters != names:
            raise TypeError(f"{self.name}: the transform takes {parameters}, its upstreams are {names}")
        self.function = function
        return function

    @cached_property
    def columns(self) -> list[Column]:
        """The schema, parsed.

        Raises:
            ValueError: a line of the schema is not a column.
        """
        lines = [line.strip().rstrip(",") for line in self.schema.strip().splitlines()]
        matches = [(line, COLUMN.fullmatch(line)) for line in lines]
        wrong = [line for line, match in matches if match is None]
        if wrong:
            raise ValueError(f"{self.name}: not a column with type and comment: {wrong[0]}")
        return [Column(m["name"], m["type"], not m["required"], m["comment"]) for _, m in matches if m]

    @property
    def landed_kind(self) -> str:
        """The kind of files that it takes its rows from, empty where it is computed from other tables."""
        return short_name(self.name) if self.refresh.kind == "append" else ""

    @property
    def delivered_columns(self) -> list[str]:
        """The columns that came with the rows: all but provenance, which begins with an underscore."""
        return [column.name for column in self.columns if not column.name.startswith("_")]

    @property
    def is_built_by_run(self) -> bool:
        """Whether `lakehouse run` builds it: from landed files or by a transform."""
        return self.refresh.kind == "append" or self.function is not None

    @property
    def quarantine_rules(self) -> list[Expectation]:
        """The rules that judge rows of the first upstream before the transform."""
        return [each for each in self.expectations if each.severity == "quarantine"]

    @property
    def output_rules(self) -> list[Expectation]:
        """The rules that judge the table's own rows."""
        return [each for each in self.expectations if each.severity != "quarantine"]

    @property
    def failing_rules(self) -> list[Expectation]:
        """The rules that no row of its own may break."""
        return [each for each in self.expectations if each.severity == "fail"]

    @cached_property
    def fingerprint(self) -> str:
        """A hash of what the rows depend on: 16 hex digits; see `lakehouse.fingerprint`."""
        return fingerprint.of(self.name)


def short_name(table_name: str) -> str:
    """Return the name without its layer: the parameter by which a transform takes the table."""
    return table_name.rsplit(".", 1)[-1]


def quarantine_of(table: Table, tables: Mapping[str, Table]) -> Table | None:
    """Return the contract of a table's quarantine, or None where no rule sets rows aside.

    Its columns are those of the first upstream and `_broken_rules`.
    """
    if not table.quarantine_rules:
        return None
    upstream = tables[table.upstreams[0]]
    rules = "_broken_rules ARRAY<STRING> NOT NULL COMMENT 'names of all rules the row breaks'"
    return Table(
        name=f"{table.name}_quarantine",
        comment=f"One row per row of {upstream.name} that {table.name} refused.",
        key=[],
        refresh=table.refresh,
        schema=f"{upstream.schema.strip().rstrip(',')},\n{rules}",
        upstreams=[upstream.name],
        person=upstream.person,
    )


def discover(layers: Iterable[str]) -> dict[str, Table]:
    """Import the layers and return their tables by name, upstreams before the tables that read them.

    Raises:
        ValueError: a table whose name is not its module's path, an upstream that is no table, or a cycle.
    """
    found: dict[str, Table] = {}
    for layer in layers:
        package = importlib.import_module(layer)
        for info in pkgutil.iter_modules(package.__path__):
            name = f"{layer}.{info.name}"
            if _declares_table(Path(package.__path__[0]) / f"{info.name}.py"):
                table = importlib.import_module(name).table
                if table.name != name:
                    raise ValueError(f"{table.name} is declared in {name}")
                found[name] = table
    return {name: found[name] for name in _topological_order(found)}


def _declares_table(path: Path) -> bool:
    return path.is_file() and re.search(r"^table = Table\(", path.read_text(encoding="utf-8"), re.MULTILINE) is not None


def _topological_order(tables: Mapping[str, Table]) -> list[str]:
    order: list[str] = []
    waiting = dict(tables)
    while waiting:
        ready = [name for name, table in waiting.items() if set(table.upstreams) <= set(order)]
        if not ready:
            raise ValueError(f"these tables have a missing or circular upstream: {', '.join(waiting)}")
        order += ready
        for name in ready:
            del waiting[name]
    return order
