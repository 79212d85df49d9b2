"""funnel.wording — what the Funnel finds, in words."""

from collections.abc import Sequence

from app.pages.funnel.numbers import Root, Skips, Steps
from app.params import Params
from app.periods import Period
from app.statistics import Change
from app.wording import category, count, duration, interval, moved, percent, plural, short_day, signed, unit_name

TAKE_MORE_DAYS = "Only visits whose time is over are counted; take more days"
WINDOWS = {"visit": " in the same visit", "1d": " within a day", "7d": " within 7 days", "30d": " within 30 days"}


def steps(found: Steps, unit: str, when: str = "") -> str:
    """Say how many come through, and in which time."""
    if not found.total:
        return f"No {unit_name(unit, 1)} in this period"
    cart, purchase = found.cart / found.total * 1000, found.purchase / found.total * 1000
    return f"Of 1,000 {unit_name(unit)}, {cart:.0f} fill a cart and {purchase:.0f} buy{when}"


def within(params: Params, is_plain: bool) -> str:
    """Say in which time the steps come; in any order, a visitor's visits count together."""
    return "" if is_plain and params["unit"] == "visitor" else WINDOWS[params["window"]]


def conversion(params: Params, is_plain: bool) -> str:
    """Say what the conversion of a category is."""
    unit, order = params["unit"], ", in this order" if params["order"] == "ordered" else ""
    if is_plain:
        return f"{unit_name(unit).capitalize()} with a purchase per {unit_name(unit, 1)}"
    counted = "Visits that lead" if unit == "session" else "Visitors with a visit that leads"
    return f"{counted} to a purchase{order},{within(params, is_plain)}, per {unit_name(unit, 1)} with a view"


def left_out(counted: Period, shown: Period) -> str:
    """Say up to which day visits are counted, where the time of later ones is not over."""
    return "" if counted == shown else f"; entries to {short_day(counted.end)}, later windows are not over"


def too_early(window: str) -> str:
    """Say that no visit of the period has had its time yet."""
    return f"No visit of these days has had{WINDOWS[window].replace(' within', '')} yet"


def how(params: Params, is_plain: bool) -> str:
    """Say what is counted by which steps, and in which order and time these come."""
    counted, first = "Visits with each step", " of the first view"
    if params["unit"] == "visitor":
        counted = f"Visitors by the steps that any of their visits {'holds' if is_plain else 'leads to'}"
        first = " of that visit's first view"
    order = "in this order" if params["order"] == "ordered" else "in any order"
    when = within(params, is_plain)
    return f"{counted}, {order}" + (f",{when}{'' if params['window'] == 'visit' else first}" if when else "")


def noise(changes: dict[str, Change]) -> str:
    """Say of the cart and the purchase rate whether they changed."""
    said = []
    for name, noun in (("cart", "cart rate"), ("purchase", "purchase rate")):
        if name in changes:
            change = changes[name]
            low, high = change.low * 100, change.high * 100
            if change.is_clear:
                said.append(f"The {noun} {moved(change)}: {change.difference * 100:+.2f} pp, {low:+.2f} to {high:+.2f}")
            elif change.why_not:
                said.append(f"The {noun}: {change.why_not} to compare")
            else:
                said.append(f"The {noun} {change.difference * 100:+.2f} pp, {low:+.2f} to {high:+.2f}: likely noise")
    return (". ".join(said) + ".").replace("-", "\N{MINUS SIGN}") if said else ""


def skipped(found: Skips) -> str:
    """Count the skipped steps."""
    purchases, carts = found.purchases_without_cart, found.carts_without_view
    return (
        f"{count(purchases)} purchase{plural(purchases)} without a cart in that visit, "
        f"{count(carts)} cart{plural(carts)} without a view"
    )


def best(root: Root | None, unit: str) -> str:
    """Name the category that converts best by the lower end of its interval."""
    if root is None:
        return "Conversion by root category: too few purchases to rank"
    found = root.conversion
    return f"{category(root.category)} converts best: {percent(found.rate)} of {count(found.n)} {unit_name(unit)}"


def shares(roots: Sequence[Root], unit: str) -> str:
    """Say how much the three most visited categories bring."""
    whole = sum(root.total for root in roots)
    known = [root for root in roots if root.category >= 0]
    if len(known) <= 3 or not whole:
        return "Steps by root category"
    top = sum(root.total for root in known[:3])
    return f"Three of {len(known)} categories bring {percent(top / whole)} of {unit_name(unit)}"


def times(median: float | None, measured: int) -> str:
    """Say how long it takes to buy."""
    if median is None:
        return "No first purchase after a view in this period"
    return f"Half of {count(measured)} buyers decide within {duration(median)}"


def dropped(number: int, step: str) -> str:
    """Say how many visits went no further."""
    what = "with a cart and no purchase" if step == "cart" else "with a view and nothing further"
    return f"{count(number)} visit{plural(number)} {what}"


def change_cell(root: Root) -> str:
    """Write how a rate differs from the previous period's, with the interval of the difference."""
    change = root.change
    if change.why_not:
        return change.why_not
    ends = f"{signed(change.low * 100, 2)} to {signed(change.high * 100, 2)}"
    return f"{signed(change.difference * 100, 2)} pp, {ends}{'' if root.is_named else ': likely noise'}"


def conversion_cell(root: Root) -> str:
    """Write a rate with its interval."""
    return f"{percent(root.conversion.rate, 2)} ({interval(root.conversion, 2)})"
