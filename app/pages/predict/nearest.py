"""predict.nearest — the real visits that the model finds most like this one, and how they ended."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from typing import Any

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components.parts import aria, scrolling, table
from app.context import PageContext
from app.pages.predict.answer import card
from app.pages.predict.real_visits import name_of
from app.pages.predict.steps import Origin
from lakehouse.errors import LakehouseError
from ml.intent.evaluation.slices import POINTS
from ml.serving.scorer import Row, Scorer
from ml.serving.sql_expression import distance

NUMBER = 5
DAYS = 28  # whole ones, up to the newest
ENDS_AFTER = timedelta(minutes=30)  # without an event
TABLE = "gold.intent_examples"


def shown(context: PageContext, points: Sequence[Row], origin: Origin | None) -> list[Component]:
    """Show the visits nearest to the latest decision point of a visit; nothing where they cannot be asked for.

    Args:
        context: whose publication and model.
        points: the visit's rows of the model, up to the event that is looked at.
        origin: the visit itself, if it took place: it is not like itself.
    """
    model, publication = context.model, context.publication
    if model is None or publication is None or publication.last_day is None or TABLE not in publication.keys:
        return []
    events = max(each for each in POINTS if each <= len(points))
    since = publication.last_day - (DAYS - 1) * timedelta(days=1)
    try:
        rows = ask(context, model, points[events - 1], events, since, publication.last_day, origin)
    except LakehouseError as error:
        return [html.Section([html.H2("Visits like it"), html.P(error.message, className="muted")], className="card")]
    return [_card(rows, events, since, publication.last_day, publication.versions[TABLE])] if rows else []


def ask(
    context: PageContext, model: Scorer, point: Row, events: int, since: date, until: date, origin: Origin | None
) -> list[dict[str, Any]]:
    """Return the nearest visits, those nearest first, of equal distance the newest.

    Args:
        context: whose publication.
        model: in whose scale.
        point: the decision point.
        events: after which it was, one of those that gold.intent_examples has.
        since: first day on which they began.
        until: last day.
        origin: a visit that is left out.
    """
    values = {each.name: point.get(each.name) for each in model.inputs}
    numbers = {name: float("nan") if value is None else float(value) for name, value in values.items()}
    sql = f"""
            SELECT visitor_id, epoch_ms(started_at) AS start, epoch_ms(decided_at) AS decided,
                   epoch_ms(ended_at) AS ended, num_views, num_adds, distinct_products, label,
                   {distance(model.document, numbers.__getitem__)} AS distance
            FROM {TABLE}
            WHERE decision_point = $events AND session_date BETWEEN $since AND $until AND ended_at < $ended
              AND NOT (visitor_id = $visitor AND epoch_ms(started_at) = $start)
            ORDER BY distance, started_at DESC, visitor_id LIMIT {NUMBER}"""
    left_out = (origin.visitor, origin.start) if origin and origin.visitor is not None else (-1, 0)
    return context.published.rows(
        sql,
        events=events,
        since=since,
        until=until,
        ended=datetime.combine(until, time(), UTC) + timedelta(days=1) - ENDS_AFTER,
        visitor=left_out[0],
        start=left_out[1],
    )


def _card(rows: Sequence[dict[str, Any]], events: int, since: date, until: date, version: int) -> Component:
    bought = sum(row["label"] for row in rows)
    after = f"{events} event{wording.plural(events)}"
    number = f"{bought or 'None'} of the {len(rows)} visits most like it"
    cells = [
        (
            _began(row["start"]),
            f"{row['num_views']}",
            f"{row['num_adds']}",
            f"{row['distinct_products']}",
            _ended(row),
            f"{row['distance']:.2f}" if isfinite(row["distance"]) else "–",
            _step_through(row),
        )
        for row in rows
    ]
    head = ["Began, UTC", "Views", "In the cart", "Items", "Then", "Distance", ""]
    return card(
        f"{number} bought",
        f"Real visits of {wording.short_day(since)} – {wording.day(until)} after {after}, and what came then",
        scrolling(table(head, cells), "Visits most like it"),
        f"{TABLE} · v{version} · distance in log-odds, each term as the model weighs it",
        None,
        "predict-like",
    )


def _began(start: int) -> str:
    began = datetime.fromtimestamp(start / 1000, UTC)
    return f"{wording.short_day(began)} {began:%H:%M}"


def _ended(row: dict[str, Any]) -> str:
    if row["label"]:
        return "bought"
    rest = (row["ended"] - row["decided"]) / 1000
    return f"left after {wording.duration(rest)}" if rest else "left at once"


def _step_through(row: dict[str, Any]) -> Component:
    identity: Any = {"type": "predict-take", "visit": name_of(row["visitor_id"], row["start"])}
    label = f"Open the visit of visitor {row['visitor_id']} that began {_began(row['start'])}"
    return html.Button("Open", type="button", className="chip", id=identity, n_clicks=0, **aria(label=label))
