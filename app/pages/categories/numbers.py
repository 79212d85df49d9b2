"""categories.numbers — the conversion of each category of a level, its interval and its change."""

from dataclasses import dataclass

from app.context import PageContext
from app.pages.categories import queries
from app.statistics import Change, Interval, PairedSums, are_discoveries, design_effect, independent_change, wilson


@dataclass(frozen=True)
class Category:
    """A category of the level that is shown."""

    id: int
    num_children: int
    carts: int
    conversion: Interval
    change: Change
    is_named: bool
    is_thin: bool


def level(context: PageContext) -> list[Category]:
    """Return the categories below the chosen one, the most visited first.

    A visit counts at every category that it touched. Intervals are as much wider than those of independent visits as
    the conversion of the whole shop's visitors is.
    """
    effect = design_effect(PairedSums.of(context.ask(queries.clustering), *queries.CONVERTED))
    rows, least = context.ask(queries.level), int(context.params["minimum"])
    changes = [
        independent_change(row["purchases"], row["visits"], row["purchases0"], row["visits0"], effect) for row in rows
    ]
    named = are_discoveries([change.p for change in changes])
    return [
        Category(
            row["category_id"],
            row["num_children"],
            row["carts"],
            wilson(row["purchases"], row["visits"], effect),
            change,
            is_named and context.previous is not None,
            row["visits"] < least,
        )
        for row, change, is_named in zip(rows, changes, named, strict=True)
    ]


def path(context: PageContext) -> list[int]:
    """Return the way from the root to the chosen category, both included."""
    rows = context.ask(queries.ancestors) if context.params["node"] else []
    return list(rows[0]["path"]) if rows else []
