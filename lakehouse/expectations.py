"""lakehouse.expectations — what must hold of rows, and what happens to a row for which it does not.

A rule is a SQL predicate. A rule that is NULL for a row is broken: what is not known to hold does not hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError


@dataclass(frozen=True)
class Expectation:
    """A named rule over a row, and its severity; `is_whole_file` if one row that breaks it spoils its whole file."""

    name: str
    rule: str
    severity: Literal["count", "quarantine", "fail"]
    is_whole_file: bool = False


def expect(name: str, rule: str) -> Expectation:
    """Count the output rows that break the rule."""
    return Expectation(name, rule, "count")


def expect_or_quarantine(name: str, rule: str) -> Expectation:
    """Set aside, before the transform, the rows of the first upstream that break the rule."""
    return Expectation(name, rule, "quarantine")


def expect_or_refuse_file(name: str, rule: str) -> Expectation:
    """Set aside the rows that break the rule, and stop the run: a file with a single one is of no use."""
    return Expectation(name, rule, "quarantine", is_whole_file=True)


def expect_or_fail(name: str, rule: str) -> Expectation:
    """Stop the run, and publish nothing, when an output row breaks the rule."""
    return Expectation(name, rule, "fail")


def broken(expectation: Expectation) -> Column:
    """Say for a row whether it breaks the rule; never NULL."""
    return ~F.coalesce(F.expr(expectation.rule), F.lit(False))


def broken_rules(expectations: Sequence[Expectation]) -> Column:
    """Name every rule that a row breaks, in the order of declaration: ARRAY<STRING>, empty for a good row."""
    return F.array_compact(F.array(*[F.when(broken(each), F.lit(each.name)) for each in expectations]))


def conditions(expectations: Sequence[Expectation], among: Column | None = None) -> dict[str, Column]:
    """Return for each rule, by its name, the condition of a row that breaks it, among some rows if given."""
    chosen = F.lit(True) if among is None else among
    return {rule.name: chosen & broken(rule) for rule in expectations}


def enforce(
    table: str,
    expectations: Sequence[Expectation],
    broken_by_rule: Mapping[str, int],
    remedy: str = "land mended files, then lakehouse run",
) -> None:
    """Stop where rows of a table break a rule of `expect_or_fail`.

    Raises:
        LakehouseError: such rows are there (exit code 3).
    """
    for rule in expectations:
        if rule.severity == "fail" and broken_by_rule.get(rule.name):
            message = f"{table}: {broken_by_rule[rule.name]:,} rows break “{rule.name}” ({rule.rule})."
            raise LakehouseError(f"{message} Nothing was published.", remedy, Exit.REFUSED)
