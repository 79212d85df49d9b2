"""predict.bring — a real visit: chosen from the lake, taken at random, or pasted; its events become the form's rows."""

from collections.abc import Callable
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from app.context import PageContext
from app.data.publication import Publication
from app.pages.predict import pasted, real_visits
from app.pages.predict.steps import Brought
from lakehouse.errors import Exit, LakehouseError

PLACEHOLDER = "1442500000000,view,355908\n1442500040000,addtocart,355908"


def layout() -> Component:
    """Build what a visit is chosen by."""
    choose = dmc.Select(
        id="predict-pick",
        label="Visit of the lake",
        description="of the newest whole day, or type a visitor",
        data=[],
        searchable=True,
        clearable=True,
        nothingFoundMessage="No such visit",
        size="sm",
    )
    lines = dmc.Textarea(
        id="predict-lines",
        label="Lines of one visit",
        description="timestamp,event,itemid or the source's own lines",
        placeholder=PLACEHOLDER,
        autosize=True,
        minRows=3,
        maxRows=10,
        size="sm",
    )
    paste = html.Details(
        [
            html.Summary("Paste its events"),
            html.Div(lines, className="fields"),
            html.Div(
                html.Button("Take these events", type="button", id="predict-paste", className="button"),
                className="control-row",
            ),
        ]
    )
    return html.Section(
        [
            html.H2("A real visit"),
            html.P("It fills the form below: step through it, or change it.", className="muted"),
            html.Div(choose, className="fields"),
            html.Div(
                html.Button("One at random", type="button", id="predict-random", className="button"),
                className="control-row",
            ),
            paste,
            html.P("", id="predict-brought", role="status", className="bad"),
        ],
        className="card predict-visit",
        id="predict-real",
    )


def register(app: Dash, context: Callable[[str | None], PageContext]) -> None:
    """Offer visits as a reader types, and take one over."""

    @app.callback(
        Output("predict-pick", "data"),
        Input("predict-pick", "searchValue"),
        State("predict-pick", "data"),
        State("site-query", "data"),
    )
    def offer(typed, there, query):  # type: ignore[no-untyped-def]
        if typed and any(each["label"] == typed for each in there or []):  # one was chosen
            return no_update
        return offered(context(query), typed or "")

    @app.callback(
        Output("predict-steps", "data", allow_duplicate=True),
        Output("predict-origin", "data", allow_duplicate=True),
        Output("predict-at", "data", allow_duplicate=True),
        Output("predict-brought", "children"),
        Input("predict-pick", "value"),
        Input("predict-random", "n_clicks"),
        Input("predict-paste", "n_clicks"),
        Input({"type": "predict-take", "visit": ALL}, "n_clicks"),
        State("predict-lines", "value"),
        State("site-query", "data"),
        prevent_initial_call=True,
    )
    def bring(picked, _random, _paste, _taken, lines, query):  # type: ignore[no-untyped-def]
        if not ctx.triggered or not ctx.triggered[0]["value"]:  # a button that appears is no click
            return [no_update] * 4
        try:
            found = brought(context(query), ctx.triggered_id, picked, lines or "")
        except LakehouseError as error:
            return no_update, no_update, no_update, f"{error.message} {sentence(error.remedy)}"
        return [list(each) for each in found.steps], found.origin.to_data(), 1, ""


def offered(context: PageContext, typed: str) -> list[dict[str, str]]:
    """Return the visits to choose from; none where nothing is published."""
    try:
        return real_visits.offer(_publication(context), typed)
    except LakehouseError:
        return []


def brought(context: PageContext, act: Any, picked: str, lines: str) -> Brought:
    """Return the visit that a click or a choice means.

    Raises:
        LakehouseError: there is none (exit code 2).
    """
    if act == "predict-paste":
        return pasted.read(lines)
    if act == "predict-random":
        return real_visits.at_random(_publication(context))
    name = act["visit"] if isinstance(act, dict) else picked
    return real_visits.find(_publication(context), *real_visits.read_name(name))


def sentence(text: str) -> str:
    """Return a remedy as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def _publication(context: PageContext) -> Publication:
    if context.publication is None or context.publication.last_day is None:
        raise LakehouseError("This lake has published no visit yet.", "lakehouse run", Exit.USAGE)
    return context.publication
