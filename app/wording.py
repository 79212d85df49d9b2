"""app.wording — numbers, days and findings in words; sentence case, denominators named."""

from datetime import date, datetime, timedelta

from app.queries import Root, Skips, Steps, Totals
from app.view import Period

ENOUGH_VISITS, ENOUGH_PURCHASES = 100, 3  # below, a category's conversion is chance and no finding
STEADY = 0.01  # a smaller change is called none
MINUS = "\N{MINUS SIGN}"


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


def trend_finding(now: Totals, before: Totals | None) -> str:
    """Say how visits and conversion went."""
    conversion = percent(now.conversion)
    if not now.visits:
        return "No visit in this period"
    if before is None or not before.visits:
        return f"{count(now.visits)} visits, {conversion} of them with a purchase"
    change = now.visits / before.visits - 1
    points = (now.conversion - before.conversion) * 100
    if abs(change) < STEADY:
        visits = f"Visits held at {count(now.visits)}"
    else:
        visits = f"Visits {'rose' if change > 0 else 'fell'} {percent(abs(change))} to {count(now.visits)}"
    if abs(points) < 0.005:
        return f"{visits}, conversion held at {conversion}"
    return f"{visits}, conversion {'rose' if points > 0 else 'fell'} to {conversion}"


def funnel_finding(steps: Steps, unit: str) -> str:
    """Say how many come through."""
    if not steps.total:
        return f"No {unit_name(unit, 1)} in this period"
    cart, purchase = steps.cart / steps.total * 1000, steps.purchase / steps.total * 1000
    return f"Of 1,000 {unit_name(unit)}, {cart:.0f} fill a cart and {purchase:.0f} buy"


def skip_finding(skips: Skips) -> str:
    """Count the skipped steps."""
    purchases, carts = skips.purchases_without_cart, skips.carts_without_view
    return (
        f"{count(purchases)} purchase{plural(purchases)} skipped the cart, {count(carts)} cart{plural(carts)} the view"
    )


def roots_finding(roots: list[Root], unit: str) -> str:
    """Name the category that converts best among those with enough visits for a rate."""
    sound = [
        root
        for root in roots
        if root.root_category_id != -1 and root.total >= ENOUGH_VISITS and root.purchase >= ENOUGH_PURCHASES
    ]
    if len(sound) < 2:
        return "Conversion by root category"
    best = max(sound, key=lambda root: root.purchase / root.total)
    rate = percent(best.purchase / best.total)
    return f"{category(best.root_category_id)} converts best: {rate} of {count(best.total)} {unit_name(unit)}"


def entries_finding(roots: list[Root]) -> str:
    """Name the category through which most visits enter."""
    known = [root for root in roots if root.root_category_id != -1]
    if not known:
        return "Visits by root category"
    most, whole = max(known, key=lambda root: root.total), sum(root.total for root in roots)
    share, name = percent(most.total / whole), category(most.root_category_id).lower()
    return f"{share} of {count(whole)} visits enter through {name}"


def movers_finding(moves: list[tuple[int, int, int]]) -> str:
    """Name the category whose visits changed most; `moves` are (category, now, before), the greatest change first."""
    known = [move for move in moves if move[0] != -1 and move[1] != move[2]]
    if not known:
        return "Visits by root category"
    which, now, before = known[0]
    return f"{category(which)} {'gained' if now > before else 'lost'} most: {signed(now - before, 0)} visits"
