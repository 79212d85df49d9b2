"""lakehouse.completeness — which days of a stream count, and which of them are complete.

One stray instant, years back or hours ahead, must bend neither a range of time nor what is the newest day. So a day
counts only if it holds its share, and a day is complete when it is covered as others like it are. Days are UTC.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median

LEAST_SHARE = 0.01  # of the median day's visits, for a day to count
LEAST_COVERAGE = 0.9  # of the usual hours, for a day to be complete
DAY = timedelta(days=1)
WEEKS = 4  # same weekdays that tell which hours are usual


@dataclass(frozen=True)
class TimeBounds:
    """The first and the last day that count, both included, and the newest complete one, None if there is none."""

    first: date
    last: date
    complete: date | None


def time_bounds(visits: Mapping[tuple[date, int], int], published_at: datetime) -> TimeBounds | None:
    """Return the bounds of a stream, or None where it holds nothing.

    Args:
        visits: (day, hour) -> what was counted in it.
        published_at: when the counts were published, UTC; no day that ends later is complete.
    """
    per_day: Counter[date] = Counter()
    hours: dict[date, set[int]] = {}
    for (day, hour), count in visits.items():
        if count:
            per_day[day] += count
            hours.setdefault(day, set()).add(hour)
    days = days_that_count(per_day)
    if not days:
        return None
    covered = {day: hours[day] for day in days}
    over = (day for day in reversed(days) if datetime.combine(day, datetime.min.time(), UTC) <= published_at - DAY)
    return TimeBounds(days[0], days[-1], next((day for day in over if is_complete(day, covered)), None))


def complete_until(visits: Mapping[tuple[date, int], int], published_at: datetime) -> datetime | None:
    """Return the end of a stream's newest complete hour, or None where it holds nothing.

    An hour is complete once a later one, on a day that counts, has begun; and never past the publication.

    Args:
        visits: (day, hour) -> what was counted in it.
        published_at: when the counts were published, UTC.
    """
    per_day: Counter[date] = Counter()
    for (day, _), count in visits.items():
        per_day[day] += count
    counting = set(days_that_count(per_day))
    hours = [(day, hour) for (day, hour), count in visits.items() if count and day in counting]
    if not hours:
        return None
    day, hour = max(hours)
    return min(datetime(day.year, day.month, day.day, hour, tzinfo=UTC), published_at)


def days_that_count(visits: Mapping[date, int]) -> list[date]:
    """Return, in their order, the days with at least 1 % of the median day's visits."""
    least = LEAST_SHARE * median(visits.values()) if visits else 0
    return sorted(day for day, count in visits.items() if count >= least)


def is_complete(day: date, hours: Mapping[date, Collection[int]]) -> bool:
    """Say whether a day is covered in nine of ten hours in which most days like it are.

    Days like it are up to four same weekdays before it, else all days before it. Where there are none, its first and
    its last hour must be covered. Where no hour is usual, a day has none to lack.

    Args:
        day: the day.
        hours: day -> its hours (0-23) in which something was counted, of all days that count.
    """
    before = sorted(each for each in hours if each < day)
    like_it = [each for each in before if each.weekday() == day.weekday()][-WEEKS:] or before
    if not like_it:
        return {0, 23} <= set(hours[day])
    usual = _usual_hours([hours[each] for each in like_it])
    return len(usual.intersection(hours[day])) >= LEAST_COVERAGE * len(usual)


def _usual_hours(days: Collection[Iterable[int]]) -> set[int]:
    covered = Counter(hour for hours in days for hour in hours)
    return {hour for hour, count in covered.items() if count > len(days) / 2}
