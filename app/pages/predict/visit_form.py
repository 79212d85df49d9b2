"""predict.visit_form — a visit, event by event: what the form holds, and the events that it means."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from string import ascii_uppercase
from typing import Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.parts import aria
from lakehouse.errors import Exit, LakehouseError
from ml.serving.visit import NEW_VISITOR, Event, Past, Visit

KINDS = {"view": "View", "addtocart": "Add to the cart"}
PASTS = {"new": "New visitor", "returning": "Came before", "buyer": "Bought before"}
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY = timedelta(days=1)
LONGEST_PAUSE = 1800  # seconds
MOST_EVENTS = 40  # that the form takes


class Step(NamedTuple):
    """A row of the form: kind, item (a letter of an item the shop does not have, or an id), seconds since the last."""

    kind: str
    item: str
    seconds: float


DEFAULT = [Step("view", "A", 0), Step("view", "B", 40), Step("addtocart", "B", 25)]


def visit_of(steps: Sequence[Step], hour: int, weekday: str, past: str, newest: datetime) -> Visit:
    """Return the visit that the form means: its start is the newest such hour of such a weekday in the data.

    Args:
        steps: the rows.
        hour: UTC, 0 to 23.
        weekday: one of DAYS.
        past: one of PASTS.
        newest: of the data, UTC.

    Raises:
        LakehouseError: an item is neither a letter nor an id, or a pause ends the visit (exit code 2).
    """
    day = newest.date() - DAY * ((newest.weekday() - DAYS.index(weekday)) % 7)
    millis = int(datetime.combine(day, time(hour), UTC).timestamp() * 1000)
    began, events = millis, []
    for number, step in enumerate(steps, 1):
        if not 0 <= step.seconds <= LONGEST_PAUSE:
            message = f"Event {number} comes {step.seconds:g} s after the one before; from 0 to {LONGEST_PAUSE:,} s."
            raise LakehouseError(message, "a longer pause begins another visit", Exit.USAGE)
        millis += round(step.seconds * 1000) if number > 1 else 0
        events.append(Event(step.kind, millis, item_of(step.item)))
    yesterday = began - 86_400_000
    pasts = {"returning": Past(1, 0, 0, yesterday), "buyer": Past(1, 1, 1, yesterday)}
    return Visit(events, pasts.get(past, NEW_VISITOR))


def item_of(text: str) -> int:
    """Return the item that a reader names: a letter is one that the shop does not have, -1 for A; else an id.

    Raises:
        LakehouseError: it is neither (exit code 2).
    """
    word = str(text).strip().upper()
    if len(word) == 1 and word in ascii_uppercase:
        return -1 - ascii_uppercase.index(word)
    if word.isascii() and word.isdigit() and len(word) <= 18:
        return int(word)
    remedy = "name an id of the shop, or a letter for an item it does not have"
    raise LakehouseError(f"{text!r} is no item.", remedy, Exit.USAGE)


def layout() -> Component:
    """Build the form."""
    add = [
        html.Button(words, type="button", id=f"predict-add-{kind}", className="button") for kind, words in KINDS.items()
    ]
    event = [
        dmc.TextInput(
            id="predict-item", label="Item", description="a letter, or an id of the shop", value="A", size="sm"
        ),
        dmc.NumberInput(
            id="predict-seconds", label="Seconds since the last", value=40, min=0, max=LONGEST_PAUSE, size="sm"
        ),
    ]
    choices = [
        dmc.Select(
            id="predict-past", label="Visitor", data=_choices(PASTS), value="new", allowDeselect=False, size="sm"
        ),
        dmc.Select(
            id="predict-weekday",
            label="Weekday",
            data=_choices(dict(zip(DAYS, DAYS, strict=True))),
            value="Wednesday",
            allowDeselect=False,
            size="sm",
        ),
        dmc.NumberInput(id="predict-hour", label="Hour of its start, UTC", value=17, min=0, max=23, size="sm"),
    ]
    return html.Section(
        [
            html.H2("A visit, event by event"),
            html.P("What it did so far; a purchase ends what can be asked.", className="muted"),
            dcc.Store(id="predict-steps", data=[list(each) for each in DEFAULT], storage_type="session"),
            html.Div(id="predict-rows"),
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


def rows(steps: Sequence[Step]) -> Component:
    """List the events, each with a button that takes it out."""
    items = []
    for place, step in enumerate(steps):
        label = aria(label=f"Take out event {place + 1}")
        identity: Any = {"type": "predict-remove", "place": place}
        remove = html.Button("×", type="button", className="remove", id=identity, n_clicks=0, **label)
        after = f"after {step.seconds:g} s" if place else "begins"
        words = [html.Strong(KINDS[step.kind]), html.Span(f"item {step.item}"), html.Span(after, className="muted")]
        items.append(html.Li([*words, remove]))
    return html.Ol(items, className="predict-steps", **aria(label="Events so far"))


def changed(steps: Sequence[Step], act: Any, item: str, seconds: object) -> list[Step]:
    """Return the rows after a click.

    Args:
        steps: the rows before it.
        act: the id of what was clicked.
        item: what the field for the next item holds.
        seconds: what the field for its pause holds.
    """
    if isinstance(act, dict):
        return [each for place, each in enumerate(steps) if place != act["place"]]
    if act == "predict-clear":
        return []
    kind = str(act).removeprefix("predict-add-")
    pause = float(seconds) if isinstance(seconds, int | float) else 0.0
    return [*steps, Step(kind, str(item).strip().upper() or "A", pause)][:MOST_EVENTS]


def _choices(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "label": words} for value, words in values.items()]
