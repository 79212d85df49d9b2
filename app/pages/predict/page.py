"""predict.page — the chance that a visit ends with a purchase, and why; scored in this process, without Java."""

from collections.abc import Callable

import dash_mantine_components as dmc
from dash import Dash, html
from dash.development.base_component import Component

from app.context import PageContext
from app.pages import Page
from app.pages.model import borrowed
from app.pages.predict import four_numbers, visit
from app.pages.predict.answer import no_model


def layout(context: PageContext) -> Component:
    """Build the page: two forms, each with its answer, and the model."""
    if context.model is None:
        return html.Div(no_model(), className="cards")
    tabs = dmc.TabsList([dmc.TabsTab("Event by event", value="visit"), dmc.TabsTab("Four numbers", value="numbers")])
    panels = [
        dmc.TabsPanel(visit.layout(context.model), value="visit"),
        dmc.TabsPanel(four_numbers.layout(), value="numbers"),
    ]
    return html.Div([*borrowed.told(context), dmc.Tabs([tabs, *panels], value="visit")], className="stack")


def register(app: Dash, context: Callable[[str | None], PageContext]) -> None:
    """Wire both forms."""
    visit.register(app, context)
    four_numbers.register(app, context)


page = Page(
    path="/predict",
    name="Predict",
    group="Model",
    icon="predict",
    about="The chance that a visit ends with a purchase, from what it did so far",
    filters=(),
    content=layout,
    register=register,
)
