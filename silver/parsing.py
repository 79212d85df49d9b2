"""silver.parsing — SQL that reads delivered text; silver's rules and transforms use the same words."""


def bigint(column: str) -> str:
    """Return SQL for the column's integer: `-?[0-9]+` within int64, blanks and control characters around it, else NULL.

    A cast alone would also take a leading plus, and it fails by an exception, which is slow: the empty text, which
    stands in most rows of some columns, is kept from it.
    """
    return f"if({column} = '' OR contains({column}, '+'), NULL, try_cast({column} AS BIGINT))"


def is_integer(column: str) -> str:
    """Return SQL that says whether the column holds an integer."""
    return f"{bigint(column)} IS NOT NULL"


def is_instant(column: str) -> str:
    """Return SQL that says whether epoch milliseconds lie between 2000 and a day after the file came in."""
    return f"{bigint(column)} BETWEEN 946684800000 AND unix_millis(_ingested_at) + 86400000"
