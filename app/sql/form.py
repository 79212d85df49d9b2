"""sql.form — the form of the Query page: what a reader chose, checked, and the one place that writes it as SQL."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.sql import limits
from lakehouse.errors import Exit, LakehouseError

MOST_PARTS = 8  # groups, measures and filters each
LONGEST_VALUE = 200  # characters
PLAIN = re.compile(r"[a-z_]\w*", re.IGNORECASE)
NUMBERS = ("bigint", "decimal", "double", "float", "int", "smallint", "tinyint")
Columns = Mapping[str, str]  # name -> type


class Chosen(BaseModel):
    """A part of what was chosen, which may hold nothing that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(Chosen):
    """What is counted or summed up of each group; a count needs no column."""

    function: Literal["count", "count distinct", "sum", "avg", "min", "max"]
    column: str = ""


class Filter(Chosen):
    """Which rows count; `in` takes values with commas between them, the last two operators none."""

    column: str
    operator: Literal["=", "<>", "<", "<=", ">", ">=", "like", "in", "is null", "is not null"] = "="
    value: str = Field("", max_length=LONGEST_VALUE)


class QueryForm(Chosen):
    """A query as it is put together in a form."""

    table: str
    groups: list[str] = Field([], max_length=MOST_PARTS)
    measures: list[Measure] = Field([Measure(function="count")], min_length=1, max_length=MOST_PARTS)
    filters: list[Filter] = Field([], max_length=MOST_PARTS, description="a row counts where all of them hold")
    sort: int = Field(1, ge=0, le=MOST_PARTS, description="by which measure, the greatest first; 0: by the groups")
    limit: int = Field(100, ge=1, le=limits.MOST_ROWS)


def compose(form: QueryForm, columns: Columns) -> str:
    """Write what was chosen as Spark SQL.

    Args:
        form: what was chosen.
        columns: of its table.

    Raises:
        LakehouseError: a column that the table has not, or a value that is none of its column's type (exit code 2).
    """
    groups = [_name(each, columns) for each in dict.fromkeys(form.groups)]
    measures = [_measure(each, columns) for each in dict.fromkeys(form.measures)]
    conditions = [_condition(each, columns) for each in form.filters]
    lines = ["SELECT " + ",\n       ".join([*groups, *measures]), f"FROM {form.table}"]
    if conditions:
        lines.append("WHERE " + "\n  AND ".join(conditions))
    if groups:
        lines.append(f"GROUP BY {', '.join(groups)}")
        place = len(groups) + min(form.sort, len(measures))
        lines.append(f"ORDER BY {f'{place} DESC' if form.sort else ', '.join(groups)}")
    return "\n".join([*lines, f"LIMIT {form.limit}"])


def _type(name: str, columns: Columns) -> str:
    if name not in columns:
        raise _mistake(f"The table has no column {name!r}.", f"one of {', '.join(columns)}")
    return columns[name]


def _name(name: str, columns: Columns) -> str:
    _type(name, columns)
    return _quoted(name)


def _quoted(name: str) -> str:
    return name if PLAIN.fullmatch(name) else "`" + name.replace("`", "``") + "`"


def _measure(measure: Measure, columns: Columns) -> str:
    function, column = measure.function, measure.column
    if function == "count" and not column:
        return "count(*) AS num_rows"
    kind = _type(column, columns)
    if function in ("sum", "avg") and not kind.startswith(NUMBERS):
        raise _mistake(f"{function} needs numbers; {column} is {kind}.", "choose another column, or count")
    if function == "count distinct":
        return f"count(DISTINCT {_quoted(column)}) AS {_quoted(f'distinct_{column}')}"
    return f"{function}({_quoted(column)}) AS {_quoted(f'{function}_{column}')}"


def _condition(chosen: Filter, columns: Columns) -> str:
    kind, name, operator = _type(chosen.column, columns), _quoted(chosen.column), chosen.operator.upper()
    if operator.startswith("IS"):
        return f"{name} {operator}"
    if operator == "LIKE" and kind != "string":
        raise _mistake(f"LIKE compares text; {chosen.column} is {kind}.", "choose another comparison")
    if operator == "IN":
        return f"{name} IN ({', '.join(_literal(each.strip(), chosen, kind) for each in chosen.value.split(','))})"
    return f"{name} {operator} {_literal(chosen.value, chosen, kind)}"


def _literal(value: str, chosen: Filter, kind: str) -> str:
    """Return a value as SQL writes it; only what its type can be gets outside of quotes."""
    try:
        if kind.startswith(NUMBERS):
            number = Decimal(value)
            if number.is_finite() and abs(number.adjusted()) < 40:
                return f"{number:f}"
            raise ValueError(value)
        if kind == "boolean":
            return {"true": "true", "false": "false"}[value.lower()]
        if kind == "date":
            return f"DATE '{date.fromisoformat(value)}'"
        if kind.startswith("timestamp"):
            return f"TIMESTAMP '{datetime.fromisoformat(value).isoformat(' ')}'"
    except (InvalidOperation, ValueError, KeyError) as error:
        message = f"{chosen.column} is {kind}, which {value!r} is not."
        raise _mistake(message, "write another value, as 3 or 2015-06-03") from error
    if kind != "string":
        raise _mistake(f"{chosen.column} is {kind}; a form cannot compare it.", "choose another column")
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _mistake(message: str, remedy: str) -> LakehouseError:
    return LakehouseError(message, remedy, Exit.USAGE)
