"""categories.page — conversion by category, level by level down the tree."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from app import wording
from app.charts import bars
from app.components import controls
from app.components.card import Card, Drawn
from app.components.parts import aria, graph, legend, link, scrolling, state, table
from app.context import PageContext
from app.pages import Page
from app.pages.categories import numbers, queries
from app.pages.categories.numbers import Category
from app.params import Param, Params

CHARTED = 15
NODE = Param("node", "", pattern=r"[0-9]{1,18}", meaning="category whose children are shown; empty is the top")
MINIMUM = Param(
    "minimum",
    "100",
    {"1": "All", "100": "100 visits or more", "500": "500 visits or more", "2000": "2,000 visits or more"},
    meaning="fewest visits of a category that is charted and ranked",
)


def minimum_control(params: Params) -> Component:
    """Choose how many visits make a rate."""
    return html.Div(controls.select(params, "minimum", "Fewest visits", width=200), className="control-row")


def rates(context: PageContext) -> Drawn:
    """Show the conversion of a level's categories with interval."""
    found = numbers.level(context)
    known = [each for each in found if each.id >= 0 and not each.is_thin]
    ranked = sorted(known, key=lambda each: -each.conversion.low)[:CHARTED]
    title, is_compared = finding(ranked), context.previous is not None
    if not ranked:
        return Drawn(title, "Visits that bought from a category per visit that touched it", no_category(found, context))
    figure = bars.rates(
        [wording.category(each.id) for each in ranked],
        [each.conversion for each in ranked],
        [each.change.former if is_compared and each.change.former else None for each in ranked],
        context.palette.purchase,
        context.palette,
    )
    entries = [
        ("dot purchase", "Conversion with its 98% interval"),
        *([("tick", "Previous period")] if is_compared else []),
    ]
    least = wording.count(int(context.params["minimum"]))
    return Drawn(
        title,
        f"Visits that bought from a category per visit that touched it, {where(context)}; "
        f"{len(ranked)} of {len(found)} "
        f"categories, with {least} visits or more, by the lower end",
        graph("categories-rates-chart", figure, 32 * max(len(ranked), 2) + 36, title),
        legend(*entries),
    )


def tree(context: PageContext) -> Drawn:
    """List a level's categories, each a way further down."""
    found, way = numbers.level(context), numbers.path(context)
    crumbs: list[Component | str] = (
        [link("All categories", "/categories", context.params.query(node=""))] if way else ["All categories"]
    )
    for place, each in enumerate(way):
        name = wording.category(each)
        crumbs += [
            " › ",
            name if place == len(way) - 1 else link(name, "/categories", context.params.query(node=str(each))),
        ]
    rows = [_row(each, context) for each in found]
    head = ["Category", "Below", "Visits", "Carts", "Purchases", "Conversion and interval", "Change"]
    title = _level_title(found, way)
    return Drawn(
        title,
        "Visits count at every category they touched, once; follow a category to those below it",
        [
            html.Nav(crumbs, className="crumbs", **aria(label="Way up the tree")),
            scrolling(table(head, rows), title, 640),
        ],
    )


def finding(ranked: Sequence[Category]) -> str:
    """Name the category that converts best by the lower end of its interval."""
    if not ranked or ranked[0].conversion.low <= 0 or ranked[0].conversion.successes < 5:
        return "Too few purchases to rank these categories"
    first = ranked[0]
    rate, visits = wording.percent(first.conversion.rate, 2), wording.count(first.conversion.n)
    return f"{wording.category(first.id)} converts best: {rate} of {visits} visits"


def no_category(found: Sequence[Category], context: PageContext) -> Component:
    """Say why there is no category to rank."""
    if any(each.id >= 0 for each in found):
        least = wording.count(int(context.params["minimum"]))
        return state(f"No category has {least} visits", "Ask for fewer visits, or for more days.")
    return state("No category is known here", wording.NO_CATEGORIES)


def where(context: PageContext) -> str:
    """Say which level is shown."""
    node = context.params["node"]
    return f"below category {node}" if node else "at the top of the tree"


def _level_title(found: Sequence[Category], way: Sequence[int]) -> str:
    changed = [each for each in found if each.is_named]
    place = f"below category {way[-1]}" if way else "at the top"
    known = [each for each in found if each.id >= 0]
    if not known:
        return f"No category {place} was visited"
    categories = f"{len(known)} categor{'y' if len(known) == 1 else 'ies'} {place}"
    if not changed:
        return f"{categories}, none with a clear change of conversion"
    return f"{categories}, {len(changed)} with a clear change of conversion"


def _row(each: Category, context: PageContext) -> tuple[object, ...]:
    name = wording.category(each.id)
    way = link(name, "/categories", context.params.query(node=str(each.id))) if each.num_children else name
    rate = f"{wording.percent(each.conversion.rate, 2)} ({wording.interval(each.conversion, 2)})"
    change = wording.points(each.change) if each.is_named else each.change.why_not or "no clear change"
    return (
        way,
        each.num_children or "–",
        wording.count(each.conversion.n),
        wording.count(each.carts),
        wording.count(each.conversion.successes),
        "thin: too few visits" if each.is_thin else rate,
        change if context.previous else "–",
    )


page = Page(
    path="/categories",
    name="Categories",
    group="Behaviour",
    icon="categories",
    about="Conversion by category with interval, level by level down the tree",
    place=30,
    params=(NODE, MINIMUM),
    filters=("range", "compare"),
    cards=(
        Card(
            "rates",
            rates,
            reads=("gold.category_conversion", "silver.categories", "gold.visitor_days"),
            params=("range", "compare", "node", "minimum"),
            columns=5,
            height=560,
            query=queries.level,
            controls=minimum_control,
        ),
        Card(
            "tree",
            tree,
            reads=("gold.category_conversion", "silver.categories"),
            params=("range", "compare", "node", "minimum"),
            columns=7,
            height=560,
            query=queries.level,
        ),
    ),
)
