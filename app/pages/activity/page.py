"""activity.page — when the shop is used: hours of the week, days, a calendar, and how long visits are. All in UTC."""

from collections import Counter

from dash import html
from dash.development.base_component import Component

from app import wording
from app.charts import annotations
from app.components import controls
from app.components.card import Card, Drawn
from app.components.parts import graph, legend, table
from app.context import PageContext
from app.pages import Page
from app.pages.activity import figures, queries
from app.pages.activity.figures import WEEKDAYS
from app.params import Param, Params

EVENT = Param(
    "event", "view", {"view": "Views", "addtocart": "Carts", "transaction": "Purchases"}, meaning="the kind of event"
)
NOUNS = {"view": "views", "addtocart": "cart additions", "transaction": "purchased items"}
BUCKETS = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 9), (10, 19), (20, 20))
MINUTES = (
    (0, 0, "under a minute"),
    (1, 4, "1–5 min"),
    (5, 14, "5–15 min"),
    (15, 29, "15–30 min"),
    (30, 59, "30–60 min"),
    (60, 60, "an hour or more"),
)


def event_control(params: Params) -> Component:
    """Choose the kind of event."""
    return html.Div(controls.segmented(params, "event", "Kind of event"), className="control-row")


def hours(context: PageContext) -> Drawn:
    """Show the hours of the week."""
    rows, noun = context.ask(queries.hours), NOUNS[context.params["event"]]
    days = context.period.days
    title, whole = "No event of this kind in this period", sum(row["num_events"] for row in rows)
    if rows:
        peak = max(rows, key=lambda row: row["events_per_hour"])
        by_hour: Counter[int] = Counter()
        for row in rows:
            by_hour[row["event_hour"]] += row["num_events"]
        top = sum(number for _, number in by_hour.most_common(6))
        busiest = sorted(hour for hour, _ in by_hour.most_common(6))
        title = (
            f"{WEEKDAYS[peak['weekday'] - 1]} {peak['event_hour']} h is the busiest hour; six of 24 hours "
            f"bring {wording.percent(top / whole)}"
        )
        if busiest[-1] - busiest[0] == 5:
            title = (
                f"{busiest[0]}–{busiest[-1] + 1} h UTC brings {wording.percent(top / whole)} of {noun}, "
                f"{WEEKDAYS[peak['weekday'] - 1]} {peak['event_hour']} h most"
            )
    if days < 7:
        title = f"Too few days to compare weekdays: {wording.count(whole)} {noun}"
    head = ["Hour, UTC", *WEEKDAYS]
    found = {(row["weekday"], row["event_hour"]): row["events_per_hour"] for row in rows}
    lines = [
        (f"{hour}–{hour + 1} h", *[f"{found.get((day, hour), 0):,.1f}" for day in range(1, 8)]) for hour in range(24)
    ]
    return Drawn(
        title,
        f"{noun.capitalize()} an hour, average over {wording.days(days)}, by weekday and hour in UTC, "
        f"of {wording.count(whole)} {noun}",
        graph("activity-hours-chart", figures.hours(rows, noun, context.palette), 320, title),
        legend(("heat-low", "few"), ("heat-high", "many")),
        table(head, lines),
    )


def lengths(context: PageContext) -> Drawn:
    """Show how many events visits hold and how long they last."""
    rows = context.ask(queries.lengths)
    whole = sum(row["num_sessions"] for row in rows) or 1
    events = [
        (_bucket_name(*bucket), sum(r["num_sessions"] for r in rows if bucket[0] <= r["num_events"] <= bucket[1]))
        for bucket in BUCKETS
    ]
    minutes = [
        (name, sum(r["num_sessions"] for r in rows if low <= r["duration_minutes"] <= high))
        for low, high, name in MINUTES
    ]
    shares = [
        (name, number / whole, f"{wording.count(number)} of {wording.count(whole)} visits") for name, number in events
    ]
    title = f"{wording.percent(shares[0][1])} of {wording.count(whole)} visits are a single event"
    lines = [(name, wording.count(number), wording.percent(number / whole, 1)) for name, number in [*events, *minutes]]
    return Drawn(
        title,
        "Visits by how many events they hold; the table adds how long they last, from first to last event",
        graph("activity-lengths-chart", figures.lengths(shares, context.palette), 330, title),
        table=table(["Events or length", "Visits", "Of all"], lines),
    )


def by_day(context: PageContext) -> Drawn:
    """Show the days."""
    rows = context.ask(queries.by_day)
    if not rows:
        return Drawn("No event in this period", "Events by day", "")
    top = max(rows, key=lambda row: row["num_views"])
    title = f"Most views on {wording.day(top['event_date'])}: {wording.count(top['num_views'])}"
    lines = [
        (wording.day(r["event_date"]), *[wording.count(r[c]) for c in ("num_views", "num_adds", "num_transactions")])
        for r in reversed(rows)
    ]
    figure = figures.by_day(rows, context.palette)
    days = [row["event_date"] for row in rows]
    annotations.mark_notes(figure, context.lake.saved.notes("activity-days"), days, context.palette)
    return Drawn(
        title,
        f"Events by day of the event, UTC, {wording.span(context.period)}",
        graph("activity-days-chart", figure, 380, title),
        table=table(["Day", "Views", "Carts", "Purchased items"], lines),
    )


def calendar(context: PageContext) -> Drawn:
    """Show every day of the data."""
    rows, noun = context.ask(queries.calendar), NOUNS[context.params["event"]]
    if not rows:
        return Drawn("No event of this kind", "Events of every day", "")
    found = {row["event_date"]: row["num_events"] for row in rows}
    by_weekday = [sum(number for day, number in found.items() if day.weekday() == weekday) for weekday in range(7)]
    least = by_weekday.index(min(by_weekday))
    title = f"{WEEKDAYS[least]} brings the fewest {noun} of {wording.count(sum(by_weekday))}"
    lines = [(wording.day(day), wording.count(number)) for day, number in sorted(found.items(), reverse=True)]
    return Drawn(
        title,
        f"{noun.capitalize()} of every day of the data, UTC; the range of days does not apply here",
        graph("activity-calendar-chart", figures.calendar(found, noun, context.palette), 340, title),
        legend(("heat-low", "few"), ("heat-high", "many")),
        table(["Day", noun.capitalize()], lines),
    )


def _bucket_name(low: int, high: int) -> str:
    if low == 20:
        return "20 or more"
    return f"{low} event{wording.plural(low)}" if low == high else f"{low}–{high} events"


page = Page(
    path="/activity",
    name="Activity",
    group="Behaviour",
    icon="activity",
    about="Hours of the week, days, a calendar, and how long visits are",
    place=40,
    params=(EVENT,),
    filters=("range", "segment"),
    cards=(
        Card(
            "hours",
            hours,
            reads=("gold.activity",),
            params=("range", "event"),
            columns=8,
            height=400,
            query=queries.hours,
            controls=event_control,
        ),
        Card(
            "lengths",
            lengths,
            reads=("gold.session_lengths",),
            params=("range", "segment"),
            columns=4,
            height=400,
            query=queries.lengths,
        ),
        Card("days", by_day, reads=("gold.activity",), params=("range",), columns=7, height=480, query=queries.by_day),
        Card(
            "calendar",
            calendar,
            reads=("gold.activity",),
            params=("event",),
            columns=5,
            height=480,
            query=queries.calendar,
        ),
    ),
)
