"""predict.four_numbers — the brief's four numbers of a visit: by the model that serves, and by the brief's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html
from dash.development.base_component import Component

from app import wording
from app.components.parts import aria, facts, state
from app.context import PageContext
from app.pages.predict.answer import card, no_model, probability, reasons
from app.theme import LIGHT, Palette
from ml.serving.form import describe
from ml.serving.scorer import Scorer

GREATEST = 1_000


@dataclass(frozen=True)
class Field:
    """One number of the form."""

    name: str
    label: str
    hint: str
    default: int
    low: int
    high: int


FIELDS = (
    Field("num_views", "Views", "item pages seen", 4, 0, GREATEST),
    Field("num_adds", "Items put into the cart", "additions so far, before any purchase", 1, 0, GREATEST),
    Field("distinct_products", "Different items", "at most views and additions together", 3, 1, 2 * GREATEST),
    Field("session_hour", "Hour of the visit's start", "0 to 23, UTC", 17, 0, 23),
)


def layout() -> Component:
    """Build the form, and room for the answer."""
    waiting = html.Div(className="card skeleton tall")
    room = html.Div(waiting, id="predict-answer", className="stack span-8", **aria(live="polite"))
    return html.Div([html.Div(form(), className="stack span-4"), room], className="cards")


def register(app: Dash, context: Callable[[str | None], PageContext]) -> None:
    """Score the form whenever a number of it changes."""

    @app.callback(
        Output("predict-answer", "children"),
        [Output(f"predict-{field.name}", "error") for field in FIELDS],
        [Input(f"predict-{field.name}", "value") for field in FIELDS],
        State("site-query", "data"),
    )
    def predict(views, adds, products, hour, query):  # type: ignore[no-untyped-def]
        shown = context(query)
        cards, problems = answer(shown.model, (views, adds, products, hour), shown.palette)
        return [cards, *problems]


def answer(
    model: Scorer | None, values: tuple[object, ...], palette: Palette = LIGHT
) -> tuple[list[Component], list[str | None]]:
    """Return the cards for the form's values, and for each field what is wrong with it."""
    row, problems = validate(values)
    if model is None:
        return [no_model()], problems
    if any(problems):
        why = "The answer comes back as soon as the numbers fit together."
        invalid = state("These numbers describe no visit", why, identity="predict-invalid")
        return [html.Section(invalid, className="card")], problems
    point = describe(model, **row)
    beside = [brief(model, row)] if "brief" in model.document else []
    return [
        probability(model, point, row["num_views"] + row["num_adds"], palette),
        *beside,
        reasons(model, point, row, palette),
    ], problems


def brief(model: Scorer, row: Mapping[str, int]) -> Component:
    """Say what the brief's own model makes of the four numbers, with its caveat."""
    known = model.document["brief"]
    pairs = zip(known["features"], known["coefficients"], strict=True)
    terms = [(name, weight * row[name]) for name, weight in pairs]
    chance = 1 / (1 + exp(-(known["intercept"] + sum(value for _, value in terms))))
    names = {field.name: field.label for field in FIELDS}
    told = [(names[name], f"{wording.signed(value, 3)} log-odds") for name, value in terms]
    return card(
        f"By the brief's model: {wording.percent(chance)}",
        "Four features of a whole visit before its purchase; reported beside the model that serves",
        [html.P(known["caveat"], className="muted note"), facts([("Intercept", f"{known['intercept']:.3f}"), *told])],
        f"model {model.version} · the brief's logistic regression",
        None,
        "predict-brief",
    )


def validate(values: tuple[object, ...]) -> tuple[dict[str, int], list[str | None]]:
    """Read the form: the numbers by name, and a sentence or None for each field."""
    row: dict[str, int] = {}
    problems: dict[str, str | None] = {field.name: None for field in FIELDS}
    for field, value in zip(FIELDS, values, strict=True):
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            problems[field.name] = "A whole number is needed"
        elif not field.low <= value <= field.high:
            problems[field.name] = f"From {field.low:,} to {field.high:,}"
        else:
            row[field.name] = int(value)
    if not any(problems.values()):
        events = row["num_views"] + row["num_adds"]
        if events == 0:
            problems["num_views"] = "A visit has a view or an item in the cart"
        elif row["distinct_products"] > events:
            problems["distinct_products"] = f"{events:,} views and additions hold at most {events:,} different items"
    return row, list(problems.values())


def form() -> Component:
    """Ask for the four numbers."""
    inputs = [
        dmc.NumberInput(
            id=f"predict-{field.name}",
            label=field.label,
            description=field.hint,
            value=field.default,
            min=field.low,
            max=field.high,
            allowDecimal=False,
            allowNegative=False,
            clampBehavior="none",
            debounce=300,
            size="sm",
            persistence="predict",
            persistence_type="session",
        )
        for field in FIELDS
    ]
    note = "Only what comes before the first purchase counts; what is not asked for is typical."
    return html.Section(
        [html.H2("A visit so far"), html.P(note, className="muted"), html.Div(inputs, className="fields")],
        id="predict-form",
        className="card",
    )
