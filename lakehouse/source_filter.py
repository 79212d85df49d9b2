"""lakehouse.source_filter — which rows of its first upstream a table is made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class SourceFilter:
    """Which rows of its first upstream a table is made of: those whose column, trimmed, is one of some values.

    A row without a value is judged too: a malformed line has none.
    """

    column: str
    values: Sequence[str]

    @property
    def predicate(self) -> str:
        """SQL over the upstream's rows."""
        return _is_one_of(rf"btrim({self.column}, ' \t')", self.values) + f" OR {self.column} IS NULL"

    def among(self, spellings: Iterable[str]) -> str:
        """Return the same as a literal list, where these are all the texts that the column holds: pages skip by it."""
        chosen = [text for text in spellings if text.strip(" \t") in self.values]
        return (_is_one_of(self.column, chosen) + " OR " if chosen else "") + f"{self.column} IS NULL"

    def __str__(self) -> str:
        """Return it for the documentation."""
        return f"{self.column} is {', '.join(self.values[:-1])} or {self.values[-1]}, or missing"


def _is_one_of(text: str, values: Iterable[str]) -> str:
    escaped = [value.replace("\\", "\\\\").replace("'", "\\'") for value in values]
    quoted = ", ".join(f"'{value}'" for value in escaped)
    return f"{text} IN ({quoted})"
