"""model.borrowed — a model that was trained on other data: how far the inputs it is asked about lie from its own."""

from dash import html
from dash.development.base_component import Component

from app.context import PageContext
from app.pages.model import queries
from ml.promotion import drift

WORDS = "It was trained on other data than these; what it says of them was not measured."
UNKNOWN = "How far these data lie from those is not known: lakehouse ml monitor on the site's lake, then build again."


def told(context: PageContext) -> list[Component]:
    """Say that the model is borrowed, and how its inputs are spread beside its test; nothing where it is one's own."""
    model = context.model
    if model is None or not model.is_borrowed:
        return []
    limit = context.lake.settings.monitor.psi
    found = sorted(drift.overall(context.ask(queries.drift)).items(), key=lambda pair: -pair[1])
    heading = html.P(f"Model {model.version} is the site's. {WORDS}", className="bad", id="borrowed")
    if not found:
        return [heading, html.P(UNKNOWN, className="muted")]
    moved = sum(value > limit for _, value in found)
    summary = (
        f"{moved} of {len(found)} inputs lie elsewhere than in its test (population stability index above {limit:g})"
        if moved
        else f"All {len(found)} inputs are spread much as in its test (population stability index up to {limit:g})"
    )
    rows = [
        html.Tr(
            [html.Th(name, scope="row"), html.Td(f"{value:.2f}"), html.Td("elsewhere" if value > limit else "alike")]
        )
        for name, value in found
    ]
    names = html.Tr([html.Th(each, scope="col") for each in ("Input", "PSI", "Spread")])
    table = html.Table([html.Thead(names), html.Tbody(rows)], className="table compared")
    return [heading, html.Details([html.Summary(summary), table], id="borrowed-inputs")]
