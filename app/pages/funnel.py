"""app.pages.funnel — from view to cart to purchase: by visit or by visitor, by category, and what skipped a step."""

import dash_mantine_components as dmc
from dash import Dash, ClientsideFunction, Input, Output, State, html
from dash.development.base_component import Component

from app import components, figures, queries, wording
from app.queries import Root, Steps, ratio
from app.scene import Scene

CHARTED = 10
UNIT_NAMES = [{"value": "session", "label": "Visits"}, {"value": "visitor", "label": "Visitors"}]


def layout(scene: Scene) -> Component:
    """Build the page."""
    period, previous = scene.window.current, scene.window.previous
    against = f", against {wording.span(previous)}" if previous else ""
    cards = [
        components.safely(lambda: funnel(scene), 8),
        components.safely(lambda: skipped(scene), 4),
        components.safely(lambda: by_category(scene), 5),
        components.safely(lambda: category_table(scene), 7),
    ]
    return components.page("Funnel", f"{wording.span(period)} · {wording.days(period.days)}{against} · days in UTC", cards)


def register(app: Dash) -> None:
    """Let the switch of the unit write the address, in the browser."""
    app.clientside_callback(
        ClientsideFunction("site", "chooseUnit"),
        Output("funnel-unit", "id"), Input("funnel-unit", "value"), State("funnel-unit", "id"),
        prevent_initial_call=True,
    )  # fmt: skip


def funnel(scene: Scene) -> Component:
    """Show how many come how far."""
    publication, unit = scene.published, scene.view.unit
    now, before = _steps(scene)
    title = wording.funnel_finding(now, unit)
    units = wording.unit_name(unit)
    choice = dmc.SegmentedControl(
        id="funnel-unit", data=UNIT_NAMES, value=unit, size="sm", **{"aria-label": "What the funnel counts"}
    )
    entries = [("bar track", f"All {units}")] + ([("tick", "Period before")] if before else [])
    name = "gold.funnel" if unit == "session" else "gold.visitor_days"
    head = ["Step", units.capitalize(), "Of all", "Of the step before"]
    return components.card(
        title, f"{units.capitalize()} with each step, in any order, of {wording.count(now.total)} {units}",
        components.graph("funnel-chart", figures.funnel(now, before), 300, title),
        components.source(publication, name), components.table(head, _step_rows(now)),
        columns=8, identity="funnel-steps", legend=html.Div([components.legend(*entries), choice], className="spread"),
    )  # fmt: skip


def skipped(scene: Scene) -> Component:
    """Say how many visits skipped a step, and how the others pass from step to step."""
    publication, (now, before) = scene.published, _steps(scene)
    sentences = wording.skip_sentences(queries.skips(publication, scene.window.current))
    unit = wording.unit_name(scene.view.unit)
    rates = [
        ("Cart", "view", ratio(now.cart, now.view), ratio(before.cart, before.view) if before else None),
        ("Purchase", "cart", ratio(now.purchase, now.cart), ratio(before.purchase, before.cart) if before else None),
    ]
    passed = [
        html.Li(
            [
                html.Span(wording.percent(rate), className="fact"),
                html.Span(f"{name}s per {per}, {unit}", className="words"),
                html.Span(f"{wording.percent(former)} in the period before" if former is not None else "", className="muted"),
            ]
        )
        for name, per, rate, former in rates
    ]
    skips = [
        html.Li([html.Span(fact, className="fact"), html.Span(share, className="muted")]) for fact, share in sentences
    ]
    return components.card(
        sentences[0][0], "Visits that hold a step without the one before it; the order inside a visit does not matter",
        [html.Ul(skips[:1] + skips[1:], className="facts"), html.Ul(passed, className="facts")],
        components.source(publication, "gold.funnel"), columns=4, identity="funnel-skipped",
    )  # fmt: skip


def by_category(scene: Scene) -> Component:
    """Show the conversion of the most visited root categories."""
    publication, unit, previous = scene.published, scene.view.unit, scene.window.previous
    roots = queries.roots(publication, scene.window.current, unit)
    before = {root.root_category_id: root for root in queries.roots(publication, previous, unit)} if previous else {}
    shown = roots[:CHARTED]
    title = wording.roots_finding(roots, unit)
    units = wording.unit_name(unit)
    entries = [("bar purchase", f"{units.capitalize()} with a purchase")] + ([("tick", "Period before")] if before else [])
    return components.card(
        title, f"{units.capitalize()} with a purchase per {wording.unit_name(unit, 1)}, "
        f"the {len(shown)} most visited of {len(roots)} root categories of entry",
        components.graph("funnel-categories-chart", figures.conversion(shown, before), 36 * len(shown) + 16, title),
        components.source(publication, _table(unit)), columns=5, identity="funnel-categories",
        legend=components.legend(*entries),
    )  # fmt: skip


def category_table(scene: Scene) -> Component:
    """Show every root category with its steps."""
    publication, unit = scene.published, scene.view.unit
    roots = queries.roots(publication, scene.window.current, unit)
    units = wording.unit_name(unit)
    whole = sum(root.total for root in roots)
    top = sum(root.total for root in roots[:3])
    title = f"Three of {len(roots)} categories bring {wording.percent(ratio(top, whole))} of {units}"
    head = ["Root category", units.capitalize(), "View", "Cart", "Purchase", "Cart per view", "Conversion"]
    note = "" if unit == "session" else "; a visitor who entered through two categories counts in both"
    return components.card(
        title if len(roots) > 3 else "Steps by root category", f"{units.capitalize()} by root category of the first event{note}",
        html.Div(components.table(head, [_root_row(root) for root in roots]), className="scroll fixed", tabIndex=0),
        components.source(publication, _table(unit)), columns=7, identity="funnel-table",
    )  # fmt: skip


def _steps(scene: Scene) -> tuple[Steps, Steps | None]:
    previous, unit = scene.window.previous, scene.view.unit
    now = queries.steps(scene.published, scene.window.current, unit)
    return now, queries.steps(scene.published, previous, unit) if previous else None


def _table(unit: str) -> str:
    return "gold.funnel" if unit == "session" else "gold.visitor_days"


def _step_rows(steps: Steps) -> list[tuple[str, str, str, str]]:
    counts = [steps.view, steps.cart, steps.purchase]
    before = [steps.total, steps.view, steps.cart]
    return [
        (name, wording.count(number), wording.percent(ratio(number, steps.total)), wording.percent(ratio(number, former)))
        for (name, _, _), number, former in zip(figures.STEPS, counts, before, strict=True)
    ]


def _root_row(root: Root) -> tuple[str, ...]:
    counts = [wording.count(number) for number in (root.total, root.view, root.cart, root.purchase)]
    rates = [wording.percent(ratio(root.cart, root.view)), wording.percent(ratio(root.purchase, root.total))]
    return wording.category(root.root_category_id), *counts, *rates
