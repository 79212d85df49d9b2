"""lakehouse.bounds — what a setting may be: ranges of numbers, sizes, choices; each says itself in words."""

import math
import re
from dataclasses import dataclass
from typing import Any, Protocol

SIZE = re.compile(r"([0-9]{1,9})([kmgt]?)b?", re.IGNORECASE)
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


class Bound(Protocol):
    """What a value must meet; as text, the words behind "it must be"."""

    def admits(self, value: Any) -> bool:
        """Say whether the value is within it."""


@dataclass(frozen=True)
class Range:
    """A finite number from `low` to `high`; with `is_open` neither of the two."""

    low: float
    high: float = math.inf
    is_open: bool = False

    def admits(self, value: float) -> bool:
        """Say whether the number lies in the range; nan and infinity lie in none."""
        if not math.isfinite(value):
            return False
        return self.low < value < self.high if self.is_open else self.low <= value <= self.high

    def __str__(self) -> str:
        """Return the range in words."""
        if self.high == math.inf:
            return f"more than {self.low:g}" if self.is_open else f"{self.low:g} or more"
        return f"between {self.low:g} and {self.high:g}" if self.is_open else f"from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def admits(self, value: str) -> bool:
        """Say whether it is one of them."""
        return value in self.words

    def __str__(self) -> str:
        """Return the words, quoted."""
        return " or ".join(f'"{word}"' for word in self.words)


@dataclass(frozen=True)
class Text:
    """A text that is not empty."""

    def admits(self, value: str) -> bool:
        """Say whether there is something in it."""
        return bool(value.strip())

    def __str__(self) -> str:
        """Return what it is in words."""
        return "a text that is not empty"


@dataclass(frozen=True)
class Pattern:
    """A text of a form, or none; `words` say it behind "it must be"."""

    form: str
    words: str

    def admits(self, value: str) -> bool:
        """Say whether it has the form, or is empty."""
        return not value or re.fullmatch(self.form, value) is not None

    def __str__(self) -> str:
        """Return the form in words."""
        return f"{self.words}, or empty"


@dataclass(frozen=True)
class Size:
    """A number of bytes such as "5g" or "512m", or one of a few other words."""

    others: tuple[str, ...] = ()

    def admits(self, value: str) -> bool:
        """Say whether it can be read as a size of at least one byte that a machine can count."""
        return value in self.others or (SIZE.fullmatch(value) is not None and 0 < size_in_bytes(value) < 2**63)

    def __str__(self) -> str:
        """Return what it is in words."""
        return " or ".join(['a size such as "5g" or "512m"', *[f'"{word}"' for word in self.others]])


def size_in_bytes(text: str) -> int:
    """Return the bytes of a size such as 5g; without a unit it counts mebibytes, as Spark's memory does.

    Raises:
        ValueError: it is not a size.
    """
    found = SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a size")
    return int(found[1]) * UNITS[found[2].lower() or "m"]
