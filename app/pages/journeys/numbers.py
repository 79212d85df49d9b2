"""journeys.numbers — retention of cohorts, and paths folded to what can be drawn."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

from app import wording
from app.data.derived import STEPS

KINDS = {"view": "View", "addtocart": "Cart", "transaction": "Purchase"}
DRAWN = 7  # steps at one place that keep their name
END, OTHER, REST = "End of visit", "other", "Other steps"


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
    """Fold the paths of visits that went on after their first step into what can be drawn.

    Of the steps at one place the most frequent keep their name, the rest is one.

    Args:
        rows: of the query `flows`.
        steps: how many steps are drawn.
    """
    ways = [(list(enumerate(_way(row, steps))), row["num_sessions"]) for row in rows if row["went_on"]]
    visits: Counter[tuple[int, str]] = Counter()
    for way, number in ways:
        for node in way:
            visits[node] += number
    kept = {
        node
        for place in range(steps)
        for node, _ in Counter({node: n for node, n in visits.items() if node[0] == place}).most_common(DRAWN)
    }
    found: Counter[tuple[tuple[int, str], tuple[int, str]]] = Counter()
    for way, number in ways:
        for source, target in pairwise(node if node in kept else (node[0], REST) for node in way):
            found[source, target] += number
    return [
        Flow(source, target, number) for (source, target), number in sorted(found.items(), key=lambda pair: -pair[1])
    ]


def _way(row: Mapping[str, Any], steps: int) -> list[str]:
    """Return the steps of a path by the names that are drawn; a visit that ends before the last one says so."""
    way = [_name(row[name]) for name in STEPS if row.get(name)]
    return [*way, END][:steps] if not row["is_longer"] else way[:steps]


def said(step: str | None) -> str:
    """Write a step: View 12."""
    if not step:
        return ""
    kind, _, root = step.partition(":")
    return f"{KINDS.get(kind, kind)} {'?' if root == '-1' else root}"


@cache
def _name(step: str) -> str:
    kind, _, root = step.partition(":")
    place = {"-1": "unknown", OTHER: OTHER}.get(root) or wording.category(int(root)).lower()
    return f"{KINDS.get(kind, kind)}, {place}"
