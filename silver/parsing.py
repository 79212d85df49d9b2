"""silver.parsing — SQL that reads delivered text; silver's rules and transforms use the same words.

Every value meets a bound of length and form before a cast meets it. All of it means the same on every engine.
"""

INTEGER = r"\A-?([0-9]{1,19}|[0-9]{1,15}\.0{1,6})\z"  # `7`, and `7.0` as pandas and Excel write a column with blanks
DECIMAL = r"\An?[0-9]{1,15}(\.[0-9]{1,6})?\z"


def trimmed(column: str) -> str:
    """Return SQL for the column's text without the spaces and tabs around it."""
    return rf"btrim({column}, ' \t')"


def bigint(column: str) -> str:
    """Return SQL for the column's integer: `INTEGER` within int64, spaces and tabs around it aside, else NULL.

    A cast alone takes more than that, and on Apache Spark it fails by an exception, a thousand times as dear as a
    success. The pattern is dear too. So it is asked only where a cheap look leaves a doubt: `unhex` is NULL unless all
    characters are hexadecimal digits. What fails by exception after that are words like `12ab`.
    """
    is_plain = f"octet_length({column}) <= 18 AND unhex({column}) IS NOT NULL"
    text = trimmed(column)
    return (
        f"CASE WHEN {column} = '' THEN NULL WHEN {is_plain} THEN try_cast({column} AS BIGINT) "
        f"WHEN {text} RLIKE r'{INTEGER}' THEN try_cast(substring_index({text}, '.', 1) AS BIGINT) END"
    )


def is_integer(column: str) -> str:
    """Return SQL that says whether the column holds an integer."""
    return f"{bigint(column)} IS NOT NULL"


def is_negative(column: str) -> str:
    """Return SQL that says whether the column holds an integer below zero; what is no integer breaks another rule."""
    return f"({column} LIKE '%-%' AND coalesce({bigint(column)} < 0, false))"


def is_instant(column: str) -> str:
    """Return SQL that says whether epoch milliseconds lie between 2000 and a day after the file came in."""
    return f"{bigint(column)} BETWEEN 946684800000 AND unix_millis(_ingested_at) + 86400000"


def price(column: str) -> str:
    """Return SQL for the column's price, DECIMAL(18,3), rounded half up: `DECIMAL`, spaces and tabs aside, else NULL.

    A price has no sign and no exponent: neither `n-5.000` nor `n1e5` is one.
    """
    text = trimmed(column)
    return f"CASE WHEN {text} RLIKE r'{DECIMAL}' THEN try_cast(replace({text}, 'n', '') AS DECIMAL(18,3)) END"


def is_price(column: str) -> str:
    """Return SQL that says whether the column holds a price; digits too many to fit are what the dear cast is for."""
    return f"({trimmed(column)} RLIKE r'{DECIMAL}' AND (octet_length({column}) < 15 OR {price(column)} IS NOT NULL))"
