"""app.pages.overview — the shop at a glance: six figures, their trend, the funnel, what moved, three clocks."""

from collections.abc import Callable
from datetime import datetime, timedelta

from dash import dcc, html
from dash.development.base_component import Component

from app import components, figures, queries, wording
from app.queries import Day, Steps, Totals
from app.scene import Scene
from app.view import Period
from lakehouse.storage.ledger import now

MOVERS = 8
UNKNOWN = -1  # items without a known category: what moves them is the item properties that have landed, not the shop


def layout(scene: Scene) -> Component:
    """Build the page."""
    cards = [
        components.safely(lambda: key_figures(scene)),
        components.safely(lambda: trend(scene), 8),
        components.safely(lambda: funnel(scene), 4),
        components.safely(lambda: movers(scene), 8),
        components.safely(lambda: clocks(scene), 4),
    ]
    return components.page("Overview", scene.subtitle, cards)


def key_figures(scene: Scene) -> Component:
    """Show six figures with their change and their days."""
    period, previous = scene.window.current, scene.window.previous
    current = queries.totals(scene.published, period)
    former = queries.totals(scene.published, previous) if previous else None
    days = queries.daily(scene.published, period)
    counts: list[tuple[str, str, Callable[[Totals], float]]] = [
        ("visits", "Visits", lambda t: t.visits),
        ("visitors", "Visitors", lambda t: t.visitors),
        ("orders", "Orders", lambda t: t.orders),
    ]
    rates: list[tuple[str, str, bool, Callable[[Totals], float]]] = [
        ("conversion", "Conversion", True, lambda t: t.conversion),
        ("abandonment", "Cart abandonment", False, lambda t: t.abandonment),
        ("bounces", "Bounce rate", False, lambda t: t.bounce_rate),
    ]
    cards = [
        _figure(
            name,
            label,
            wording.count(of(current)),
            _growth(of(current), of(former)) if former else None,
            wording.count(of(former)) if former else "",
            period,
            days,
            of,
        )
        for name, label, of in counts
    ]
    cards += [
        _figure(
            name,
            label,
            wording.percent(of(current)),
            _points(of(current), of(former), up) if former else None,
            wording.percent(of(former)) if former else "",
            period,
            days,
            of,
        )
        for name, label, up, of in rates
    ]
    return html.Div(cards, className="key-figures span-12")


def trend(scene: Scene) -> Component:
    """Show visits and conversion by day."""
    publication, period, previous = scene.published, scene.window.current, scene.window.previous
    days = queries.daily(publication, period)
    former = queries.daily(publication, previous) if previous else []
    incomplete = _incomplete(scene)
    title = wording.trend_finding(
        queries.totals(publication, period), queries.totals(publication, previous) if previous else None
    )
    entries = [("line view", "Visits"), ("line purchase", "Conversion")]
    entries += [("line dashed", f"{wording.span(previous)}")] if previous else []
    rows = [
        (
            wording.day(each.day),
            wording.count(each.visits),
            wording.count(each.purchase_visits),
            wording.percent(each.conversion),
        )
        for each in reversed(days)
    ]
    return components.card(
        title,
        f"Visits and visits with a purchase, by day, {wording.span(period)}",
        components.graph("overview-trend-chart", figures.trend(days, former, incomplete), 340, title),
        components.source(publication, "gold.daily_kpis"),
        components.table(["Day", "Visits", "With a purchase", "Conversion"], rows),
        columns=8,
        identity="overview-trend",
        legend=components.legend(*entries),
    )


def funnel(scene: Scene) -> Component:
    """Show how far visits come, in short."""
    publication, period, previous = scene.published, scene.window.current, scene.window.previous
    steps = queries.steps(publication, period, "session")
    former = queries.steps(publication, previous, "session") if previous else None
    title = wording.funnel_finding(steps, "session")
    entries = [("bar track", "All visits")] + ([("tick", "Period before")] if former else [])
    more = dcc.Link("Open the funnel", href="/funnel" + scene.view.query, className="more")
    return components.card(
        title,
        f"Visits with each step, in any order, of {wording.count(steps.total)} visits",
        [components.graph("overview-funnel-chart", figures.funnel(steps, former), 292, title), more],
        components.source(publication, "gold.funnel"),
        components.table(["Step", "Visits", "Of all"], _step_rows(steps)),
        columns=4,
        identity="overview-funnel",
        legend=components.legend(*entries),
    )


