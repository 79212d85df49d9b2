"""app.view — what the address asks for, and the days that this means in the data."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import parse_qs, urlencode

DAYS = {"7d": 7, "28d": 28, "90d": 90, "all": None}
UNITS = ("session", "visitor")


@dataclass(frozen=True)
class View:
    """The choices of a reader. They live in the address, so that a link shows the same page.

    Attributes:
        range: a key of DAYS.
        compare: whether the period before stands beside.
        unit: what the funnel counts, one of UNITS.
    """

    range: str = "28d"
    compare: bool = True
    unit: str = "session"

    @property
    def query(self) -> str:
        """The view as the query string of an address."""
        return "?" + urlencode({"range": self.range, "compare": int(self.compare), "unit": self.unit})


def parse(query: str | None) -> View:
    """Read a query string. What is missing or makes no sense takes its default: an old link never breaks a page."""
    given = {key: values[-1] for key, values in parse_qs((query or "").lstrip("?")).items()}
    default = View()
    return View(
        range=given["range"] if given.get("range") in DAYS else default.range,
        compare={"0": False, "1": True}.get(given.get("compare", ""), default.compare),
        unit=given["unit"] if given.get("unit") in UNITS else default.unit,
    )


@dataclass(frozen=True)
class Period:
    """Some days in a row, both ends included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1


@dataclass(frozen=True)
class Window:
    """The days shown, and those they are compared with: as many, just before, or None."""

    current: Period
    previous: Period | None


def window(view: View, first_day: date, last_day: date) -> Window:
    """Turn a view into days.

    Args:
        view: what the reader chose.
        first_day: the first day of the data.
        last_day: its last complete day, at which every range ends.

    Returns:
        The window. Days before the data are no period of zeros: they are not compared with.
    """
    length = DAYS[view.range]
    start = first_day if length is None else max(first_day, last_day - timedelta(days=length - 1))
    current = Period(start, last_day)
    before = Period(start - timedelta(days=current.days), start - timedelta(days=1))
    return Window(current, before if view.compare and before.start >= first_day else None)
