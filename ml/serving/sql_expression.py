"""ml.serving.sql_expression — terms of the served formula as SQL of DuckDB, and how far visits lie apart by them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ml.serving import formula


@dataclass(frozen=True)
class Sql:
    """An expression; a missing value is NULL."""

    text: str

    def __add__(self, other: "Sql | float") -> "Sql":
        """Return the sum."""
        return Sql(f"({self.text} + {_text(other)})")

    def __sub__(self, other: "Sql | float") -> "Sql":
        """Return the difference."""
        return Sql(f"({self.text} - {_text(other)})")

    def __mul__(self, other: "Sql | float") -> "Sql":
        """Return the product."""
        return Sql(f"({self.text} * {_text(other)})")

    def __ge__(self, other: "Sql | float") -> "Sql":
        """Return whether it is as large."""
        return Sql(f"({self.text} >= {_text(other)})")


class DuckDb:
    """Mathematics of expressions."""

    def log(self, value: Sql) -> Sql:
        """Return the natural logarithm; nothing where there is none, which is an error to the database."""
        return Sql(f"ln(CASE WHEN {value.text} > 0 THEN {value.text} END)")

    def exp(self, value: Sql) -> Sql:
        """Return e to the power of the value."""
        return Sql(f"exp({value.text})")

    def sin(self, value: Sql) -> Sql:
        """Return the sine."""
        return Sql(f"sin({value.text})")

    def cos(self, value: Sql) -> Sql:
        """Return the cosine."""
        return Sql(f"cos({value.text})")

    def number(self, value: Sql) -> Sql:
        """Return a value or a condition as a number, 0 where it is missing."""
        return Sql(f"coalesce({value.text}::DOUBLE, 0.0)")

    def is_missing(self, value: Sql) -> Sql:
        """Say where there is no value."""
        return Sql(f"({value.text} IS NULL)")


DUCKDB = DuckDb()


def column(name: str) -> Sql:
    """Return a column of gold.intent_examples as a number."""
    return Sql(f'"{name}"::DOUBLE')


def distance(document: formula.Document, number: Callable[[str], float]) -> str:
    """Return SQL for how far a row of gold.intent_examples lies from a decision point, as the model sees both.

    Each term counts by what it adds to the calibrated log-odds: what the model does not heed does not set visits apart.
    The distance is Euclid's.

    Args:
        document: the model.
        number: input -> its value at the decision point, NaN where it has none.
    """
    slope = document["calibration"]["slope"]
    squares = [_square(slope * each["coefficient"], each, number) for each in document["terms"] if each["coefficient"]]
    return f"sqrt({' + '.join(squares) or '0.0'})"


def _square(weight: float, spec: Mapping[str, object], number: Callable[[str], float]) -> str:
    here = float(formula.term(spec, number, formula.NUMBERS))
    off = f"({formula.term(spec, column, DUCKDB).text} - {here!r})"
    return f"{weight**2!r}::DOUBLE * {off} * {off}"  # a power takes thrice as long


def _text(value: "Sql | float") -> str:
    return value.text if isinstance(value, Sql) else repr(float(value))