def movers(scene: Scene) -> Component:
    """Show the root categories whose visits changed most."""
    publication, period, previous = scene.published, scene.window.current, scene.window.previous
    if previous is None:
        return entries(scene)
    before = {root.root_category_id: root.total for root in queries.roots(publication, previous, "session")}
    after = {root.root_category_id: root.total for root in queries.roots(publication, period, "session")}
    moves = [(which, after.get(which, 0), before.get(which, 0)) for which in sorted(before | after)]
    moves.sort(key=lambda move: abs(move[1] - move[2]), reverse=True)
    title = wording.movers_finding(moves)
    rows = [
        (wording.category(which), wording.count(number), wording.count(former), wording.signed(number - former, 0))
        for which, number, former in moves
    ]
    known = [move for move in moves if move[0] != UNKNOWN]
    shown = sorted(known[:MOVERS], key=lambda move: move[1] - move[2], reverse=True)
    return components.card(
        title,
        f"Change of visits by root category of entry, the {len(shown)} greatest of {len(known)}, "
        f"against {wording.span(previous)}",
        components.graph("overview-movers-chart", figures.movers(shown), 30 * len(shown) + 24, title),
        components.source(publication, "gold.funnel"),
        components.table(["Root category", "Visits", "Before", "Change"], rows),
        columns=8,
        identity="overview-movers",
    )


def entries(scene: Scene) -> Component:
    """Show through which root categories visits enter, where there is no period to compare with."""
    publication, period = scene.published, scene.window.current
    roots = queries.roots(publication, period, "session")
    shown = [root for root in roots if root.root_category_id != UNKNOWN][:MOVERS]
    title = wording.entries_finding(roots)
    rows = [(wording.category(root.root_category_id), wording.count(root.total)) for root in roots]
    return components.card(
        title,
        f"Visits by root category of the first event, the {len(shown)} most visited, {wording.span(period)}",
        components.graph("overview-entries-chart", figures.shares(shown), 30 * len(shown) + 24, title),
        components.source(publication, "gold.funnel"),
        components.table(["Root category", "Visits"], rows),
        columns=8,
        identity="overview-entries",
    )


def clocks(scene: Scene) -> Component:
    """Show how fresh the page is: the newest event, the run, this very page."""
    publication, shown_at = scene.published, now()
    newest, last = publication.newest_day, publication.last_day
    assert publication.bounds and newest is not None and last is not None
    complete = publication.bounds.complete
    whole = f"incomplete; whole to {wording.short_day(complete)}" if complete else "incomplete; no day is whole yet"
    whole = "a complete day" if newest == complete else whole
    rows = [
        ("Newest event", wording.day(newest), whole),
        ("Built", _instant(publication.built_at), wording.age(publication.built_at, shown_at)),
        ("Shown", _instant(shown_at), "this page"),
    ]
    items = [
        html.Div([html.Dt(name), html.Dd([html.Span(value, className="clock"), html.Span(note, className="muted")])])
        for name, value, note in rows
    ]
    title = f"Complete to {wording.day(complete)}" if complete else f"Filling: {wording.day(last)}"
    return components.card(
        title,
        "Newest event, newest run and this page; times in UTC",
        html.Dl(items, className="clocks"),
        f"ledger · run {publication.run_id}",
        columns=4,
        identity="overview-clocks",
    )


def _incomplete(scene: Scene) -> list[Day]:
    publication = scene.published
    assert publication.newest_day is not None and publication.last_day is not None
    after = publication.last_day + timedelta(days=1)
    return queries.daily(publication, Period(after, publication.newest_day)) if after <= publication.newest_day else []


def _step_rows(steps: Steps) -> list[tuple[str, str, str]]:
    counts = {name: getattr(steps, field) for name, field, _ in figures.STEPS}
    return [
        (name, wording.count(number), wording.percent(queries.ratio(number, steps.total)))
        for name, number in counts.items()
    ]


def _figure(
    name: str,
    label: str,
    value: str,
    change: tuple[str, bool | None] | None,
    former: str,
    period: Period,
    days: list[Day],
    of: Callable[[Totals], float],
) -> Component:
    before = f"from {former}" if change else f"in {wording.days(period.days)}"
    return components.key_figure(f"overview-{name}", label, value, change, before, [of(each) for each in days])


def _growth(value: float, former: float) -> tuple[str, bool | None] | None:
    """Write the change of a count, of which more is better."""
    if not former:
        return None
    change = value / former - 1
    arrow = "↑" if change > 0 else "↓"
    return (f"{arrow} {wording.percent(abs(change))}", change > 0) if round(change, 4) else ("0%", None)


def _points(value: float, former: float, is_up_good: bool) -> tuple[str, bool | None]:
    """Write the change of a rate, in percentage points."""
    points = (value - former) * 100
    text = f"{'↑' if points > 0 else '↓'} {abs(points):.2f} pp"
    return (text, (points > 0) == is_up_good) if round(points, 2) else ("0 pp", None)


def _instant(when: datetime) -> str:
    return f"{wording.day(when)}, {when:%H:%M}"
