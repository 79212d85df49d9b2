"""predict.visit_form — a visit, event by event: fields for the next one, and the rows to step through and change."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.parts import aria, data
from app.pages.predict.steps import DAYS, DEFAULT, KINDS, LONGEST_PAUSE, PASTS, Origin, Step

CHOICES = ("predict-past", "predict-weekday", "predict-hour")


def layout() -> Component:
    """Build the form."""
    add = [
        html.Button(words, type="button", id=f"predict-add-{kind}", className="button") for kind, words in KINDS.items()
    ]
    event = [
        dmc.TextInput(
            id="predict-item", label="Item", description="a letter, or an id of the shop", value="A", size="sm"
        ),
        dmc.TextInput(
            id="predict-category",
            label="Category",
            description="instead of an item, or beside a letter",
            value="",
            size="sm",
        ),
        dmc.NumberInput(
            id="predict-seconds", label="Seconds since the last", value=40, min=0, max=LONGEST_PAUSE, size="sm"
        ),
    ]
    choices = [
        _select("predict-past", "Visitor", PASTS, "new"),
        _select("predict-weekday", "Weekday", dict(zip(DAYS, DAYS, strict=True)), "Wednesday"),
        dmc.NumberInput(id="predict-hour", label="Hour of its start, UTC", value=17, min=0, max=23, size="sm"),
    ]
    return html.Section(
        [
            html.H2("A visit, event by event"),
            html.P("What it did so far; a purchase ends what can be asked.", className="muted"),
            dcc.Store(id="predict-steps", data=[list(each) for each in DEFAULT], storage_type="session"),
            dcc.Store(id="predict-origin", storage_type="session"),
            dcc.Store(id="predict-at"),
            html.Div(id="predict-told"),
            html.Div(id="predict-rows"),
            stepper(),
            html.Div(event, className="fields"),
            html.Div(
                [*add, html.Button("Begin anew", type="button", id="predict-clear", className="button")],
                className="control-row",
            ),
            html.Div(choices, className="fields"),
        ],
        className="card predict-visit",
        id="predict-visit-form",
    )


def stepper() -> Component:
    """Go to the event before or behind; assets/predict.js does, by the arrow keys too."""
    ways = (("previous", "← Previous"), ("next", "Next →"))
    before, behind = [html.Button(words, type="button", className="button", **data(step=way)) for way, words in ways]
    place = html.Span(id="predict-at-words", className="muted", **aria(live="polite"))
    return html.Div(
        [before, place, behind], className="predict-stepper", role="group", **aria(label="Step through the events")
    )


def told(origin: Origin | None) -> list[Component]:
    """Say which visit it is that the rows come from, with a button that forgets it."""
    if origin is None:
        return []
    forget = html.Button(
        "×",
        type="button",
        id="predict-forget",
        className="remove",
        n_clicks=0,
        **aria(label="Forget whose visit it was"),
    )
    return [html.P([html.Span(origin.told), forget], className="predict-origin")]


def rows(steps: Sequence[Step], at: int) -> Component:
    """List the events; each is a button that asks for the score after it, with those that move it or take it out.

    Args:
        steps: the events.
        at: the place, from 1, of the one whose score is shown.
    """
    items = []
    for place, step in enumerate(steps):
        number, after = place + 1, f"after {step.seconds:g} s" if place else "begins"
        words = [html.Strong(KINDS[step.kind]), html.Span(step.words), html.Span(after, className="muted")]
        here = aria(current="step") if number == at else {}
        look = html.Button(words, type="button", className="predict-event", **data(step=str(number)), **here)
        acts = [
            _act("↑", "predict-move", f"Move up event {number}", place == 0, place=place, by=-1),
            _act("↓", "predict-move", f"Move down event {number}", number == len(steps), place=place, by=1),
            _act("×", "predict-remove", f"Take out event {number}", False, place=place),
        ]
        items.append(html.Li([look, *acts]))
    return html.Ol(items, className="predict-steps", **aria(label="Events so far"), **data(at=str(at)))


def _act(words: str, kind: str, label: str, is_disabled: bool, **place: int) -> Component:
    identity: Any = {"type": kind, **place}
    return html.Button(
        words, type="button", className="remove", id=identity, n_clicks=0, disabled=is_disabled, **aria(label=label)
    )


def _select(identity: str, label: str, values: dict[str, str], value: str) -> Component:
    choices = [{"value": each, "label": words} for each, words in values.items()]
    return dmc.Select(id=identity, label=label, data=choices, value=value, allowDeselect=False, size="sm")
