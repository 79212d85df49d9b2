"""journeys.numbers — retention of cohorts, and paths folded to what can be drawn."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app import wording

KINDS = {"view": "View", "addtocart": "Cart", "transaction": "Purchase"}
CATEGORIES = 3  # drawn by name; the others are folded into one step
END, OTHER = "End of visit", "other"


@dataclass(frozen=True)
class Cohort:
    """Visitors by the week of their first visit.

    Attributes:
        week: its Monday.
        size: how many they are.
        returned: by weeks later: how many came again; None where that week is not over yet.
    """

    week: date
    size: int
    returned: list[int | None]

    def shares(self) -> list[float | None]:
        """Return them as shares of the cohort."""
        return [None if number is None or not self.size else number / self.size for number in self.returned]


@dataclass(frozen=True)
class Flow:
    """Visits that went from a step to the next; the step is its place and its name."""

    source: tuple[int, str]
    target: tuple[int, str]
    visits: int


def cohorts(rows: Sequence[Mapping[str, Any]], last_day: date, column: str) -> list[Cohort]:
    """Return the cohorts, oldest first; of a week that ends after the last complete day nothing is said.

    Args:
        rows: of the query `cohorts`.
        last_day: the last complete day.
        column: num_visitors or num_buyers.
    """
    counts = {(row["cohort_week"], row["week_number"]): int(row[column]) for row in rows}
    sizes = {row["cohort_week"]: int(row["num_visitors"]) for row in rows if row["week_number"] == 0}
    weeks = max((row["week_number"] for row in rows), default=0)
    return [
        Cohort(
            week,
            size,
            [counts.get((week, later), 0) if is_over(week, later, last_day) else None for later in range(weeks + 1)],
        )
        for week, size in sorted(sizes.items())
    ]


def is_over(week: date, later: int, last_day: date) -> bool:
    """Say whether a week after a cohort's first lies whole within the data."""
    return week + timedelta(days=7 * later + 6) <= last_day


def weighted(found: Sequence[Cohort], later: int) -> tuple[int, int]:
    """Return how many of how many came so many weeks later, over the cohorts of which that is known."""
    known = [(each.returned[later] or 0, each.size) for each in found if each.returned[later] is not None]
    return sum(number for number, _ in known), sum(size for _, size in known)


def flows(rows: Sequence[Mapping[str, Any]], steps: int) -> list[Flow]:
    """Fold paths: the most frequent categories keep their name, the others are one, and what follows is counted.

    Args:
        rows: of the query `paths`.
        steps: how many steps are drawn.
    """
    names = [f"step_{place}" for place in range(1, 6)]
    visits: Counter[str] = Counter()
    for row in rows:
        for root in {row[name].partition(":")[2] for name in names if row[name]}:
            visits[root] += row["num_sessions"]
    kept = {root for root, _ in visits.most_common() if root != "-1"}
    top = [root for root, _ in visits.most_common() if root in kept][:CATEGORIES]
    found: Counter[tuple[tuple[int, str], tuple[int, str]]] = Counter()
    for row in rows:
        way = _fold([_name(row[name], top) for name in names if row[name]])
        way = [*way, END] if len(way) < steps and not row["is_longer"] else way
        for place, (source, target) in enumerate(itertools.pairwise(way)):
            found[(place, source), (place + 1, target)] += row["num_sessions"]
    return [
        Flow(source, target, number) for (source, target), number in sorted(found.items(), key=lambda pair: -pair[1])
    ]


def said(step: str | None) -> str:
    """Write a step: View 12."""
    if not step:
        return ""
    kind, _, root = step.partition(":")
    return f"{KINDS.get(kind, kind)} {'?' if root == '-1' else root}"


def _name(step: str, top: Sequence[str]) -> str:
    kind, _, root = step.partition(":")
    place = wording.category(int(root)).lower() if root in top else "unknown" if root == "-1" else OTHER
    return f"{KINDS.get(kind, kind)}, {place}"


def _fold(way: Sequence[str]) -> list[str]:
    return [step for place, step in enumerate(way) if place == 0 or step != way[place - 1]]
