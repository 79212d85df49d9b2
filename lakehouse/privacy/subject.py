"""privacy.subject — a visitor, and how values and free text name one.

An id counts where it stands as a number of its own, by the one definition of an integer. So a column that holds an
integer names that visitor and nobody else: 5 is not `603.5`, but 8693 is `8693.0`. Of free text, `visitor 5`, `id:5`
and `v5` name visitor 5; numbers, dates, times and digests such as `-5`, `5e3`, `2015-06-05`, `10:05:00` and `9f5c3` do
not.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from lakehouse import integers

HIDDEN = "…"
UUID = r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
SIGN = r"(?:(?<![0-9A-Za-z.])(?:-\.?|\.))?"  # behind a letter it is a hyphen or a full stop
MORE = r"(?:(?:[.:+-]|[A-Za-z]+|[Ee][+-])[0-9]+)*"  # what makes digits a part of something else
NUMBER = re.compile(f"{UUID}|{SIGN}[0-9]+{MORE}")


@dataclass(frozen=True)
class DataSubject:
    """A visitor by id."""

    id: int

    @property
    def pattern(self) -> str:
        """What every text that may name the visitor matches, among others; for Python and Arrow alike."""
        return rf"(?:^|[^0-9]){'-' if self.id < 0 else ''}0*{abs(self.id)}(?:[^0-9]|$)"

    def is_named_in(self, text: str) -> bool:
        """Say whether a text names the visitor: a value in a column of ids, or free text."""
        return any(self._is_meant(match) for match in NUMBER.finditer(text))

    def hide(self, text: str, mask: Callable[[str], str] = lambda _: HIDDEN) -> str:
        """Return free text with a mask in the place of the id."""
        return NUMBER.sub(lambda match: mask(match[0]) if self._is_meant(match) else match[0], text)

    def _is_meant(self, match: re.Match[str]) -> bool:
        return integers.parse(match[0]) == self.id
