"""journeys.page — whether visitors come back, and the ways that visits take."""

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components import controls
from app.components.card import Card, Drawn
from app.components.parts import graph, legend, table
from app.context import PageContext
from app.data import derived
from app.pages import Page
from app.pages.journeys import figures, numbers, queries
from app.params import Param, Params

WHAT = Param("who", "visitors", {"visitors": "Came again", "buyers": "Bought"}, meaning="what a cohort is followed by")
STEPS = Param(
    "steps",
    "3",
    {"2": "2 steps", "3": "3 steps", "4": "4 steps", "5": "5 steps"},
    meaning="how many steps of a path are drawn",
)
COLUMNS = {"visitors": "num_visitors", "buyers": "num_buyers"}
LISTED = 25


def who_control(params: Params) -> Component:
    """Choose what a cohort is followed by."""
    return html.Div(controls.segmented(params, "who", "What cohorts are followed by"), className="control-row")


def steps_control(params: Params) -> Component:
    """Choose how many steps are drawn."""
    return html.Div(controls.segmented(params, "steps", "Steps of a path"), className="control-row")


def retention(context: PageContext) -> Drawn:
    """Show which share of each cohort comes again."""
    last, what = context.published.last_day, context.params["who"]
    assert last is not None
    every = numbers.cohorts(context.ask(queries.cohorts), last, COLUMNS[what])
    found = [each for each in every if len(each.returned) > 1 and each.returned[1] is not None]
    verb = "come again" if what == "visitors" else "buy"
    title = "No cohort can be followed yet"
    if found:
        number, of = numbers.weighted(found, 1)
        title = (
            f"{wording.percent(number / of)} of {wording.count(of)} new visitors {verb} in the week after their first"
        )
    weeks = max((len(each.returned) for each in found), default=1)
    head = ["Week of the first visit", "Visitors", *[f"{week} wk" for week in range(1, weeks)]]
    rows = [
        (
            wording.day(each.week),
            wording.count(each.size),
            *["" if share is None else wording.percent(share, 2) for share in each.shares()[1:]],
        )
        for each in found
    ]
    return Drawn(
        title,
        f"Share of a cohort's visitors who {verb} so many weeks later; rows: week of the first visit "
        f"(Monday, UTC) and its "
        "visitors; weeks that are not over are blank; history starts with the lake",
        graph("journeys-retention-chart", figures.retention(found, context.palette), 26 * len(found) + 40, title, 860),
        legend(("heat-low", "few"), ("heat-high", "many")),
        table(head, rows),
    )


def paths(context: PageContext) -> Drawn:
    """Show the ways that visits take."""
    rows = context.ask(queries.flows)
    listed, number = context.first(queries.paths, LISTED)
    whole = sum(row["num_sessions"] for row in rows)
    steps = int(context.params["steps"])
    flows = numbers.flows(rows, steps)
    single = sum(row["num_sessions"] for row in rows if not row["went_on"])
    title = (
        f"{wording.percent(single / whole)} of {wording.count(whole)} visits stay at their first step"
        if whole
        else "No visit in this period"
    )
    lines = [
        (
            " → ".join(numbers.said(row[name]) for name in derived.STEPS if row[name])
            + (" → …" if row["is_longer"] else ""),
            wording.count(row["num_sessions"]),
            wording.percent(row["num_sessions"] / whole, 1),
            wording.count(row["num_purchase_sessions"]),
        )
        for row in listed
    ]
    return Drawn(
        title,
        f"The {wording.count(whole - single)} visits that went on; a step is a kind of event and a "
        f"root category, equals in a row folded; the {queries.NAMED} most visited categories "
        f"by name, the others as one; {wording.span(context.period)}",
        graph("journeys-paths-chart", figures.paths(flows, steps, context.palette), 460, title, 190 * steps),
        legend(
            ("bar view", "View"),
            ("bar cart", "Cart"),
            ("bar purchase", "Purchase"),
            ("bar start", "End of visit"),
            ("bar other", "Other steps"),
        ),
        table(
            [
                f"Path, the {len(listed)} most frequent of {wording.count(number)}",
                "Visits",
                "Of all",
                "With a purchase",
            ],
            lines,
        ),
    )


page = Page(
    path="/journeys",
    name="Journeys",
    group="Behaviour",
    icon="journeys",
    about="Whether visitors come back, and the ways that visits take",
    place=50,
    params=(WHAT, STEPS),
    filters=("range",),
    cards=(
        Card(
            "retention",
            retention,
            reads=("gold.cohorts",),
            params=("who",),
            height=620,
            query=queries.cohorts,
            controls=who_control,
        ),
        Card(
            "paths",
            paths,
            reads=("gold.paths",),
            params=("range", "steps"),
            height=560,
            query=queries.paths,
            controls=steps_control,
        ),
    ),
)
