"""app.periods — the days that a range means in the data, and those they are compared with."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.params import RANGES

WEEK = 7


@dataclass(frozen=True)
class Period:
    """Some days in a row, both ends included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1

    def earlier(self, days: int) -> "Period":
        """Return as many days, so much earlier."""
        return Period(self.start - timedelta(days=days), self.end - timedelta(days=days))


@dataclass(frozen=True)
class Window:
    """The days shown, and those they are compared with, or None."""

    current: Period
    previous: Period | None


def window(chosen: str, is_compared: bool, first_day: date, last_day: date, newest_day: date) -> Window:
    """Turn a range into days.

    The previous period has as many days and the same weekdays: it lies so many whole weeks back that both do not
    overlap. Days before the data are no period of zeros: they are not compared with.

    Args:
        chosen: 7d, 28d, 90d, all, or from..to.
        is_compared: whether a previous period is asked for.
        first_day: the first day of the data.
        last_day: its last complete day, at which a range of so many days ends.
        newest_day: its newest day, at which a range from..to ends at the latest.
    """
    if chosen in RANGES:
        length = RANGES[chosen]
        start = first_day if length is None else max(first_day, last_day - timedelta(days=length - 1))
        current = Period(start, last_day)
    else:
        start, end = sorted(_day(text, first_day) for text in chosen.split(".."))
        start = min(max(start, first_day), newest_day)
        current = Period(start, max(start, min(end, newest_day)))
    before = current.earlier(-(-current.days // WEEK) * WEEK)
    return Window(current, before if is_compared and before.start >= first_day else None)


def _day(text: str, instead: date) -> date:
    """Read a day; one that no calendar has, such as 31 June, is another."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return instead
