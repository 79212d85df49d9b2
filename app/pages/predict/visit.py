"""predict.visit — the answer to a visit that was built event by event: its score after each, and what if."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from typing import TypeGuard

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, html, no_update
from dash.development.base_component import Component

from app import wording
from app.components.parts import aria, graph, state, table
from app.context import PageContext
from app.data.serving import NotServed
from app.pages.predict import figures, visit_form
from app.pages.predict.answer import card, model_card, no_model, probability, reasons
from app.pages.predict.visit_form import KINDS, Step
from app.pages.predict.wording import LABELS, label
from app.theme import LIGHT, Palette
from lakehouse.errors import LakehouseError
from ml.serving.scorer import Row, Scorer
from ml.serving.visit import NOTHING_KNOWN, Facts, describe

PREFIX = "predict-visit"
POINTS = 60  # of the what-if curve
MOVED = ("num_views", "num_adds", "seconds_since_last", "price", "num_earlier_visits", "session_hour")


def layout(model: Scorer) -> Component:
    """Build the form, the model, room for the answer, and the slider."""
    waiting = html.Div(className="card skeleton tall")
    names = [{"value": name, "label": label(name)} for name in MOVED if name in model.input_names]
    choose = dmc.Select(
        id="predict-moved", label="What if", data=names, value=MOVED[0], allowDeselect=False, size="sm", w=220
    )
    slider = dmc.Slider(id="predict-share", value=0, min=0, max=100, label=None, thumbLabel="Share of its range")
    moved = html.Section(
        [html.Div([choose, slider], className="what-if"), html.Div(id="predict-what-if", **aria(live="polite"))],
        className="card",
    )
    room = html.Div(waiting, id="predict-visit-answer", className="stack", **aria(live="polite"))
    return html.Div(
        [
            html.Div([visit_form.layout(), model_card(model)], className="stack span-4"),
            html.Div([room, moved], className="stack span-8"),
        ],
        className="cards",
    )


def register(app: Dash, context: Callable[[str | None], PageContext]) -> None:
    """Take events in and out, and answer."""
    built = [
        Input("predict-steps", "data"),
        Input("predict-hour", "value"),
        Input("predict-weekday", "value"),
        Input("predict-past", "value"),
    ]

    @app.callback(
        Output("predict-steps", "data"),
        [Input(f"predict-add-{kind}", "n_clicks") for kind in KINDS],
        Input("predict-clear", "n_clicks"),
        Input({"type": "predict-remove", "place": ALL}, "n_clicks"),
        State("predict-steps", "data"),
        State("predict-item", "value"),
        State("predict-seconds", "value"),
        prevent_initial_call=True,
    )
    def change(_view, _cart, _clear, _removed, steps, item, seconds):  # type: ignore[no-untyped-def]
        if not ctx.triggered or not ctx.triggered[0]["value"]:  # a row that appears is no click
            return no_update
        return [list(each) for each in visit_form.changed(_steps(steps), ctx.triggered_id, item, seconds)]

    @app.callback(
        Output("predict-rows", "children"),
        Output("predict-visit-answer", "children"),
        *built,
        State("site-query", "data"),
    )
    def answer_visit(steps, hour, weekday, past, query):  # type: ignore[no-untyped-def]
        listed = _steps(steps)
        return visit_form.rows(listed), answer(context(query), listed, hour, weekday, past)

    @app.callback(
        Output("predict-what-if", "children"),
        *built,
        Input("predict-moved", "value"),
        Input("predict-share", "value"),
        State("site-query", "data"),
    )
    def show_what_if(steps, hour, weekday, past, moved, share, query):  # type: ignore[no-untyped-def]
        shown = context(query)
        try:
            points = described(shown, _steps(steps), hour, weekday, past)
        except LakehouseError:
            return None  # the answer says why
        return what_if(shown.model, points[-1], moved, share, shown.palette) if shown.model else None


def answer(context: PageContext, steps: Sequence[Step], hour: object, weekday: str, past: str) -> list[Component]:
    """Return the cards for the visit, or say in a sentence why there is none."""
    model = context.model
    if model is None:
        return [no_model()]
    try:
        points = described(context, steps, hour, weekday, past)
    except LakehouseError as error:
        invalid = state("This is no visit that can be asked about", error.message, error.remedy)
        return [html.Section(invalid, className="card", id="predict-visit-invalid")]
    latest, numbers = points[-1], {each.name for each in model.inputs}
    known = {name: value for name, value in latest.items() if name in numbers and name in LABELS and is_number(value)}
    return [
        probability(model, latest, len(points), context.palette, PREFIX),
        course(model, points, steps, context.palette),
        reasons(model, latest, known, context.palette, PREFIX),
    ]


def described(context: PageContext, steps: Sequence[Step], hour: object, weekday: str, past: str) -> list[Row]:
    """Return the row of the model after each event, by the code that describes visits everywhere.

    Raises:
        LakehouseError: the form holds no visit, or items that are not in memory yet (exit codes 2 and 4).
    """
    shown = context.publication
    day = shown.newest_day if shown and shown.newest_day else datetime.now(UTC).date()
    at = hour if isinstance(hour, int) and 0 <= hour <= 23 else 12
    visit = visit_form.visit_of(steps, at, weekday, past, datetime.combine(day, time(), UTC))
    facts: Facts = NOTHING_KNOWN
    if any((each.item_id or 0) >= 0 for each in visit.events):
        facts = _facts(context)
    return list(describe(visit, facts))


def course(model: Scorer, points: Sequence[Row], steps: Sequence[Step], palette: Palette = LIGHT) -> Component:
    """Show the score after each event."""
    chances = model.score(points).tolist()
    names = [f"{number}. {KINDS[step.kind].lower()}" for number, step in enumerate(steps, 1)]
    first, last = wording.percent(chances[0]), wording.percent(chances[-1])
    title = f"From {first} after the first event to {last}" if len(chances) > 1 else f"{first} after the first event"
    rows = [
        (name, f"item {step.item}", wording.percent(p)) for name, step, p in zip(names, steps, chances, strict=True)
    ]
    return card(
        title,
        "The chance of a purchase later in the visit, as it stood after each event",
        graph(f"{PREFIX}-course", figures.course(names, chances, palette), 220, title),
        f"model {model.version}",
        table(["Event", "Item", "Chance"], rows),
        f"{PREFIX}-events",
    )


def what_if(model: Scorer, point: Row, moved: str, share: float, palette: Palette = LIGHT) -> Component:
    """Draw the chance over the range that the training held of one input, all others as they are.

    Args:
        model: the model.
        point: the decision point.
        moved: the input.
        share: where in its range the slider stands, 0 to 100; at 0 where the visit is.
        palette: the colours.
    """
    known = next(each for each in model.inputs if each.name == moved)
    values = [known.low + (known.high - known.low) * place / (POINTS - 1) for place in range(POINTS)]
    chances = model.score([{**point, moved: value} for value in values]).tolist()
    now = float(model.score([point])[0])
    given = point.get(moved)
    here = known.low + (known.high - known.low) * share / 100 if share else given
    if here is None:
        return html.P(f"Of {label(moved).lower()} nothing is known here; move the slider.", className="muted")
    chance = float(model.score([{**point, moved: here}])[0])
    title = (
        f"{label(moved)} at {here:,.4g}: {wording.percent(chance)}, {wording.percent(now)} as it is"
        if share
        else f"{label(moved)} is {here:,.4g}: move the slider to see what another value would change"
    )
    drawn = figures.what_if(values, chances, float(here), chance, palette)
    caption = html.Figcaption(
        [html.H2(title), html.P("All else as it is; the range is the training's", className="muted")]
    )
    return html.Figure([caption, graph(f"{PREFIX}-curve", drawn, 200, title)])


def _steps(data: object) -> list[Step]:
    """Read what the browser kept; nothing of it is trusted."""
    found = []
    for each in data if isinstance(data, list) else []:
        if isinstance(each, list) and len(each) == 3 and each[0] in KINDS and is_number(each[2]):
            found.append(Step(str(each[0]), str(each[1]), float(each[2])))
    return found


def _facts(context: PageContext) -> Facts:
    try:
        return context.lake.served().memory.facts
    except NotServed as error:
        remedy = error.remedy if error.retry_after is None else "change the visit in some seconds to ask again"
        raise NotServed(error.message, remedy, error.retry_after) from error


def is_number(value: object) -> TypeGuard[float]:
    """Say whether a value is a number, and no truth."""
    return isinstance(value, int | float) and not isinstance(value, bool)
