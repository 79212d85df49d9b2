"""recommend.page — items for a visit, an item or a visitor, each with its source and reason; and how good they are."""

from collections.abc import Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from app import wording
from app.components import controls
from app.components.card import Card, Drawn
from app.components.parts import aria, data, scrolling, state, table
from app.context import PageContext
from app.data.serving import NotServed
from app.pages import Page
from app.pages.recommend import lists, offline
from app.pages.recommend import wording as words
from app.pages.recommend.lists import Listed
from app.params import Param, Params
from ml.recommend.rank import Recommendation
from ml.serving.memory import TABLES

IDS, LIMIT = r"[0-9, ]{1,2000}", r"[0-9.]{1,16}"
BY = {"items": "A visit", "item": "An item", "visitor": "A visitor"}
PARAMS = (
    Param("by", "items", BY, meaning="for whom the list is: a visit by its items, an item, or a visitor who is gone"),
    Param("items", "", pattern=IDS, meaning="items that a visit looked at, the newest last"),
    Param("item", "", pattern=IDS, meaning="the item that is looked at"),
    Param("visitor", "", pattern=IDS, meaning="the visitor, whose last visit counts"),
    Param("exclude", "", pattern=IDS, meaning="items that are not wanted"),
    Param("within", "", pattern=IDS, meaning="categories: only items of these, or below"),
    Param("min_price", "", pattern=LIMIT, meaning="only from this price on"),
    Param("max_price", "", pattern=LIMIT, meaning="only up to this price"),
    Param(
        "known_available",
        "",
        {"": "Not sold out", "true": "Known to be available"},
        meaning="what may be in the list: what is not known to be sold out, or only what is known to be available",
    ),
)
WHOM = ("by", "items", "item", "visitor")
FILTERS = ("exclude", "within", "min_price", "max_price", "known_available")
SOURCES = {
    "neighbour": "Visits",
    "popular_in_category": "Category",
    "popular": "Shop",
}
SECONDS_TO_WAIT = "5"


def field(params: Params, name: str, label: str, placeholder: str, kind: str = "") -> Component:
    """Ask for ids or a price, which the address keeps."""
    box = dmc.TextInput(
        id=controls.identity(name), value=params[name], label=label, placeholder=placeholder, debounce=500, size="sm"
    )
    return html.Div(box, className=f"recommend-field {kind}".strip())


def whom(params: Params) -> Component:
    """Choose the way to ask, and name the items or the visitor."""
    add = dmc.TextInput(id="recommend-add", label="Add an item", placeholder="355908", size="sm")
    button = html.Button("Add", type="button", className="button", **data(basket="add-typed"))
    return html.Div(
        [
            html.Div(controls.segmented(params, "by", "For whom", BY), className="control-row"),
            html.Div([add, button], className="recommend-field by-items recommend-add"),
            field(params, "items", "Items of the visit, the newest last", "355908,45093", "by-items"),
            field(params, "item", "Item on the screen", "355908", "by-item"),
            field(params, "visitor", "Visitor", "1150086", "by-visitor"),
        ],
        className="recommend-whom",
    )


def narrow(params: Params) -> Component:
    """Choose what may be in the list."""
    known = controls.segmented(params, "known_available", "Availability")
    fields = [
        field(params, "within", "Category, or below", "any"),
        field(params, "min_price", "Price from", "any"),
        field(params, "max_price", "Price to", "any"),
        field(params, "exclude", "Leave out items", "none"),
    ]
    return html.Div([html.Div(known, className="control-row"), *fields], className="recommend-filters")


def ask(context: PageContext) -> Drawn | Component:
    """Show what the list is for: the visit's items in their order, and what to begin with."""
    try:
        served, asked = lists.of(context)
    except NotServed:
        return html.Div(className=f"whom-{context.params['by']}")
    recommender = served.memory.recommendations.recommender
    known = lists.describe(recommender, asked.items)
    parts: list[Component | str] = []
    if asked.by == "items" and known:
        parts.append(basket(known))
    elif known:
        parts.append(html.Ul([html.Li(words.named(each)) for each in known[::-1][:10]], className="recommend-items"))
    parts += [html.P(each, className="muted note") for each in words.gaps(known)]
    if asked.by == "visitor":
        suggested = [(str(each), f"Visitor {each}") for each in lists.recent_visitors(served.memory.recommendations)]
        parts.append(suggestions("Visitors of late", suggested, "visitor"))
    else:
        suggested = [(str(each.item_id), f"Item {each.item_id}") for each in lists.popular(recommender)]
        parts.append(suggestions("Popular items to begin with", suggested, asked.by))
    heading, subtitle = words.asked_words(asked)
    return Drawn(heading, subtitle, html.Div(parts, className=f"whom-{asked.by}"), source="gold.popular_items")


