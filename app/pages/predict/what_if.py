"""predict.what_if — the score over the range of one input; the server draws it once, the browser moves along it."""

from collections.abc import Callable
from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from app import wording
from app.components.parts import aria, graph
from app.context import PageContext
from app.pages.predict import figures
from app.pages.predict.wording import label
from app.theme import LIGHT, Palette
from lakehouse.errors import LakehouseError
from ml.serving.scorer import Row, Scorer

PLACES = 101  # of the slider, and points of the curve
MOVED = ("num_views", "num_adds", "seconds_since_last", "price", "num_earlier_visits", "session_hour")
CURVE = "predict-visit-curve"


def layout(model: Scorer) -> Component:
    """Build the choice of the input, its slider, and room for the curve."""
    names = [{"value": name, "label": label(name)} for name in MOVED if name in model.input_names]
    choose = dmc.Select(
        id="predict-moved", label="What if", data=names, value=MOVED[0], allowDeselect=False, size="sm", w=220
    )
    slider = dmc.Slider(
        id="predict-share",
        value=0,
        min=0,
        max=PLACES - 1,
        label=None,
        thumbLabel="Share of its range",
        updatemode="drag",
    )
    drawn = html.Figure(
        [
            html.Figcaption(
                [
                    html.H2(id="predict-what-if-title", **aria(live="polite")),
                    html.P("All else as it is; the range is the training's", className="muted"),
                ]
            ),
            html.Div(id="predict-what-if-curve"),
        ],
        id="predict-what-if",
    )
    kept = dcc.Store(id="predict-curve")
    return html.Section([html.Div([choose, slider], className="what-if"), kept, drawn], className="card")


def register(
    app: Dash, context: Callable[[str | None], PageContext], built: list[Any], point_of: Callable[..., Row]
) -> None:
    """Draw the curve when the visit or the input changes; let the browser answer the slider from it.

    Args:
        app: the app.
        context: of a query string.
        built: the inputs that say what the visit is.
        point_of: the decision point of a context and of the values of `built`.
    """

    @app.callback(
        Output("predict-curve", "data"),
        Output("predict-what-if-curve", "children"),
        Output("predict-share", "value"),
        *built,
        Input("predict-moved", "value"),
        State("site-query", "data"),
    )
    def show_what_if(*values):  # type: ignore[no-untyped-def]
        *of_visit, moved, query = values
        shown = context(query)
        try:
            point = point_of(shown, *of_visit)
        except LakehouseError:
            return None, None, 0  # the answer says why
        if shown.model is None:
            return None, None, 0
        found = curve(shown.model, point, moved)
        return found, drawn(found, shown.palette), found["own"]

    in_browser: Any = app.clientside_callback
    in_browser(
        ClientsideFunction("predict", "moveAlong"),
        Output("predict-what-if-title", "children"),
        Input("predict-share", "value"),
        Input("predict-curve", "data"),
    )


def curve(model: Scorer, point: Row, moved: str) -> dict[str, Any]:
    """Return the chance over the range that the training held of one input, all others as they are.

    Args:
        model: the model.
        point: the decision point.
        moved: the input.

    Returns:
        `values`, `chances` and `titles` by place of the slider; `own`, the place nearest to where the visit is, and
        `here`, [value, chance, title] of the visit itself.
    """
    known = next(each for each in model.inputs if each.name == moved)
    values = [known.low + (known.high - known.low) * place / (PLACES - 1) for place in range(PLACES)]
    chances = model.score([{**point, moved: value} for value in values]).tolist()
    now, given = float(model.score([point])[0]), point.get(moved)
    is_told = wording.percent(now)
    titles = [
        f"{label(moved)} at {value:,.4g}: {wording.percent(chance)}, {is_told} as it is"
        for value, chance in zip(values, chances, strict=True)
    ]
    width = known.high - known.low
    if given is None:
        title = f"Of {label(moved).lower()} nothing is known here; move the slider"
        return {"values": values, "chances": chances, "titles": titles, "own": 0, "here": [None, None, title]}
    own = round((PLACES - 1) * min(1.0, max(0.0, (given - known.low) / width))) if width else 0
    title = f"{label(moved)} is {given:,.4g}: move the slider to see what another value would change"
    return {"values": values, "chances": chances, "titles": titles, "own": own, "here": [float(given), now, title]}


def drawn(found: dict[str, Any], palette: Palette = LIGHT) -> Component:
    """Draw the curve with a mark where the visit is; the browser moves it."""
    here, chance, title = found["here"]
    figure = figures.what_if(found["values"], found["chances"], here, chance, palette)
    return graph(CURVE, figure, 200, title)
