"""predict.visit — the answer to a visit: its score after each event, why it is that, and what visits like it did."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from app import wording
from app.components.parts import aria, data, graph, state, table
from app.context import PageContext
from app.data.serving import NotServed
from app.pages.predict import bring, figures, nearest, visit_form, what_if
from app.pages.predict import steps as rows_of
from app.pages.predict.answer import card, model_card, no_model, probability, reasons
from app.pages.predict.steps import KINDS, Origin, Step, is_number
from app.pages.predict.wording import LABELS
from app.theme import LIGHT, Palette
from lakehouse.errors import LakehouseError
from ml.serving.scorer import Row, Scorer
from ml.serving.visit import NOTHING_KNOWN, Facts, describe

PREFIX = "predict-visit"


def layout(model: Scorer) -> Component:
    """Build the forms, the model, room for the answer, the slider and the visits like it."""
    waiting, known = html.Div(className="card skeleton tall"), html.Div(model_card(model), id="predict-model-room")
    room = html.Div(waiting, id="predict-visit-answer", className="stack", **aria(live="polite"))
    return html.Div(
        [
            html.Div([bring.layout(), visit_form.layout(), known], className="stack span-4"),
            html.Div([room, html.Div(id="predict-nearest"), what_if.layout(model)], className="stack span-8"),
        ],
        className="cards",
    )


def register(app: Dash, context: Callable[[str | None], PageContext]) -> None:
    """Take events in and out, and answer."""
    built: list[Any] = [Input("predict-steps", "data"), Input("predict-origin", "data"), Input("predict-at", "data")]
    built += [Input(f"predict-{name}", "value") for name in ("hour", "weekday", "past")]
    bring.register(app, context)

    @app.callback(
        Output("predict-steps", "data"),
        Output("predict-origin", "data"),
        Output("predict-at", "data"),
        [Input(f"predict-add-{kind}", "n_clicks") for kind in KINDS],
        Input("predict-clear", "n_clicks"),
        Input("predict-forget", "n_clicks", allow_optional=True),
        Input({"type": "predict-remove", "place": ALL}, "n_clicks"),
        Input({"type": "predict-move", "place": ALL, "by": ALL}, "n_clicks"),
        State("predict-steps", "data"),
        State("predict-item", "value"),
        State("predict-category", "value"),
        State("predict-seconds", "value"),
        prevent_initial_call=True,
    )
    def change(_view, _cart, _clear, _forget, _removed, _moved, steps, item, category, seconds):  # type: ignore[no-untyped-def]
        if not ctx.triggered or not ctx.triggered[0]["value"]:  # a row that appears is no click
            return no_update, no_update, no_update
        if ctx.triggered_id == "predict-forget":
            return no_update, None, no_update
        added = rows_of.next_step(item, category, seconds)
        after = rows_of.changed(rows_of.read_steps(steps), ctx.triggered_id, added)
        return [list(each) for each in after], None if ctx.triggered_id == "predict-clear" else no_update, None

    @app.callback(
        Output("predict-told", "children"),
        Output("predict-rows", "children"),
        Output("predict-at-words", "children"),
        [Output(each, "disabled") for each in visit_form.CHOICES],
        Output("predict-visit-answer", "children"),
        *built,
        Input("site-run", "data"),
        State("site-query", "data"),
    )
    def answer_visit(steps, origin, at, hour, weekday, past, _run, query):  # type: ignore[no-untyped-def]
        listed, real = rows_of.read_steps(steps), rows_of.read_origin(origin)
        place = rows_of.read_place(at, len(listed))
        words = f"Event {place} of {len(listed)}" if listed else "No event"
        is_told = [real is not None and real.visitor is not None, real is not None, real is not None]
        cards = answer(context(query), listed, hour, weekday, past, real, place)
        return visit_form.told(real), visit_form.rows(listed, place), words, *is_told, cards

    @app.callback(
        Output("predict-model-room", "children"),
        Input("site-run", "data"),
        State("site-query", "data"),
        prevent_initial_call=True,
    )
    def show_model(_run, query):  # type: ignore[no-untyped-def]
        model = context(query).model
        return model_card(model) if model else None

    @app.callback(Output("predict-nearest", "children"), *built, State("site-query", "data"))
    def show_nearest(steps, origin, at, hour, weekday, past, query):  # type: ignore[no-untyped-def]
        shown = context(query)
        try:
            points = points_upto(shown, steps, origin, at, hour, weekday, past)
        except LakehouseError:
            return None  # the answer says why
        return nearest.shown(shown, points, rows_of.read_origin(origin))

    what_if.register(app, context, built, lambda *choices: points_upto(*choices)[-1])


def points_upto(
    context: PageContext, steps: object, origin: object, at: object, hour: object, weekday: str, past: str
) -> list[Row]:
    """Return the rows of the model for what the browser keeps, up to the event that is looked at.

    Raises:
        LakehouseError: it means no visit (exit codes 2 and 4).
    """
    listed = rows_of.read_steps(steps)
    points = described(context, listed, hour, weekday, past, rows_of.read_origin(origin))
    return points[: rows_of.read_place(at, len(points))]


def answer(
    context: PageContext,
    steps: Sequence[Step],
    hour: object,
    weekday: str,
    past: str,
    origin: Origin | None = None,
    at: int | None = None,
) -> list[Component]:
    """Return the cards for the visit as it stood after an event, the latest unless another is said.

    Where there is none, they say why in a sentence.
    """
    model = context.model
    if model is None:
        return [no_model()]
    try:
        points = described(context, steps, hour, weekday, past, origin)
    except LakehouseError as error:
        invalid = state("This is no visit that can be asked about", error.message, error.remedy)
        waits = data(retry=str(error.retry_after)) if isinstance(error, NotServed) and error.retry_after else {}
        return [html.Section(invalid, className="card", id="predict-visit-invalid", **waits)]
    place = at or len(points)
    point, numbers = points[place - 1], {each.name for each in model.inputs}
    known = {name: value for name, value in point.items() if name in numbers and name in LABELS and is_number(value)}
    return [
        probability(model, point, place, context.palette, PREFIX),
        course(model, points, steps, place, context.palette),
        reasons(model, point, known, context.palette, PREFIX),
    ]


def described(
    context: PageContext,
    steps: Sequence[Step],
    hour: object,
    weekday: str,
    past: str,
    origin: Origin | None = None,
) -> list[Row]:
    """Return the row of the model after each event, by the code that describes visits everywhere.

    Raises:
        LakehouseError: the form holds no visit, or items that are not in memory yet (exit codes 2 and 4).
    """
    shown = context.publication
    day = shown.newest_day if shown and shown.newest_day else datetime.now(UTC).date()
    at = hour if isinstance(hour, int) and 0 <= hour <= 23 else 12
    visit = rows_of.visit_of(steps, at, weekday, past, datetime.combine(day, time(), UTC), origin)
    is_asked = visit.visitor_id is not None or any(
        (each.item_id or 0) >= 0 or each.category_id is not None for each in visit.events
    )
    return list(describe(visit, _facts(context) if is_asked else NOTHING_KNOWN))


def course(model: Scorer, points: Sequence[Row], steps: Sequence[Step], at: int, palette: Palette = LIGHT) -> Component:
    """Show the score after each event, and which one is looked at."""
    chances = model.score(points).tolist()
    names = [f"{number}. {KINDS[step.kind].lower()}" for number, step in enumerate(steps, 1)]
    first, last = wording.percent(chances[0]), wording.percent(chances[-1])
    title = f"From {first} after the first event to {last}" if len(chances) > 1 else f"{first} after the first event"
    rows = [(name, step.words, wording.percent(p)) for name, step, p in zip(names, steps, chances, strict=True)]
    return card(
        title,
        "The chance of a purchase later in the visit, as it stood after each event",
        graph(f"{PREFIX}-course", figures.course(names, chances, at, palette), 220, title),
        f"model {model.version}",
        table(["Event", "Item", "Chance"], rows),
        f"{PREFIX}-events",
    )


def _facts(context: PageContext) -> Facts:
    try:
        return context.lake.served().memory.facts
    except NotServed as error:
        remedy = error.remedy if error.retry_after is None else "the answer comes by itself in some seconds"
        raise NotServed(error.message, remedy, error.retry_after) from error
