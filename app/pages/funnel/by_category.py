"""funnel.by_category — the cards that break the funnel down by root category of entry: a chart, and every number."""

from app import wording
from app.charts import bars
from app.components.card import Drawn
from app.components.parts import graph, legend, scrolling, table
from app.context import PageContext
from app.pages.funnel import followed, numbers
from app.pages.funnel import wording as words

CHARTED = 12


def chart(context: PageContext) -> Drawn:
    """Show the conversion of the most visited root categories with its interval."""
    counted, is_compared = followed.entries(context), context.previous is not None
    if counted.days < 1:
        return Drawn(words.too_early(context.params["window"]), words.TAKE_MORE_DAYS, "")
    roots = numbers.roots(context)
    shown = [root for root in roots if root.category >= 0][:CHARTED]
    title = words.best(numbers.best(roots), context.params["unit"])
    figure = bars.rates(
        [wording.category(root.category) for root in shown],
        [root.conversion for root in shown],
        [root.change.former if is_compared and root.change.former else None for root in shown],
        context.palette.purchase,
        context.palette,
    )
    entries = [
        ("dot purchase", "Conversion with its 98% interval"),
        *([("tick", "Previous period")] if is_compared else []),
    ]
    return Drawn(
        title,
        f"{words.conversion(context.params, followed.is_plain(context))}, the {len(shown)} most visited of "
        f"{len([r for r in roots if r.category >= 0])} root categories of entry; best by the lower end"
        f"{words.left_out(counted, context.period)}",
        graph("funnel-categories-chart", figure, 32 * len(shown) + 36, title),
        legend(*entries),
        source=_source(context),
    )


def listing(context: PageContext) -> Drawn:
    """Show every root category with its steps, and how its conversion differs from the previous period's."""
    counted, is_compared = followed.entries(context), context.previous is not None
    unit, is_plain = context.params["unit"], followed.is_plain(context)
    if counted.days < 1:
        return Drawn(words.too_early(context.params["window"]), words.TAKE_MORE_DAYS, "")
    roots, units = numbers.roots(context), wording.unit_name(unit)
    head = ["Root category", units.capitalize(), "View", "Cart", "Purchase", "Conversion and interval"]
    head += ["Change and interval"] if is_compared else []
    note = "" if unit == "session" else "; a visitor who entered through two categories counts in both"
    title = words.shares(roots, unit)
    return Drawn(
        title,
        f"{words.how(context.params, is_plain)}; by root category of the first event{note}"
        f"{words.left_out(counted, context.period)}",
        scrolling(table(head, [_row(root, is_compared) for root in roots]), title, 420),
        source=_source(context),
    )


def _row(root: numbers.Root, is_compared: bool) -> tuple[str, ...]:
    counts = [wording.count(each) for each in (root.total, root.view, root.cart, root.conversion.successes)]
    change = [words.change_cell(root)] if is_compared else []
    return wording.category(root.category), *counts, words.conversion_cell(root), *change


def _source(context: PageContext) -> str:
    return "" if followed.is_plain(context) else "gold.visit_outcomes"
