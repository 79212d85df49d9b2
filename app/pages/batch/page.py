"""batch.page — score a segment of the lake or a CSV file in a job, and look at what came of it."""

import json
from collections.abc import Callable

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from app import wording
from app.components import controls
from app.components.parts import aria, data, state
from app.context import PageContext
from app.jobs import owner
from app.jobs.kinds.score_visits import NAMES
from app.jobs.store import DONE, Job
from app.pages import Page
from app.pages.batch import result
from app.params import Param
from lakehouse.bounds import size_in_bytes
from lakehouse.errors import LakehouseError
from lakehouse.lake import open_lake
from ml.serving.batch import segment

AMOUNT = r"[0-9]{1,9}(?:\.[0-9]{1,4})?"
PARAMS = (
    Param("job", "", pattern=r"[0-9a-f]{32}", meaning="the job whose result is shown; empty is none"),
    Param("value", "50", pattern=AMOUNT, meaning="what a purchase is worth"),
    Param("cost", "1", pattern=AMOUNT, meaning="what a contact costs"),
    Param(
        "point",
        "latest",
        {
            "latest": "Each visit's latest",
            "1": "1 event",
            "2": "2 events",
            "3": "3 events",
            "5": "5 events",
            "10": "10 events",
        },
        meaning="after how many events visits are scored; latest is as many of 1, 2, 3, 5, 10 as each holds",
    ),
)
COLUMNS = "num_views, num_adds, distinct_products, session_hour"
EVENTS = "timestamp, visitorid, event, itemid, transactionid"


def layout(context: PageContext) -> Component:
    """Build the page: what can be scored, what a contact is worth, and room for the result."""
    if context.model is None:
        why = "Once a model is trained and registered as champion, it scores segments of the lake and files here."
        empty = state(
            "No model is registered yet", why, "lakehouse ml train promote --bootstrap", identity="batch-empty"
        )
        return html.Div(html.Section(empty, className="card span-12"), className="cards")
    hidden = dcc.Input(id=controls.identity("job"), type="hidden", value=context.params["job"])
    waiting = html.Div(id="batch-job", className="span-12", **data(chosen=context.params["job"]))
    parts = [hidden, dcc.Store(id="batch-told"), _segment_card(context), _file_card(context), _worth(context)]
    return html.Div([*parts, waiting, html.Div(id="batch-result", **aria(live="polite"))], className="cards")


def register(app: Dash, context: Callable[[str | None], PageContext]) -> None:
    """Say which visits are meant as the header's filters change, and draw the result once there is one."""

    @app.callback(Output("batch-meant", "children"), Input("site-query", "data"), Input("site-run", "data"))
    def say_which(query, _run):  # type: ignore[no-untyped-def]
        return meant(context(query))

    @app.callback(
        Output("batch-result", "children"),
        Output("batch-job", "data-chosen"),
        Input("site-query", "data"),
        Input("batch-told", "data"),
        State("site-path", "data"),
    )
    def show_result(query, _told, _path):  # type: ignore[no-untyped-def]
        shown = context(query)
        return shown_result(shown, chosen(shown)), shown.params["job"]


def chosen(context: PageContext) -> Job | None:
    """Return the job that the address names, if it is this browser's."""
    desk, identity = context.desk, context.params["job"]
    name = owner.current(desk.root) if desk else ""
    return desk.store.get(identity, name) if desk and name and identity else None


def shown_result(context: PageContext, job: Job | None) -> list[Component]:
    """Show what came of a job; until it is done, the browser's own code shows how it stands."""
    if not context.params["job"]:
        why = "Choose visits of the lake or a file above. The result stands here and can be downloaded."
        return [html.Section(state("Nothing is scored yet", why, identity="batch-nothing"), className="card span-12")]
    if job is None or job.kind not in ("score-file", "score-visits"):
        why = "It was removed, it is older than results are kept, or another browser asked for it."
        gone = state("There is no such result", why, "score again", identity="batch-gone")
        return [html.Section(gone, className="card span-12")]
    if job.state != DONE:
        return []
    value, cost = float(context.params["value"]), float(context.params["cost"])
    version = context.model.version if context.model else None
    return result.cards(job, value, cost, version, context.palette)


