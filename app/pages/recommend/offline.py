"""recommend.offline — how often the lists held the next item of visits they had not seen, beside other methods."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from app import wording
from app.charts import bars
from app.components import controls
from app.components.card import Drawn
from app.components.parts import graph, legend, state, table
from app.context import PageContext
from app.params import Param, Params
from app.statistics import Interval
from ml.recommend import serving

PROTOCOLS = {"C": "Discovery", "B": "No repeats", "A": "As they came"}
MEANINGS = {
    "A": "every next item, those seen before too",
    "B": "repeats in a row removed, the item on the screen never shown",
    "C": "only next items that are new to the visit",
}
PROTOCOL = Param("protocol", "C", PROTOCOLS, meaning="which next items count for the offline scores")
FEWEST = 2000  # predictions, for an interval that tells methods apart
COMMAND = "lakehouse recommend evaluate"


def control(params: Params) -> Component:
    """Choose which next items count."""
    return html.Div(controls.segmented(params, "protocol", "Which next items count"), className="control-row")


def scores(context: PageContext) -> Drawn | Component:
    """Show the share of next items that each method's 20 hold, with intervals, or the command that measures it."""
    found = serving.measured(context.lake.settings)
    if found is None:
        why = "How often the lists hold what visits look at next has not been measured on this lake."
        return state("Not measured yet", why, COMMAND, identity="recommend-unmeasured")
    protocol = context.params["protocol"]
    names = list(found["methods"])
    ranked = sorted(names, key=lambda name: -score(found, name, protocol, "hr")["value"])
    intervals = [interval(found, name, protocol, "hr") for name in ranked]
    title = finding(found, protocol)
    number = int(found["methods"][names[0]]["scores"][f"known/{protocol}"]["num"])
    few = " · few predictions, so the intervals are wide" if number < FEWEST else ""
    figure = bars.rates(ranked, intervals, [None] * len(ranked), context.palette.view, context.palette, room=64)
    rows = [
        (name, *[text(found, name, each, figure_) for each in PROTOCOLS for figure_ in ("hr", "mrr")])
        for name in ranked
    ]
    head = ["Method", *[f"{each} {name}" for each in PROTOCOLS for name in ("HR@20", "MRR@20")]]
    return Drawn(
        title,
        f"Share of {wording.count(number)} next items among the 20 shown, {MEANINGS[protocol]}; "
        f"{wording.count(found['num_visits'])} visits after {found['cutoff'][:16].replace('T', ' ')} UTC, "
        f"fit on the {wording.count(found['num_training_visits'])} before{few}",
        graph("recommend-offline-chart", figure, 30 * len(ranked) + 36, title),
        legend(("dot view", "Hit rate with its 95% interval")),
        table(head, rows),
        footer=f"measured on run {found['run_id']} · {COMMAND}",
    )


def finding(found: dict[str, Any], protocol: str) -> str:
    """Say whether what is served beats the strongest rival."""
    gain = found["gains"][f"known/{protocol}"]["hr"]
    served = wording.percent(score(found, next(iter(found["methods"])), protocol, "hr")["value"], 1)
    rival = found.get("rival", "its rival")
    if abs(gain["value"]) <= gain["margin"]:
        return f"The list holds {served} of the next items; no clear difference to {rival}"
    points = f"{abs(gain['value']) * 100:.1f} points {'more' if gain['value'] > 0 else 'fewer'}"
    return f"The list holds {served} of the next items, {points} than {rival}"


def score(found: dict[str, Any], method: str, protocol: str, figure: str) -> dict[str, float]:
    """Return a figure of a method: `value` and `margin`."""
    return dict(found["methods"][method]["scores"][f"known/{protocol}"][figure])


def interval(found: dict[str, Any], method: str, protocol: str, figure: str) -> Interval:
    """Return a figure with its ends."""
    share, number = (
        score(found, method, protocol, figure),
        found["methods"][method]["scores"][f"known/{protocol}"]["num"],
    )
    value, margin = share["value"], share["margin"]
    return Interval(value, max(0.0, value - margin), min(1.0, value + margin), number, round(value * number))


def text(found: dict[str, Any], method: str, protocol: str, figure: str) -> str:
    """Write a figure: .476 ± .019."""
    share = score(found, method, protocol, figure)
    return f"{share['value']:.3f} ± {share['margin']:.3f}"
