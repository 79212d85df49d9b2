"""sql.formatting — a query in lines, one clause each; not a word of it becomes another."""

import re

import sqlparse
from sqlparse.exceptions import SQLParseError

from app.sql import text

# Where a part ends and the next begins; blanks between them mean nothing, but that a comment ends with its line.
PART = re.compile(rf"{text.QUOTED.pattern}|[\w.]+|[^\s\w]", re.DOTALL)


def formatted(sql: str) -> str:
    """Return a query in lines; as it is where that would change more than blanks.

    Raises:
        Refused: it is empty or long, or brackets are too deep.
    """
    text.check(sql)
    try:
        found = sqlparse.format(sql, reindent=True).strip()
    except (SQLParseError, RecursionError):
        return sql
    return found if _parts(found) == _parts(sql) else sql


def _parts(sql: str) -> list[tuple[str, bool]]:
    """Return the parts of a query, each with whether it is joined to the one before: `<=` is not `< =`."""
    found, end = [], -1
    for each in PART.finditer(sql):
        is_sign = not (each[0][0].isalnum() or each[0][0] in "_`'\"-/")
        found.append((each[0], is_sign and each.start() == end and each[0] in "=<>|&!:"))
        end = each.end()
    return found
