"""app.wording — numbers, days and changes in words; sentence case. What only one page says stands in that page."""

from datetime import date, datetime, timedelta

from app.periods import Period
from app.statistics import Change, Interval

MINUS = "\N{MINUS SIGN}"
NO_CATEGORIES = (
    "The category of an item comes from a file of item properties, its root from a category tree. This dataset has "
    "neither, or they know none of the items that were visited in these days."
)


def count(number: float) -> str:
    """Return 12,345."""
    return f"{number:,.0f}"


def percent(share: float, digits: int | None = None) -> str:
    """Return a share, with the digits that carry meaning unless told how many: 0.81%, 9.4%, 100%."""
    value = abs(share) * 100
    if digits is None:
        digits = 2 if value < 1.995 else 1 if value < 99.95 else 0
    return f"{share * 100:.{digits}f}%"


def signed(number: float, digits: int = 1) -> str:
    """Return a number with its sign, a true minus."""
    return f"{number:+,.{digits}f}".replace("-", MINUS)


def day(when: date) -> str:
    """Return 17 Sep 2015."""
    return f"{when.day} {when:%b %Y}"


def short_day(when: date) -> str:
    """Return 17 Sep."""
    return f"{when.day} {when:%b}"


def span(period: Period) -> str:
    """Return 21 Aug – 17 Sep 2015."""
    start = short_day(period.start) if period.start.year == period.end.year else day(period.start)
    return f"{start} – {day(period.end)}"


def plural(number: float) -> str:
    """Return the ending of a noun behind a number."""
    return "" if number == 1 else "s"


def days(number: int) -> str:
    """Return 1 day, 28 days."""
    return f"{number:,} day{plural(number)}"


def clock_time(when: datetime, now: datetime) -> str:
    """Return 06:00 of today, else 23 Nov 06:00."""
    return f"{when:%H:%M}" if when.date() == now.date() else f"{short_day(when)} {when:%H:%M}"


def age(when: datetime, now: datetime) -> str:
    """Return how long ago an instant is, in its greatest unit."""
    passed = max(now - when, timedelta())
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if passed >= length:
            number = passed // length
            return f"{number:,} {unit}{plural(number)} ago"
    return "just now"


def category(root_category_id: int) -> str:
    """Name a root category; the data has numbers only."""
    return "Unknown" if root_category_id == -1 else f"Category {root_category_id}"


def unit_name(unit: str, number: float = 2) -> str:
    """Name what is counted: a session is called a visit."""
    return {"session": "visit", "visitor": "visitor"}[unit] + plural(number)


def one_in(probability: float, noun: str = "visit") -> str:
    """Say a probability as a frequency: 1 visit in 12; above a half as so many of ten or a hundred."""
    if probability >= 0.995:
        return f"more than 99 {noun}s in 100"
    if probability >= 0.5:
        tenths = round(probability * 10)
        return f"{tenths} {noun}s in 10" if tenths < 10 else f"{round(probability * 100)} {noun}s in 100"
    if probability < 1e-6:
        return f"less than 1 {noun} in 1,000,000"
    wanted = 1 / probability
    step = 1 if wanted < 100 else 10 ** (len(str(int(wanted))) - 2)
    return f"1 {noun} in {round(wanted / step) * step:,}"


def interval(found: Interval, digits: int | None = None) -> str:
    """Return the interval of a rate: 0.61–0.72%."""
    low, high = percent(found.low, digits), percent(found.high, digits)
    return f"{low.removesuffix('%')}–{high}"


def growth(change: Change) -> str:
    """Return the change of a count: ↑ 4.2%."""
    if not change.former:
        return "none before"
    share = change.value / change.former - 1
    return f"{arrow(share)} {percent(abs(share), 1)}" if round(share, 4) else "0%"


def points(change: Change) -> str:
    """Return the change of a rate: ↓ 0.12 pp."""
    moved = change.difference * 100
    return f"{arrow(moved)} {abs(moved):.2f} pp" if round(moved, 2) else "0 pp"


def arrow(number: float) -> str:
    """Return ↑ or ↓."""
    return "↑" if number > 0 else "↓"


def verdict(change: Change) -> str:
    """Say why a change is not named, or nothing."""
    return "" if change.is_clear else change.why_not or "no clear change"


def moved(change: Change, rose: str = "rose", fell: str = "fell") -> str:
    """Return the verb of a clear change."""
    return rose if change.difference > 0 else fell


def duration(seconds: float) -> str:
    """Return a length of time in one or two units: 45 s, 12 min, 3 h 20 min, 4 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest and hours < 10 else f"{hours} h"
    return f"{minutes / 1440:.1f} days"


def short_count(number: float) -> str:
    """Return a number in few characters: 950, 12.3 k, 4.1 M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.{0 if number >= 100 * size else 1}f} {letter}"
    return f"{number:.0f}"
