"""overview.page — six key figures, their trend, the funnel in short, what moved, three clocks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dash import html
from dash.development.base_component import Component

from app import wording
from app.charts import annotations, bars
from app.components.card import Card, Drawn
from app.components.parts import graph, key_figure, legend, link, state, table
from app.context import PageContext
from app.pages import Page
from app.pages.funnel import numbers as funnel_numbers
from app.pages.funnel import queries as funnel_queries
from app.pages.funnel import wording as funnel_wording
from app.pages.overview import figures, numbers, queries
from app.pages.overview import wording as words
from app.pages.overview.numbers import Day
from app.periods import Period
from app.statistics import Change, count_change
from lakehouse.storage.ledger import now

MOVERS = 8


def key_figures(context: PageContext) -> Component:
    """Show six figures with their change and their days."""
    previous = context.previous
    days, former = numbers.by_day(context), numbers.by_day(previous) if previous else None
    visitors, visitor_days = numbers.visitors(context)
    rates = numbers.rate_changes(context) if previous else {}
    counts: dict[str, Change | None] = dict.fromkeys(("visits", "visitors", "orders"))
    if previous and former is not None:
        for name in ("visits", "orders"):
            counts[name] = count_change([getattr(d, name) for d in days], [getattr(d, name) for d in former])
        before, before_days = numbers.visitors(previous)
        counts["visitors"] = replace(count_change(visitor_days, before_days), value=visitors, former=before)
    total = {name: numbers.total(days, name) for name in Day.__dataclass_fields__ if name != "day"}
    cards = [
        _count("visits", "Visits", total["visits"], counts["visits"], [d.visits for d in days]),
        _count("visitors", "Visitors", visitors, counts["visitors"], visitor_days),
        _count("orders", "Orders", total["orders"], counts["orders"], [d.orders for d in days]),
    ]
    shares: Sequence[tuple[str, str, str, str, bool]] = (
        ("conversion", "Conversion", "purchase_visits", "visits", True),
        ("abandonment", "Cart abandonment", "abandoned", "cart_visits", False),
        ("bounces", "Bounce rate", "bounces", "visits", False),
    )
    for name, label, part, whole, is_up_good in shares:
        value = total[part] / total[whole] if total[whole] else 0.0
        daily = [getattr(d, part) / getattr(d, whole) if getattr(d, whole) else 0.0 for d in days]
        change = rates.get(name)
        if former and change is None:
            then = numbers.total(former, part) / (numbers.total(former, whole) or 1)
            change = Change(value, then, why_not="interval not known")
        cards.append(_rate(name, label, value, change, is_up_good, daily))
    return html.Div(cards, className="key-figures")


def trend(context: PageContext) -> Drawn:
    """Show visits and conversion by day."""
    previous, period = context.previous, context.window.current
    days, former = numbers.by_day(context), numbers.by_day(previous) if previous else []
    if previous:
        visits = count_change([d.visits for d in days], [d.visits for d in former])
        title = words.trend(visits, numbers.rate_changes(context).get("conversion"))
    else:
        title = words.trend_alone(numbers.total(days, "visits"), numbers.total(days, "purchase_visits"))
    entries = [("line view", "Visits"), ("line purchase", "Conversion")]
    entries += [("line dashed", wording.span(previous.period))] if previous else []
    rows = [
        (wording.day(d.day), wording.count(d.visits), wording.count(d.purchase_visits), wording.percent(d.conversion))
        for d in reversed(days)
    ]
    incomplete = _incomplete(context)
    figure = figures.trend(days, former, incomplete, context.palette)
    drawn = [d.day for d in (*days, *incomplete)]
    annotations.mark_notes(figure, context.lake.saved.notes("overview-trend"), drawn, context.palette)
    return Drawn(
        title,
        f"Visits and visits with a purchase, by day, {wording.span(period)}",
        graph("overview-trend-chart", figure, 340, title),
        legend(*entries),
        table(["Day", "Visits", "With a purchase", "Conversion"], rows),
    )


def funnel(context: PageContext) -> Drawn:
    """Show how far visits come, in short."""
    found = funnel_numbers.plain_steps(context)
    title = funnel_wording.steps(found.now, "session")
    entries = [("bar track", "All visits"), *([("tick", "Previous period")] if found.before else [])]
    figure = bars.steps(
        funnel_numbers.NAMES,
        found.now.counts,
        found.before.shares if found.before else None,
        found.now.total,
        context.palette,
    )
    rows = [
        (name, wording.count(value), wording.percent(share))
        for name, value, share in zip(funnel_numbers.NAMES, found.now.counts, found.now.shares, strict=True)
    ]
    return Drawn(
        title,
        f"Visits with each step, in any order, of {wording.count(found.now.total)} visits",
        [
            graph("overview-funnel-chart", figure, 292, title),
            link("Open the funnel", "/funnel", context.params.query(), className="more"),
        ],
        legend(*entries),
        table(["Step", "Visits", "Of all"], rows),
    )


def movers(context: PageContext) -> Drawn:
    """Show the root categories whose visits changed most, or those through which most visits enter."""
    previous = context.previous
    if previous is None:
        return _entries(context)
    moves = numbers.moves(context, previous)
    title = words.movers(moves)
    if not moves:
        return Drawn(title, "Change of visits by root category of entry", state(title, wording.NO_CATEGORIES))
    shown = sorted(moves[:MOVERS], key=lambda move: -move.change.difference)
    head = ["Root category", "Visits", "Previous", "Change", "Verdict"]
    rows = [
        (
            wording.category(move.category),
            wording.count(move.change.value),
            wording.count(move.change.former),
            wording.signed(move.change.difference, 0),
            "changed" if move.is_named else move.change.why_not or "no clear change",
        )
        for move in moves
    ]
    return Drawn(
        title,
        f"Change of visits by root category of entry, {len(shown)} of {len(moves)}, against "
        f"{wording.span(previous.period)}",
        graph("overview-movers-chart", figures.movers(shown, context.palette), 30 * len(shown) + 24, title),
        legend(("bar view", "More"), ("bar lowers", "Fewer"), ("bar other", "No clear change")),
        table(head, rows),
    )


def clocks(context: PageContext) -> Drawn:
    """Show how fresh the page is: the newest event, the run, this very page."""
    shown, at = context.published, now()
    assert shown.bounds and shown.newest_day is not None
    complete = shown.bounds.complete
    whole = f"incomplete; complete through {wording.short_day(complete)}" if complete else "incomplete, as every day"
    rows = [
        ("Newest event", wording.day(shown.newest_day), "a complete day" if shown.newest_day == complete else whole),
        ("Built", _instant(shown.built_at), wording.age(shown.built_at, at)),
        ("Shown", _instant(at), "this page"),
    ]
    items = [
        html.Div([html.Dt(name), html.Dd([html.Span(value, className="clock"), html.Span(note, className="muted")])])
        for name, value, note in rows
    ]
    return Drawn(
        f"Complete through {wording.day(complete)}" if complete else f"Filling: {wording.day(shown.newest_day)}",
        "Newest event, newest run and this page; times in UTC",
        html.Dl(items, className="clocks"),
        footer=f"ledger · run {shown.run.number} · {shown.run.run_id}",
    )


def _entries(context: PageContext) -> Drawn:
    roots = {root: sum(visits.values()) for root, visits in numbers.roots(context).items()}
    ordered = sorted(roots.items(), key=lambda pair: -pair[1])
    shown = [pair for pair in ordered if pair[0] >= 0][:MOVERS]
    title = words.entries(roots)
    if not shown:
        return Drawn(title, "Visits by root category of the first event", state(title, wording.NO_CATEGORIES))
    rows = [(wording.category(root), wording.count(visits)) for root, visits in ordered]
    return Drawn(
        title,
        f"Visits by root category of the first event, the {len(shown)} most visited, {wording.span(context.period)}",
        graph("overview-movers-chart", figures.entries(shown, context.palette), 30 * len(shown) + 24, title),
        table=table(["Root category", "Visits"], rows),
    )


def _incomplete(context: PageContext) -> list[Day]:
    """Return the days after the range up to the newest, where the range ends at the last complete one."""
    shown = context.published
    assert shown.newest_day is not None
    end = context.window.current.end
    if end != shown.last_day or end >= shown.newest_day:
        return []
    return numbers.by_day(context.within(Period(end + timedelta(days=1), shown.newest_day)))


def _count(name: str, label: str, value: float, change: Change | None, series: Sequence[float]) -> Component:
    text, note = (wording.growth(change), _note(change, wording.count)) if change else ("", "")
    return key_figure(f"overview-{name}", label, wording.count(value), text, _mood(change, True), note, series)


def _rate(
    name: str, label: str, value: float, change: Change | None, is_up_good: bool, series: Sequence[float]
) -> Component:
    text, note = (wording.points(change), _note(change, wording.percent)) if change else ("", "")
    return key_figure(f"overview-{name}", label, wording.percent(value), text, _mood(change, is_up_good), note, series)


def _mood(change: Change | None, is_up_good: bool) -> str:
    if change is None or not change.is_clear:
        return "muted"
    return "good" if (change.difference > 0) == is_up_good else "bad"


def _note(change: Change, write) -> str:  # type: ignore[no-untyped-def]
    return wording.verdict(change) or f"from {write(change.former)}"


def _instant(when: datetime) -> str:
    return f"{wording.day(when)}, {when:%H:%M}"


page = Page(
    path="/",
    name="Overview",
    group="Behaviour",
    icon="overview",
    about="Six key figures, their trend, the funnel in short, what moved",
    place=10,
    cards=(
        Card("figures", key_figures, reads=("gold.daily_kpis", "gold.visitor_days"), is_plain=True, height=150),
        Card(
            "trend", trend, reads=("gold.daily_kpis", "gold.visitor_days"), columns=8, height=440, query=queries.by_day
        ),
        Card("funnel", funnel, reads=("gold.funnel",), columns=4, height=440, query=funnel_queries.steps),
        Card(
            "movers",
            movers,
            reads=("gold.funnel",),
            params=("range", "compare", "segment"),
            columns=8,
            height=330,
            query=queries.roots_by_day,
        ),
        Card("clocks", clocks, params=(), columns=4, height=330),
    ),
)
