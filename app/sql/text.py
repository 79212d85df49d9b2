"""sql.text — the first layer: what can be told of a query before anything parses it."""

import re

from app.sql import limits
from lakehouse.errors import Exit, LakehouseError

# A comment, a quoted text or a quoted name, ended or not: brackets and words in them are none of the query's.
QUOTED = re.compile(
    r"""--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^'\\]|\\.)*(?:'|\Z)|"(?:[^"\\]|\\.)*(?:"|\Z)|`[^`]*(?:`|\Z)""", re.DOTALL
)
IDENTIFIER = re.compile(r"\bidentifier\s*\(", re.IGNORECASE)


class Refused(LakehouseError):
    """A query that a rule refuses, before any of it runs (exit code 3)."""

    def __init__(self, rule: str, sentence: str, remedy: str = "") -> None:
        """Name the rule, and say in a sentence what it found."""
        super().__init__(f"refused: {rule}. {sentence}", remedy, Exit.REFUSED)
        self.rule = rule
        self.sentence = sentence


def check(sql: str) -> None:
    """Judge the text of a query.

    Raises:
        Refused: it is empty or long, names a variable, holds control characters, or brackets are too deep.
    """
    if not sql.strip():
        raise Refused("length", "The query is empty.")
    if len(sql) > limits.LONGEST_TEXT:
        raise Refused("length", f"The query has {len(sql):,} characters; {limits.LONGEST_TEXT:,} are the most.")
    if "${" in sql:
        raise Refused("substitution", "A query names no variable: `${` is not possible, in comments and texts neither.")
    odd = next((each for each in sql if not (each.isprintable() or each in "\n\r\t")), None)
    if odd is not None:
        raise Refused("characters", f"The query holds the character {odd!a}, which cannot be printed.")
    own = QUOTED.sub(" ", sql)
    if _depth(own) > limits.DEEPEST_BRACKETS:
        raise Refused("nesting", f"The brackets are nested more than {limits.DEEPEST_BRACKETS} deep.")
    if IDENTIFIER.search(own):
        raise Refused("identifier", "IDENTIFIER makes names of texts; write the name itself.")


def _depth(sql: str) -> int:
    deepest = now = 0
    for each in sql:
        now += (each in "([{") - (each in ")]}")
        deepest = max(deepest, now)
    return deepest