def basket(known: Sequence[Listed]) -> Component:
    """List the visit's items in their order, each with what moves or removes it."""
    rows = []
    for place, each in enumerate(known):
        label = f"item {each.item}, number {place + 1}"
        earlier = html.Button(
            "↑",
            type="button",
            className="remove",
            disabled=place == 0,
            **data(basket="earlier", place=str(place)),
            **aria(label=f"Earlier: {label}"),
        )
        remove = html.Button(
            "×",
            type="button",
            className="remove",
            **data(basket="remove", place=str(place)),
            **aria(label=f"Remove {label}"),
        )
        rows.append(html.Li([html.Span(words.named(each)), earlier, remove]))
    return html.Ol(rows, className="recommend-basket", **aria(label="Items of the visit, the newest last"))


def suggestions(heading: str, suggested: Sequence[tuple[str, str]], act: str) -> Component:
    """Offer ids to begin with."""
    buttons = [
        html.Li(html.Button(name, type="button", className="chip", **data(basket=f"take-{act}", item=value)))
        for value, name in suggested
    ]
    return html.Div([html.H3(heading), html.Ul(buttons, className="chips")])


def shown(context: PageContext) -> Drawn | Component:
    """Show the list, the reminders in a row of their own, and what could not be said."""
    try:
        served, asked = lists.of(context)
    except NotServed as error:
        return waiting(error)
    found = lists.answer(served, asked)
    recommender = served.memory.recommendations.recommender
    parts: list[Component | str] = [html.P(found.note, className="recommend-note", role="status")] if found.note else []
    if found.reminders:
        parts.append(reminders(lists.describe(recommender, [each.item_id for each in found.reminders])))
    if found.items:
        known = lists.describe(recommender, [each.item_id for each in found.items])
        rows = [row(rank, each, item) for rank, (each, item) in enumerate(zip(found.items, known, strict=True), 1)]
        head = ["#", "Item", "Category", "Price", "Availability", "Source", "Why", ""]
        parts.append(html.Div(scrolling(table(head, rows), words.title(found.items)), className="recommend-list"))
    else:
        why = "No item passes these filters. Widen the price, the category or the availability."
        parts.append(state("Nothing to recommend", why, identity="recommend-nothing"))
    stale = served.run.run_id != context.published.run.run_id
    waits = data(retry=SECONDS_TO_WAIT) if stale else {}
    return Drawn(
        words.title(found.items),
        f"Of {wording.count(len(recommender.catalogue.ids))} items; filters apply before the list is cut to 20",
        html.Div(parts, **waits),
        footer=f"gold.item_neighbours · v{served.run.versions['gold.item_neighbours']} · "
        f"run {served.run.number}{', the newer one is being loaded' if stale else ''}",
    )


def row(rank: int, each: Recommendation, item: Listed) -> tuple[Component | str, ...]:
    """Lay out an item of the list."""
    add = html.Button(
        "View",
        type="button",
        className="chip",
        title="Go on with this item",
        **data(basket="view", item=str(each.item_id)),
        **aria(label=f"View item {each.item_id}"),
    )
    source = html.Span(SOURCES[each.source], className=f"source-of {each.source}")
    return (
        str(rank),
        str(each.item_id),
        words.path(item),
        words.money(item.price),
        words.availability(item.is_available),
        source,
        html.Span(each.reason, className="muted"),
        add,
    )


def reminders(known: Sequence[Listed]) -> Component:
    """Show what the visit itself looked at."""
    items = [html.Li(words.named(each)) for each in known]
    return html.Div(
        [html.H3("Seen in this visit"), html.Ul(items, className="recommend-items")], className="recommend-reminders"
    )


def waiting(error: NotServed) -> Component:
    """Say that the lists are being loaded, and look again by itself; or what must be done first."""
    if error.retry_after is None:
        return state("No recommendations yet", error.message, error.remedy, identity="recommend-missing")
    why = "Items and visits are being brought into memory; the list comes by itself."
    return html.Div(state("Warming up", why, identity="recommend-warming"), **data(retry=SECONDS_TO_WAIT))


page = Page(
    path="/recommend",
    name="Recommend",
    group="Model",
    icon="recommend",
    about="Items for a visit, for whoever looks at an item, or for a visitor, each with its reason",
    place=60,
    params=(*PARAMS, offline.PROTOCOL),
    filters=(),
    cards=(
        Card("ask", ask, reads=TABLES, params=WHOM, columns=4, height=420, controls=whom),
        Card("list", shown, reads=TABLES, params=(*WHOM, *FILTERS), columns=8, height=720, controls=narrow, rows=2),
        Card("offline", offline.scores, params=("protocol",), columns=4, height=300, controls=offline.control),
    ),
)
