"""model.page — which model serves and why it may: its gates, its figures beside simpler ones, its weeks since."""

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components import controls
from app.components.card import Card
from app.pages import Page
from app.pages.model import curves, queries, registered
from app.params import Param, Params
from ml.intent.evaluation.slices import POINTS

AFTER = Param(
    "after",
    "all",
    {"all": "All points", **{str(k): f"{k} event{wording.plural(k)}" for k in POINTS}},
    meaning="events of the visit so far at which the model is measured",
)
MONITORED = ("ml.prediction_quality", "ml.feature_drift")
PREDICTED = ("ml.predictions",)


def after_control(params: Params) -> Component:
    """Choose after how many events the model is measured."""
    return html.Div(controls.segmented(params, "after", "Events so far"), className="control-row")


page = Page(
    path="/model",
    name="Model",
    group="Model",
    icon="model",
    about="Which model serves, what the gates said of it, and how it holds",
    params=(AFTER,),
    place=60,
    filters=(),
    cards=(
        Card("versions", registered.versions, params=(), columns=7, height=300, needs_data=False, of_model=True),
        Card("weeks", curves.weeks, MONITORED, (), 5, 300, queries.weeks, of_model=True),
        Card(
            "compared",
            registered.compared,
            params=("after",),
            height=360,
            controls=after_control,
            needs_data=False,
            of_model=True,
        ),
        Card("roc", curves.roc, PREDICTED, (), 4, 320, queries.scores, of_model=True),
        Card("precision", curves.precision, PREDICTED, (), 4, 320, queries.scores, of_model=True),
        Card("calibration", curves.calibration, PREDICTED, (), 4, 320, queries.calibration, of_model=True),
        Card("drift", curves.drifted, MONITORED[::-1], (), 12, 420, queries.drift, of_model=True),
        Card("gates", registered.gates, params=(), columns=7, height=420, needs_data=False, of_model=True),
        Card("terms", registered.terms, params=(), columns=5, height=420, needs_data=False, of_model=True),
        Card("slices", registered.slices, params=(), height=320, needs_data=False, of_model=True),
    ),
)
