"""funnel.page — from view to cart to purchase: by visit or visitor, by category, how fast, and who went no further."""

from dash import html
from dash.development.base_component import Component

from app import wording
from app.charts import bars
from app.components import controls
from app.components.card import Card, Drawn
from app.components.parts import graph, legend, table
from app.context import PageContext
from app.pages import Page
from app.pages.funnel import by_category, dropped, followed, numbers, queries
from app.pages.funnel import wording as words
from app.params import Param, Params

SOURCES = {
    ("session", True): "",  # the first that the card reads
    ("session", False): "gold.funnel_windows",
    ("visitor", True): "gold.visitor_days",
    ("visitor", False): "gold.visit_outcomes",
}
UNIT = Param("unit", "session", {"session": "Visits", "visitor": "Visitors"}, meaning="what the funnel counts")
ORDER = Param(
    "order", "any", {"any": "Any order", "ordered": "In order"}, meaning="whether steps must follow each other"
)
WINDOW = Param(
    "window",
    "visit",
    {"visit": "Same visit", "1d": "1 day", "7d": "7 days", "30d": "30 days"},
    meaning="how soon after the first view the other steps must come",
)
DROPPED = Param(
    "dropped", "cart", {"cart": "After the cart", "view": "After the view"}, meaning="which visits are listed"
)


def step_controls(params: Params) -> Component:
    """Choose what is counted, in which order, within which time."""
    return html.Div(
        [
            controls.segmented(params, "unit", "What the funnel counts"),
            controls.segmented(params, "order", "Order of the steps"),
            controls.select(params, "window", "Time for the steps", width=120),
        ],
        className="control-row",
    )


def funnel(context: PageContext) -> Drawn:
    """Show how many come how far; a visitor who begins several times counts once in each."""
    params, unit, is_plain = context.params, context.params["unit"], followed.is_plain(context)
    found = numbers.steps(context)
    if found.period.days < 1:
        return Drawn(words.too_early(params["window"]), words.TAKE_MORE_DAYS, "")
    title, units = words.steps(found.now, unit, words.within(params, is_plain)), wording.unit_name(unit)
    before = found.before.shares if found.before else None
    figure = bars.steps(numbers.NAMES, found.now.counts, before, found.now.total, context.palette)
    everybody = units if is_plain else f"{units} with a view"
    entries = [("bar track", f"All {everybody}"), *([("tick", "Previous period, by its share")] if before else [])]
    note = words.noise(found.changes)
    return Drawn(
        title,
        f"{words.how(params, is_plain)}, of {wording.count(found.now.total)} {everybody}"
        f"{words.left_out(found.period, context.period)}",
        [graph("funnel-chart", figure, 300, title), *([html.P(note, className="muted note")] if note else [])],
        legend(*entries),
        table(["Step", units.capitalize(), "Of all", "Interval", "Of the step before", "Previous"], _step_rows(found)),
        source=SOURCES[unit, is_plain],
    )


def skipped(context: PageContext) -> Drawn:
    """Say how many visits skipped a step, and how many pass from step to step."""
    now, previous = numbers.skips(context), context.previous
    before = numbers.skips(previous) if previous else None
    sentences = (
        "of visits with a purchase hold no cart",
        "of visits with a cart hold no view",
        "of visits with a cart also buy",
    )
    former = [f"{wording.percent(rate, 1)} in the previous period" for rate in before.rates] if before else [""] * 3
    items = [
        html.Li(
            [
                html.Span(wording.percent(rate, 1), className="fact"),
                html.Span(sentence, className="words"),
                html.Span(then, className="muted"),
            ]
        )
        for rate, sentence, then in zip(now.rates, sentences, former, strict=True)
    ]
    return Drawn(
        words.skipped(now),
        f"Visits with a step but not the one before it in that visit; {wording.count(now.purchase_visits)} hold a "
        f"purchase, {wording.count(now.cart_visits)} a cart",
        html.Ul(items, className="facts"),
    )


def times(context: PageContext) -> Drawn:
    """Say how long it takes from the first view to the first purchase."""
    row = context.ask(queries.times)[0]
    measured, before = row["measured"], row["buyers"] - row["measured"]
    median = row["median"]
    pairs = [("Median", median), ("Three in four (p75)", row["p75"]), ("19 in 20 (p95)", row["p95"])]
    facts = [(name, "within " + wording.duration(value)) for name, value in pairs if value is not None]
    within = [("half an hour", "within_half_an_hour"), ("a day", "within_a_day"), ("a week", "within_a_week")]
    facts += (
        [(f"Within {words_}", wording.percent(row[key] / measured, 1)) for words_, key in within] if measured else []
    )
    items = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts]
    return Drawn(
        words.times(median, measured),
        f"From a visitor's first view to the first purchase, of {wording.count(measured)} who bought first in these "
        f"days{f'; {wording.count(before)} more bought without a view before' if before else ''}",
        html.Dl(items, className="pairs"),
    )


def _step_rows(found: numbers.Found) -> list[tuple[str, ...]]:
    counts, former = found.now.counts, [found.now.total, *found.now.counts[:2]]
    before = found.before.shares if found.before else ()
    rows: list[tuple[str, ...]] = []
    for place, name in enumerate(numbers.NAMES):
        interval = found.intervals.get(name.lower())
        rows.append(
            (
                name,
                wording.count(counts[place]),
                wording.percent(found.now.shares[place]),
                wording.interval(interval) if interval else "–",
                wording.percent(counts[place] / former[place] if former[place] else 0),
                wording.percent(before[place]) if before else "–",
            )
        )
    return rows


STEP_PARAMS = ("range", "compare", "segment", "category", "unit", "order", "window")
page = Page(
    path="/funnel",
    name="Funnel",
    group="Behaviour",
    icon="funnel",
    about="From view to cart to purchase: by visit or visitor, by category, how fast",
    place=20,
    params=(UNIT, ORDER, WINDOW, DROPPED),
    cards=(
        Card(
            "steps",
            funnel,
            reads=(
                "gold.funnel",
                "gold.visitor_days",
                "gold.visit_segments",
                "gold.funnel_windows",
                "gold.visit_outcomes",
            ),
            params=STEP_PARAMS,
            columns=8,
            height=440,
            query=queries.steps,
            controls=step_controls,
        ),
        Card(
            "skipped", skipped, reads=("gold.funnel", "gold.visit_segments"), columns=4, height=440, query=queries.skips
        ),
        Card(
            "categories",
            by_category.chart,
            reads=("gold.visitor_days", "gold.visit_segments", "gold.visit_outcomes"),
            params=STEP_PARAMS,
            columns=7,
            height=480,
            query=queries.roots,
        ),
        Card(
            "times",
            times,
            reads=("gold.conversion_times",),
            params=("range", "category"),
            columns=5,
            height=480,
            query=queries.times,
        ),
        Card(
            "table",
            by_category.listing,
            reads=("gold.visitor_days", "gold.visit_segments", "gold.visit_outcomes"),
            params=STEP_PARAMS,
            columns=12,
            height=480,
            query=queries.roots,
        ),
        Card(
            "dropped",
            dropped.visits,
            reads=("silver.sessions", "silver.categories"),
            params=("range", "category", "dropped"),
            columns=12,
            height=480,
            query=queries.dropped_visits,
            controls=dropped.controls,
        ),
    ),
)
