"""components.controls — what writes a parameter into the address, in the browser alone; cards follow the address."""

from collections.abc import Mapping
from typing import Any

import dash_mantine_components as dmc
from dash.development.base_component import Component

from app.components.parts import aria
from app.params import Params


def identity(name: str, kind: str = "value") -> dict[str, str]:
    """Return the id of the control of a parameter; kind `days` holds two days that stand for from..to."""
    return {"type": "param", "name": name, "kind": kind}


def segmented(
    params: Params, name: str, label: str, values: Mapping[str, str] | None = None, **properties: Any
) -> Component:
    """Choose one of few values, all of them in sight."""
    choices = values or params.declared[name].values
    return dmc.SegmentedControl(
        id=identity(name),
        data=[{"value": value, "label": words} for value, words in choices.items()],
        value=params[name],
        size="sm",
        **aria(label=label),
        **properties,
    )


def select(
    params: Params, name: str, label: str, values: Mapping[str, str] | None = None, width: int = 160
) -> Component:
    """Choose one of several values from a list that opens."""
    choices = values if values is not None else params.declared[name].values
    return dmc.Select(
        id=identity(name),
        data=[{"value": value, "label": words} for value, words in choices.items()],
        value=params[name],
        allowDeselect=False,
        checkIconPosition="right",
        size="sm",
        w=width,
        **aria(label=label),
    )


def days(params: Params, name: str) -> Component:
    """Choose two days from a calendar; what it shows is its name."""
    chosen = params[name].split("..") if ".." in params[name] else [None, None]
    return dmc.DatePickerInput(
        id=identity(name, "days"),
        type="range",
        value=chosen,
        valueFormat="D MMM YYYY",
        placeholder="Pick days",
        allowSingleDateInRange=True,
        clearable=False,
        weekendDays=[],
        size="sm",
        w=230,
    )
