"""recommend.wording — what the page says of items and lists."""

from collections.abc import Sequence

from app import wording
from app.pages.recommend.lists import Asked, Listed
from ml.recommend.rank import Recommendation


def asked_words(asked: Asked) -> tuple[str, str]:
    """Say whom the list is for, and what counts of it."""
    number = len(asked.items)
    several = f"{number} item{wording.plural(number)}"
    if asked.by == "visitor":
        if asked.visitor is None:
            return "Name a visitor", "A visitor who is gone gets a list by the last visit"
        return f"Visitor {asked.visitor}", f"{several} in the last visit, the newest first" if number else "No visit"
    if not number:
        return "Nothing was looked at yet", "Until then the list is what is popular in the shop"
    if asked.by == "item":
        return f"Whoever looks at item {asked.items[0]}", "It is on the screen, and never in the list"
    return f"A visit to {several}", "The newest counts most, and is on the screen; the newest six are looked up"


def gaps(known: Sequence[Listed]) -> list[str]:
    """Tell of which items nothing is known, or no visit says what goes with them."""
    strange = list(dict.fromkeys(str(each.item) for each in known if not each.is_known))
    cold = list(dict.fromkeys(str(each.item) for each in known if each.is_known and not each.has_neighbours))
    told = []
    if strange:
        told.append(f"The shop's data does not hold {_items(strange)}: nothing is known of {_them(strange)}.")
    if cold:
        told.append(f"No visit held {_items(cold)} beside another item: what goes with {_them(cold)} is not known yet.")
    return told


def title(items: Sequence[Recommendation]) -> str:
    """Say how many there are, and where they come from."""
    number, near = len(items), sum(each.source == "neighbour" for each in items)
    listed = f"{number} item{wording.plural(number)}"
    if not number:
        return "No item passes the filters"
    if near == number:
        return f"{listed} that went with these in visits"
    others = {each.source for each in items} - {"neighbour"}
    rest = "popular in the shop" if others == {"popular"} else "popular near them"
    return f"{listed}: {near} that went with these in visits, {number - near} {rest}" if near else f"{listed} {rest}"


def named(each: Listed) -> str:
    """Name an item with what is known of it."""
    facts = [path(each)] if each.path else []
    facts += [money(each.price)] if each.price is not None else []
    facts += ["sold out"] if each.is_available is False else []
    return " · ".join([f"Item {each.item}", *(facts or ["nothing known"])])


def path(each: Listed) -> str:
    """Return the way down to an item's category."""
    return " › ".join(str(category) for category in each.path) or "unknown"


def money(price: float | None) -> str:
    """Return a price; its unit is not known."""
    return "unknown" if price is None else f"{price:,.0f}" if price == int(price) else f"{price:,.2f}"


def availability(is_available: bool | None) -> str:
    """Return it in a word."""
    return {True: "available", False: "sold out", None: "unknown"}[is_available]


def _items(ids: Sequence[str]) -> str:
    return f"item{wording.plural(len(ids))} {', '.join(ids)}"


def _them(ids: Sequence[str]) -> str:
    return "it" if len(ids) == 1 else "them"
