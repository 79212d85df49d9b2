"""ml.serving.expression — the served formula as a column of a frame, on whatever engine runs it."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from ml.serving import formula


class Columns:
    """Mathematics of a frame's columns; a missing value is NULL."""

    def log(self, value: Column) -> Column:
        """Return the natural logarithm."""
        return F.log(value)

    def exp(self, value: Column) -> Column:
        """Return e to the power of the value."""
        return F.exp(value)

    def sin(self, value: Column) -> Column:
        """Return the sine."""
        return F.sin(value)

    def cos(self, value: Column) -> Column:
        """Return the cosine."""
        return F.cos(value)

    def number(self, value: Column) -> Column:
        """Return a value or a condition as a number, 0 where it is missing."""
        return F.coalesce(value.cast("double"), F.lit(0.0))

    def is_missing(self, value: Column) -> Column:
        """Say where there is no value."""
        return value.isNull()


COLUMNS = Columns()


def probability(document: formula.Document) -> Column:
    """Return the calibrated probability of a model as a column."""
    return formula.Formula(document, COLUMNS).probability(_number)


def raw_log_odds(document: formula.Document) -> Column:
    """Return a model's log-odds before calibration as a column."""
    return formula.Formula(document, COLUMNS).raw_log_odds(_number)


def term(spec: formula.Document) -> Column:
    """Return a term of a model as a column."""
    return formula.term(spec, _number, COLUMNS)


def _number(name: str) -> Column:
    return F.col(name).cast("double")
