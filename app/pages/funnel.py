"""app.pages.funnel — from view to cart to purchase: by visit or by visitor, by category, and what skipped a step."""

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, html
from dash.development.base_component import Component

from app import components, figures, queries, wording
from app.queries import Root, Skips, Steps, ratio
from app.scene import Scene

CHARTED = 10
UNIT_NAMES = [{"value": "session", "label": "Visits"}, {"value": "visitor", "label": "Visitors"}]


def layout(scene: Scene) -> Component:
    """Build the page."""
    cards = [
        components.safely(lambda: funnel(scene), 8),
        components.safely(lambda: skipped(scene), 4),
        components.safely(lambda: by_category(scene), 5),
        components.safely(lambda: category_table(scene), 7),
    ]
    return components.page("Funnel", scene.subtitle, cards)


def register(app: Dash) -> None:
    """Let the switch of the unit write the address, in the browser."""
    in_browser: Any = app.clientside_callback
    in_browser(
        ClientsideFunction("site", "chooseUnit"),
        Output("site-query", "data", allow_duplicate=True),
        Input("funnel-unit", "value"),
        prevent_initial_call=True,
    )


def funnel(scene: Scene) -> Component:
    """Show how many come how far."""
    publication, unit = scene.published, scene.view.unit
    now, before = _steps(scene)
    title = wording.funnel_finding(now, unit)
    units = wording.unit_name(unit)
    choice = dmc.SegmentedControl(
        id="funnel-unit", data=UNIT_NAMES, value=unit, size="sm", **components.aria(label="What the funnel counts")
    )
    entries = [("bar track", f"All {units}")] + ([("tick", "Period before")] if before else [])
    name = "gold.funnel" if unit == "session" else "gold.visitor_days"
    head = ["Step", units.capitalize(), "Of all", "Of the step before"]
    return components.card(
        title,
        f"{units.capitalize()} with each step, in any order, of {wording.count(now.total)} {units}",
        components.graph("funnel-chart", figures.funnel(now, before), 300, title),
        components.source(publication, name),
        components.table(head, _step_rows(now)),
        columns=8,
        identity="funnel-steps",
        legend=html.Div([components.legend(*entries), choice], className="spread"),
    )


def skipped(scene: Scene) -> Component:
    """Say how many visits skipped a step, and how many pass from step to step."""
    publication, previous = scene.published, scene.window.previous
    now = queries.skips(publication, scene.window.current)
    before = queries.skips(publication, previous) if previous else None
    words = [
        "of visits with a purchase hold no cart",
        "of visits with a cart hold no view",
        "of visits with a cart also buy",
    ]
    rates = _skip_rates(now)
    former = [f"{wording.percent(rate, 1)} before" for rate in _skip_rates(before)] if before else [""] * len(rates)
    items = [
        html.Li(
            [
                html.Span(wording.percent(rate, 1), className="fact"),
                html.Span(sentence, className="words"),
                html.Span(then, className="muted"),
            ]
        )
        for rate, sentence, then in zip(rates, words, former, strict=True)
    ]
    return components.card(
        wording.skip_finding(now),
        f"Visits with a step but not the one before it; {wording.count(now.purchase_visits)} visits hold a purchase, "
        f"{wording.count(now.cart_visits)} a cart",
        html.Ul(items, className="facts"),
        components.source(publication, "gold.funnel"),
        columns=4,
        identity="funnel-skipped",
    )


def by_category(scene: Scene) -> Component:
    """Show the conversion of the most visited root categories."""
    publication, unit, previous = scene.published, scene.view.unit, scene.window.previous
    roots = queries.roots(publication, scene.window.current, unit)
    before = {root.root_category_id: root for root in queries.roots(publication, previous, unit)} if previous else {}
    shown = roots[:CHARTED]
    title = wording.roots_finding(shown, unit)
    units = wording.unit_name(unit)
    entries = [("bar purchase", f"{units.capitalize()} with a purchase")] + (
        [("tick", "Period before")] if before else []
    )
    return components.card(
        title,
        f"{units.capitalize()} with a purchase per {wording.unit_name(unit, 1)}, "
        f"the {len(shown)} most visited of {len(roots)} root categories of entry",
        components.graph("funnel-categories-chart", figures.conversion(shown, before), 36 * len(shown) + 16, title),
        components.source(publication, _table(unit)),
        columns=5,
        identity="funnel-categories",
        legend=components.legend(*entries[: 2 if before else 1]),
    )


def category_table(scene: Scene) -> Component:
    """Show every root category with its steps."""
    publication, unit = scene.published, scene.view.unit
    roots = queries.roots(publication, scene.window.current, unit)
    units = wording.unit_name(unit)
    whole = sum(root.total for root in roots)
    top = sum(root.total for root in roots[:3])
    title = f"Three of {len(roots)} categories bring {wording.percent(ratio(top, whole))} of {units}"
    title = title if len(roots) > 3 else "Steps by root category"
    rows = [_root_row(root) for root in roots]
    head = ["Root category", units.capitalize(), "View", "Cart", "Purchase", "Cart per view", "Conversion"]
    note = "" if unit == "session" else "; a visitor who entered through two categories counts in both"
    return components.card(
        title,
        f"{units.capitalize()} by root category of the first event{note}",
        html.Div(components.table(head, rows), className="scroll fixed", tabIndex=0),
        components.source(publication, _table(unit)),
        columns=7,
        identity="funnel-table",
    )


def _steps(scene: Scene) -> tuple[Steps, Steps | None]:
    previous, unit = scene.window.previous, scene.view.unit
    now = queries.steps(scene.published, scene.window.current, unit)
    return now, queries.steps(scene.published, previous, unit) if previous else None


def _skip_rates(skips: Skips) -> list[float]:
    return [
        ratio(skips.purchases_without_cart, skips.purchase_visits),
        ratio(skips.carts_without_view, skips.cart_visits),
        ratio(skips.purchase_visits - skips.purchases_without_cart, skips.cart_visits),
    ]


def _table(unit: str) -> str:
    return "gold.funnel" if unit == "session" else "gold.visitor_days"


def _step_rows(steps: Steps) -> list[tuple[str, str, str, str]]:
    counts = [steps.view, steps.cart, steps.purchase]
    before = [steps.total, steps.view, steps.cart]
    return [
        (
            name,
            wording.count(number),
            wording.percent(ratio(number, steps.total)),
            wording.percent(ratio(number, former)),
        )
        for (name, _, _), number, former in zip(figures.STEPS, counts, before, strict=True)
    ]


def _root_row(root: Root) -> tuple[str, ...]:
    counts = [wording.count(number) for number in (root.total, root.view, root.cart, root.purchase)]
    rates = [wording.percent(ratio(root.cart, root.view), 1), wording.percent(ratio(root.purchase, root.total), 2)]
    return wording.category(root.root_category_id), *counts, *rates
