"""ml.intent.slices — how the time of the visits is split, and which visits have ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pyspark.sql import Column
from pyspark.sql import functions as F

from lakehouse.completeness import complete_until, time_bounds
from lakehouse.errors import Exit, LakehouseError
from lakehouse.sections import Model

PARTS = ("fit", "selection", "calibration", "threshold", "test")
LATER, EMBARGO = "later", "embargo"
PAUSE = timedelta(minutes=30)  # a visit has ended when its visitor was away for longer


@dataclass(frozen=True)
class Coverage:
    """Which time the data cover.

    Attributes:
        start: of the first day that counts, UTC.
        end: of the newest complete day, or of the newest where none is complete; UTC.
        complete_until: the end of the newest complete hour, UTC.
    """

    start: datetime
    end: datetime
    complete_until: datetime


@dataclass(frozen=True)
class Slices:
    """The parts of the time by their start and end (UTC, half-open), in order, an embargo between each two.

    A visit is in the part in which it started. The embargo keeps a visitor's hours before a border from telling what
    comes after it.
    """

    bounds: Mapping[str, tuple[datetime, datetime]]

    def part(self) -> Column:
        """Return the part of a visit as a column: one of PARTS, `later`, or `embargo` for a visit that is in none."""
        start, part = F.col("started_at"), F.when(F.col("started_at") >= F.lit(self.bounds["test"][1]), LATER)
        for name, (first, end) in self.bounds.items():
            part = part.when((start >= F.lit(first)) & (start < F.lit(end)), name)
        return part.otherwise(EMBARGO)

    def to_document(self) -> dict[str, list[str]]:
        """Return the instants as JSON holds them."""
        return {name: [each.isoformat() for each in bounds] for name, bounds in self.bounds.items()}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Slices":
        """Return what `to_document` wrote."""
        parsed = {name: [datetime.fromisoformat(each) for each in bounds] for name, bounds in document.items()}
        return cls({name: (bounds[0], bounds[1]) for name, bounds in parsed.items()})


def coverage(activity: Iterable[Mapping[str, Any]], published_at: datetime) -> Coverage | None:
    """Return which time the data cover, None where they hold nothing.

    Args:
        activity: rows of gold.activity.
        published_at: when it was published, UTC.
    """
    hours: dict[tuple[date, int], int] = {}
    for row in activity:
        hour = row["event_date"], row["event_hour"]
        hours[hour] = hours.get(hour, 0) + row["num_events"]
    bounds, until = time_bounds(hours, published_at), complete_until(hours, published_at)
    if bounds is None or until is None:
        return None
    end = _midnight(bounds.complete or bounds.last) + timedelta(days=1)
    return Coverage(_midnight(bounds.first), end, until)


def split(covered: Coverage, model: Model) -> Slices:
    """Split the covered time by the settings' shares and gap: the test last, before it one slice for each choice.

    Raises:
        LakehouseError: gaps and slices leave no time for the fit (exit code 3).
    """
    gap = timedelta(days=model.gap_days)
    test_start = covered.end - (covered.end - covered.start) * model.test_share
    length = (test_start - gap - covered.start) * model.slice_share
    found = {"test": (test_start, covered.end)}
    for name in ("threshold", "calibration", "selection"):
        end = min(start for start, _ in found.values()) - gap
        found[name] = (end - length, end)
    found["fit"] = (covered.start, min(start for start, _ in found.values()) - gap)
    if found["fit"][1] <= covered.start:
        days = (covered.end - covered.start).days
        message = (
            f"There are too few days of events to learn from, {days}: beside test, slices and the {gap.days}-day gaps "
            "between them nothing is left for the fit."
        )
        raise LakehouseError(message, "land more days, then lakehouse run", Exit.REFUSED)
    return Slices({name: found[name] for name in PARTS})


def has_ended(complete_until: datetime) -> Column:
    """Say as a column whether a visit has ended: the data are complete for longer than a pause after its last event."""
    return F.col("ended_at") < F.lit(complete_until - PAUSE)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
