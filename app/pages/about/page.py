"""about.page — what the words mean, what the numbers cannot say, and that two routes lead to the same."""

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components.card import Card, Drawn
from app.components.parts import link, scrolling, table
from app.context import PageContext
from app.pages import Page
from app.pages.about import queries
from app.statistics import CONFIDENCE, FALSE_DISCOVERIES, FEWEST_DAYS

DEFINITIONS = (
    ("Event", "A view of an item, an item put into the cart, or an item bought. Instants are UTC."),
    ("Visit", "A visitor's events with no pause longer than 30 minutes. It counts on the day on which it began."),
    (
        "Visitor",
        "An anonymous number of the source. Different visitors are counted for a range as a whole "
        "and never added up over days.",
    ),
    (
        "New visitor",
        "A visit is new if its visitor has no earlier one in the lake. History starts with the lake: "
        "in its first four weeks many are new that are not.",
    ),
    (
        "View, cart, purchase",
        "A visit with at least one such event, in whatever order. A purchase without a cart in that "
        "visit has skipped it.",
    ),
    (
        "Leads to",
        "On Funnel, in order or within some days: a visit with a view leads to a cart or a purchase that lies in it or "
        "comes within that time after its first view; in order, at or after the step before. A visitor who begins "
        "several times counts once, by any of those visits.",
    ),
    (
        "Conversion",
        "Visits with a purchase per visit. Of a category: visits that bought from it per visit that "
        "touched it or anything below it.",
    ),
    (
        "Cart abandonment",
        "Visits with a cart and no purchase per visit with a cart. A purchase in a later visit does not change it.",
    ),
    ("Bounce", "A visit of one view and nothing else."),
    ("Order", "A transaction id; it may hold several items."),
    (
        "Root category",
        "The topmost category above that of the visit's first item, as known at that moment. Unknown "
        "is no category and is never ranked.",
    ),
)
LIMITS = (
    "Of about a quarter of the events the item's category is not known at that moment, mostly "
    "because the first snapshot of items came a week late.",
    "Prices have no known unit, so the site shows no revenue.",
    "Bots are not told apart; the heaviest visitors mostly buy and are kept.",
    "The newest day is shown dotted and left out of ranges until it is complete: covered in nine of "
    "ten of the hours that are usual for it.",
    "Who deletes cookies or changes devices is a new visitor.",
)
STATISTICS = (
    f"A change is named and coloured only where its {CONFIDENCE:.0%} interval leaves zero out, so "
    f"that of 100 figures without a change at most about two are.",
    "Counts are compared day by day with the same weekday of the previous period (Student's t, "
    "widened where one day resembles the one before); "
    f"under {FEWEST_DAYS} days nothing is said.",
    "Rates are compared by the interval of their difference; all visits of a visitor are one "
    "cluster, since a few heavy visitors hold a third of the transactions. Where visitors are counted, "
    "each counts once.",
    f"Of many categories at once, those are named of which at most {FALSE_DISCOVERIES:.0%} is chance "
    f"(Benjamini and Hochberg).",
    "“Converts best” ranks by the lower end of the interval, so that a small category cannot win by luck.",
)


def definitions(context: PageContext) -> Drawn:
    """Say what the words mean."""
    items = [html.Div([html.Dt(word), html.Dd(meaning)]) for word, meaning in DEFINITIONS]
    return Drawn(
        "What the words mean",
        "The same on every page, in the tables and in the API",
        html.Dl(items, className="glossary"),
    )


def limits(context: PageContext) -> Drawn:
    """Say how changes are judged, and what the numbers cannot say."""
    body: list[Component] = [
        html.H3("When a change is one"),
        html.Ul([html.Li(sentence) for sentence in STATISTICS], className="sentences"),
        html.H3("What they cannot say"),
        html.Ul([html.Li(sentence) for sentence in LIMITS], className="sentences"),
    ]
    return Drawn("How to read the numbers", "What is called a change, and what the data does not hold", body)


def check(context: PageContext) -> Drawn:
    """Compare numbers of every page by two routes."""
    pairs = list(zip(context.ask(queries.by_gold), context.ask(queries.by_silver), strict=True))
    equal = [gold["total"] == silver["total"] for gold, silver in pairs]
    title = (
        f"All {len(equal)} numbers agree by both routes"
        if all(equal)
        else f"{equal.count(False)} of {len(equal)} numbers differ between the routes"
    )
    rows = [
        (
            f"{gold['page']}: {gold['number'].lower()}",
            wording.count(gold["total"]),
            wording.count(silver["total"]),
            "equal" if is_equal else "differs",
        )
        for (gold, silver), is_equal in zip(pairs, equal, strict=True)
    ]
    return Drawn(
        title,
        f"Numbers of every page, added up in gold and counted anew from visits and events in silver, "
        f"{wording.span(context.period)}; cohorts over all days",
        [
            scrolling(table(["Number", "Gold", "Silver", "Verdict"], rows), title),
            html.P(
                ["Where they come from: ", link("Lineage and quality", "/lineage", context.params.query())],
                className="muted note",
            ),
        ],
    )


page = Page(
    path="/about",
    name="About",
    group="Help",
    icon="about",
    about="What the words mean, what the numbers cannot say, and that two routes lead to the same",
    filters=("range",),
    cards=(
        Card("definitions", definitions, params=(), columns=6, height=560, needs_data=False),
        Card("limits", limits, params=(), columns=6, height=560, needs_data=False),
        Card(
            "check",
            check,
            reads=(*queries.GOLD, *queries.SILVER),
            params=("range",),
            height=640,
            query=queries.by_gold,
        ),
    ),
)