def meant(context: PageContext) -> list[Component]:
    """Say which visits of the lake are meant, with the button that scores them; or why there are none."""
    model, publication = context.model, context.publication
    if model is None or publication is None or publication.first_day is None:
        return [
            state(
                "Nothing is published yet",
                "Land files and run the pipeline; then its visits can be scored.",
                "lakehouse run",
            )
        ]
    try:
        number = segment.count(open_lake(context.lake.settings), model)
    except LakehouseError as error:
        return [state("The predictions cannot be read", error.message, error.remedy, kind="failed")]
    if not number:
        why = (
            f"Model version {model.version} has not scored this lake. That takes the lake's lock, and may wait for it."
        )
        score = html.Button("Score every visit", type="button", className="button primary", **data(submit="score-lake"))
        return [state("There are no predictions yet", why, "lakehouse ml score"), score]
    period, visitors = context.window.current, context.params["segment"]
    given = {"start": str(period.start), "end": str(period.end), "visitors": visitors, "point": context.params["point"]}
    words = f"{NAMES[visitors].capitalize()} that began {wording.span(period)}, UTC. Their predictions are published."
    button = html.Button(
        "Score these visits",
        id="batch-visits",
        type="button",
        className="button primary",
        **data(submit="score-visits", given=json.dumps(given)),
    )
    return [html.P(words), button]


def _segment_card(context: PageContext) -> Component:
    note = html.P("Days and visitors are those of the filters above", className="muted")
    point = [
        html.Span("Scored after", className="muted"),
        controls.select(context.params, "point", "Scored after", width=190),
    ]
    waiting = html.Div(className="skeleton", style={"minHeight": "82px"})
    parts = [html.Div(point, className="control-row"), html.Div(waiting, id="batch-meant", className="choice")]
    return html.Section(
        [html.H2("Visits of this lake"), note, html.Div(parts, className="choice")], className="card span-6"
    )


def _file_card(context: PageContext) -> Component:
    most = size_in_bytes(context.lake.settings.jobs.upload)
    picker = html.Div(
        id="batch-picker", **data(most=str(most))
    )  # Dash has no field for a file: assets/jobs.js makes it
    send = html.Button("Upload and score", id="batch-upload", type="button", className="button primary")
    stop = html.Button("Stop sending", id="batch-stop", type="button", className="button", hidden=True)
    told = html.P("", id="batch-sent", role="status", className="muted")
    forms = [
        html.P(["One line for a visit, with ", html.Code(COLUMNS), " and, if known, further inputs of the model."]),
        html.P(["Or raw events, ", html.Code(EVENTS), ": they are cut into visits as the lake does it."]),
    ]
    parts = [*forms, picker, html.Div([send, stop], className="control-row"), told]
    note = html.P(f"Up to {most / 2**30:,.2g} GB. The lake stays as it is.", className="muted")
    return html.Section([html.H2("A CSV file"), note, html.Div(parts, className="choice")], className="card span-6")


def _worth(context: PageContext) -> Component:
    fields = [
        dmc.NumberInput(
            id=controls.identity(name),
            label=label,
            value=float(context.params[name]),
            min=0,
            allowNegative=False,
            decimalScale=4,
            debounce=400,
            size="sm",
        )
        for name, label in (("value", "Value of a purchase"), ("cost", "Cost of a contact"))
    ]
    note = html.P("In any one currency; the threshold of a result follows them", className="muted")
    return html.Section(
        [html.H2("What a contact is worth"), note, html.Div(fields, className="worth")], className="card span-12"
    )


page = Page(
    path="/batch",
    name="Batch scoring",
    group="Model",
    icon="batch",
    about="The chance of a purchase of many visits at once: a segment of the lake, or a file",
    place=60,
    params=PARAMS,
    filters=("range", "segment"),
    content=layout,
    register=register,
)
