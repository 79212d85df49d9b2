"""overview.wording — what the Overview finds, in words; only a change that an interval separates is named."""

from collections.abc import Sequence

from app.pages.overview.numbers import Move
from app.statistics import Change
from app.wording import category, count, growth, moved, percent, signed


def trend(visits: Change, conversion: Change | None) -> str:
    """Say how visits and conversion went."""
    if not visits.value:
        return "No visit in this period"
    first = (
        f"Visits {moved(visits)} {growth(visits).split()[-1]} to {count(visits.value)}"
        if visits.is_clear
        else (f"{count(visits.value)} visits, {visits.why_not or 'no clear change'}")
    )
    if conversion is None:
        return first
    rate = percent(conversion.value)
    if conversion.is_clear:
        return f"{first}; conversion {moved(conversion)} to {rate}"
    return f"{first}; conversion {rate}, {conversion.why_not or 'no clear change'}"


def trend_alone(visits: int, purchases: int) -> str:
    """State the numbers of a period that is compared with none."""
    if not visits:
        return "No visit in this period"
    return f"{count(visits)} visits, {percent(purchases / visits)} of them with a purchase"


def movers(moves: Sequence[Move]) -> str:
    """Name the category whose visits changed most, if any change is more than chance."""
    named = [move for move in moves if move.is_named]
    if not moves:
        return "No visit with a known category"
    if moves[0].change.why_not:
        return f"Visits by category: {moves[0].change.why_not} to tell a change"
    if not named:
        return f"No clear change in any of {len(moves)} categories"
    first = named[0]
    verb = moved(first.change, "gained", "lost")
    others = f"; {len(named)} of {len(moves)} categories changed" if len(named) > 1 else ""
    return f"{category(first.category)} {verb} most: {signed(first.change.difference, 0)} visits{others}"


def entries(roots: dict[int, int]) -> str:
    """Name the known category through which most visits enter."""
    known = {root: visits for root, visits in roots.items() if root >= 0 and visits}
    if not known:
        return "No visit with a known category"
    most = max(known, key=lambda root: known[root])
    whole = sum(roots.values())
    return f"{percent(known[most] / whole)} of {count(whole)} visits enter through {category(most).lower()}"
