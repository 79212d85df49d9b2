"""app.params — the choices of a reader. They live in the address alone, so that a link shows the same page.

Every parameter is declared once: those of the whole site here, a page's own in its `page.py`. The browser gets the
declarations as JSON (`described`). What an address asks for in vain takes its default, so that an old link never breaks
a page; what nobody knows stays in the address.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from lakehouse.errors import Exit, LakehouseError

DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
RANGES = {"7d": 7, "28d": 28, "90d": 90, "all": None}


@dataclass(frozen=True)
class Param:
    """One parameter of the address.

    Attributes:
        name: how the address spells it.
        default: its value where the address says nothing; it is left out of the address.
        values: the values it may have, with what they mean.
        pattern: further values it may have, a regular expression that Python and browsers read alike.
        meaning: what it chooses, for the API.
    """

    name: str
    default: str
    values: Mapping[str, str] = field(default_factory=dict)
    pattern: str = ""
    meaning: str = ""

    def admits(self, value: str) -> bool:
        """Say whether it may have a value."""
        return value == self.default or value in self.values or re.fullmatch(self.pattern or "(?!)", value) is not None


SITE = (
    Param(
        "range",
        "28d",
        {"7d": "7 days", "28d": "28 days", "90d": "90 days", "all": "All days"},
        rf"{DAY}\.\.{DAY}",
        "days shown: so many to the last complete one, all, or from..to",
    ),
    Param(
        "compare", "previous", {"previous": "Previous period", "none": "No comparison"}, meaning="what stands beside"
    ),
    Param(
        "segment",
        "all",
        {"all": "All visits", "new": "New visitors", "returning": "Returning visitors"},
        meaning="whose visits: new is a visitor's first visit in the lake",
    ),
    Param("category", "", pattern=r"-1|[0-9]{1,18}", meaning="root category of the visit's first event; -1 is unknown"),
    Param("lake", "", pattern=r"[\w .-]{1,40}", meaning="the dataset; empty is the site's own lake"),
    Param(
        "run", "", pattern=r"[1-9][0-9]{0,8}", meaning="number of the run whose tables are shown; empty is the newest"
    ),
)


class Params(Mapping[str, str]):
    """The values of all declared parameters, and what else the address holds."""

    def __init__(self, declared: Iterable[Param], given: Iterable[tuple[str, str]] = ()) -> None:
        """Take the values that are admitted; others take their default."""
        self.declared = {param.name: param for param in declared}
        self.refused: dict[str, str] = {}
        self.unknown: list[tuple[str, str]] = []
        self._values = {name: param.default for name, param in self.declared.items()}
        for name, value in given:
            if name not in self.declared:
                self.unknown.append((name, value))
            elif self.declared[name].admits(value):
                self._values[name] = value
            else:
                self.refused[name] = value

    def __getitem__(self, name: str) -> str:
        """Return a parameter's value."""
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._values)

    def __len__(self) -> int:
        """Count them."""
        return len(self._values)

    def __hash__(self) -> int:
        """Return a hash of the values."""
        return hash(tuple(self._values.items()))

    def __eq__(self, other: object) -> bool:
        """Compare the values."""
        return isinstance(other, Params) and self._values == other._values

    def query(self, **changes: str) -> str:
        """Return the query string of an address with these values, some of them changed; defaults are left out."""
        pairs = [(name, changes.get(name, value)) for name, value in self._values.items()]
        said = [(name, value) for name, value in pairs if value != self.declared[name].default]
        text = urlencode([*said, *self.unknown])
        return f"?{text}" if text else ""

    def require_admitted(self) -> None:
        """Raise for what a page would pass over.

        Raises:
            LakehouseError: a value that its parameter may not have, or a parameter that nobody knows (exit code 2).
        """
        for name, value in self.refused.items():
            param = self.declared[name]
            choices = [each or "empty" for each in param.values] + ([param.pattern] if param.pattern else [])
            raise LakehouseError(f"{name}={value} is not possible.", f"one of: {', '.join(choices)}", Exit.USAGE)
        for name, _ in self.unknown:
            raise LakehouseError(f"There is no parameter {name}.", f"one of: {', '.join(self.declared)}", Exit.USAGE)


def parse(query: str | None, declared: Iterable[Param] = SITE) -> Params:
    """Read a query string."""
    return Params(declared, parse_qsl((query or "").lstrip("?"), keep_blank_values=True))


def described(declared: Iterable[Param]) -> dict[str, dict[str, object]]:
    """Return the declarations as the browser reads them."""
    return {p.name: {"default": p.default, "values": list(p.values), "pattern": p.pattern} for p in declared}
