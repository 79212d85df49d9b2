"""batch.result — what came of a scoring: in figures, as a table of the visits to contact, and to download."""

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components.grid import Column, grid
from app.components.parts import address, graph, legend, scrolling, state, table
from app.jobs.store import Job
from app.pages.batch import figures, numbers
from app.pages.predict.wording import label
from app.theme import Palette

PROBABILITY = "probability"
LEFT_OUT = ("model_version", "is_flagged", "session_id", "scored_at", "session_date", "decided_at")
NAMES = {"session_id": "Visit", "visitor_id": "Visitor", "started_at": "Started, UTC", "decision_point": "Events"}
NAMES |= {PROBABILITY: "Probability", "label": "Bought", "part": "Part of the time"}
MOST_COLUMNS = 8
MOST_CHARACTERS = 60  # of a cell
INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T")
FORMATS = {"scored.csv": "CSV", "scored.parquet": "Parquet", "rejected.csv": "Rejected lines"}


def cards(job: Job, value: float, cost: float, champion: int | None, palette: Palette) -> list[Component]:
    """Build the cards of a scoring that is done.

    Args:
        job: with `result` as `ml.serving.batch.scoring` returns it.
        value: of a purchase.
        cost: of a contact.
        champion: the version that serves now.
        palette: the colours of charts.
    """
    summary = job.result["summary"]
    everything, judged = numbers.of(summary["all"]), numbers.of(summary["judged"])
    earned = numbers.profit(everything, judged, value, cost)
    found = [
        head(job, champion),
        distribution(job, everything, palette),
        profit(job, earned, everything, judged, palette),
    ]
    if judged.num_bought:
        found += [gain(job, judged, palette), calibration(job, judged, palette)]
    return [*found, flagged(job, earned, everything)]


def head(job: Job, champion: int | None) -> Component:
    """Say what was scored by which model, and offer the files."""
    rows, rejected = job.result["rows"], job.result["rejected"]
    words = f"{wording.count(rows)} rows scored by model version {job.result['model_version']}"
    notes = [job.title]
    if champion != job.result["model_version"]:
        notes.append(f"the champion is version {champion} by now")
    if rejected:
        first = job.result["first_rejected"][0]
        notes.append(f"{wording.count(rejected)} lines rejected; line {first['line']}: {first['reason']}")
    assumed = job.result.get("assumed", [])
    if assumed:
        told = ", ".join(label(name).lower() for name in assumed)
        notes.append(f"{len(assumed)} inputs that no column tells follow from the four, or are typical: {told}")
    links = [
        html.A(
            f"Download {words_}", href=address(f"/api/v1/jobs/{job.id}/files/{name}"), className="button", download=name
        )
        for name, words_ in FORMATS.items()
        if name in job.result["files"]
    ]
    return html.Section(
        [
            html.H2(words),
            html.P(" · ".join(notes), className="muted"),
            html.Div(links, className="downloads"),
        ],
        id="batch-head",
        className="card span-12",
    )


def distribution(job: Job, everything: numbers.Scores, palette: Palette) -> Component:
    """Show how the scores are spread."""
    rows = numbers.distribution(everything)
    top = max(rows, key=lambda each: each[1])
    mean = everything.promised.sum() / everything.num_points
    title = f"{wording.percent(top[1] / everything.num_points)} of the rows score {top[0]}"
    subtitle = f"Rows by probability of a purchase; together they promise {wording.percent(mean)}"
    lines = [(name, wording.count(number), wording.percent(number / everything.num_points)) for name, number in rows]
    chart = graph("batch-distribution-chart", figures.distribution(rows, palette), 300, title)
    return _card(
        "distribution", 6, title, subtitle, chart, _source(job), table(["Probability", "Rows", "Of all"], lines)
    )


def profit(
    job: Job, earned: numbers.Profit, everything: numbers.Scores, judged: numbers.Scores, palette: Palette
) -> Component:
    """Show where a contact stops to pay."""
    number = numbers.num_from(everything, earned.threshold)
    if earned.threshold > 1:
        title = "No contact pays at this value and cost"
    else:
        rows = f"{wording.count(number)} row{wording.plural(number)}"
        least = wording.percent(earned.threshold)
        title = f"Contact the {rows} at {least} or more: that earns {earned.best:,.1f} per 1,000 rows"
    if earned.is_judged:
        known = f"{wording.count(judged.num_points)} rows with {wording.count(judged.num_bought)} purchases"
        basis = f"Counted on {known}{_seen(job)}; the threshold is chosen on the same rows, which flatters it a little"
    else:
        few = f"{wording.count(judged.num_bought)} purchases are known" if judged.num_points else "no end is known"
        basis = f"Expected by the probabilities of all rows: {few}, too few to count on"
    lines = [
        (wording.percent(float(share)), f"{float(each):,.1f}")
        for share, each in list(zip(earned.contacted, earned.profit, strict=True))[:: max(1, len(earned.profit) // 20)]
    ]
    chart = graph("batch-profit-chart", figures.profit(earned, palette), 300, title)
    marks = legend(("bar view", "Profit"), ("dot purchase", "Most of it"))
    numbers_ = table(["Contacted", "Profit per 1,000 rows"], lines)
    return _card("profit", 6, title, basis, chart, _source(job), numbers_, marks)


def gain(job: Job, judged: numbers.Scores, palette: Palette) -> Component:
    """Show how many purchases the highest scores hold."""
    contacted, found = numbers.gain(judged)
    lifts = [(share, numbers.lift(judged, share)) for share in numbers.TOP_SHARES]
    share, times = lifts[-1]
    title = f"The highest tenth holds {wording.percent(share * times)} of the purchases, {times:,.1f} times its share"
    subtitle = f"{wording.count(judged.num_bought)} purchases in {wording.count(judged.num_points)} rows{_seen(job)}"
    lines = [(wording.percent(share), f"{times:,.2f}", wording.percent(share * times)) for share, times in lifts]
    chart = graph("batch-gain-chart", figures.gain(contacted, found, palette), 300, title)
    numbers_ = table(["Highest scores", "Lift", "Purchases found"], lines)
    return _card(
        "gain",
        6,
        title,
        subtitle,
        chart,
        _source(job),
        numbers_,
        legend(("line purchase", "Model"), ("line dashed", "By chance")),
    )


def calibration(job: Job, judged: numbers.Scores, palette: Palette) -> Component:
    """Show whether as many bought as the probabilities promise."""
    groups = numbers.calibration(judged)
    ratio = judged.num_bought / judged.promised.sum()
    title = f"{wording.count(judged.num_bought)} bought, {judged.promised.sum():,.1f} were promised: {ratio:.2f} times"
    lines = [
        (wording.percent(promised), wording.percent(each.rate), wording.interval(each), wording.count(each.n))
        for promised, each in groups
    ]
    chart = graph("batch-calibration-chart", figures.calibration(groups, palette), 300, title)
    numbers_ = table(["Promised", "Observed", "Interval, 95%", "Rows"], lines)
    subtitle = f"Groups of rows that promise about equally many purchases{_seen(job)}"
    return _card("calibration", 6, title, subtitle, chart, _source(job), numbers_)


def flagged(job: Job, earned: numbers.Profit, everything: numbers.Scores) -> Component:
    """List the first rows to contact."""
    rows = [row for row in job.result["top"] if row[PROBABILITY] >= earned.threshold]
    number = numbers.num_from(everything, earned.threshold)
    title = f"The {len(rows)} highest of {wording.count(number)} rows to contact" if rows else "No row to contact"
    subtitle = "From the threshold by profit on; the files hold all rows"
    body: Component = (
        _rows(rows)
        if rows
        else state(
            "Nobody reaches the threshold", "A higher value of a purchase or a lower cost of a contact lowers it."
        )
    )
    caption = html.Div([html.H2(title), html.P(subtitle, className="muted")])
    return html.Section([caption, body], id="batch-flagged", className="card span-12")


def _rows(rows: Sequence[Mapping[str, Any]]) -> Component:
    """Lay out rows, the most probable first; the visit's or the file's own columns beside the probability."""
    names = [name for name in rows[0] if name not in LEFT_OUT and name != PROBABILITY][: MOST_COLUMNS - 1]
    names.insert(1, PROBABILITY)
    columns = [_column(name, [row[name] for row in rows]) for name in names]
    lines = [[_cell(name, row[name]) for name in names] for row in rows]
    return grid("batch-flagged-grid", "Rows to contact", columns, lines, (NAMES[PROBABILITY], "descending"))


def _column(name: str, values: Sequence[Any]) -> Column:
    is_id_or_text = name.endswith("_id") or any(isinstance(each, str | bool) for each in values)
    return Column(NAMES.get(name, name), "text" if is_id_or_text else "number", "%" if name == PROBABILITY else "")


def _cell(name: str, value: Any) -> tuple[Any, str]:
    """Return what is sorted, and what is shown."""
    if name == PROBABILITY:
        return value * 100, wording.percent(value)
    if value is None:
        return None, "–"
    if isinstance(value, float):
        return (value if isfinite(value) else None), f"{value:g}"
    text = str(value)
    shown = text[:19].replace("T", " ") if INSTANT.match(text) else text[:MOST_CHARACTERS]
    return (value if type(value) is int else shown), shown


def _seen(job: Job) -> str:
    """Say whether the model knew the judged rows."""
    if job.result["summary"]["has_parts"]:
        return " that the model was not fit on"
    return "; the file does not say when they were, so the model may have been fit on some"


def _source(job: Job) -> str:
    return f"model version {job.result['model_version']} · {wording.count(job.result['rows'])} rows"


def _card(
    name: str,
    columns: int,
    title: str,
    subtitle: str,
    chart: Component,
    source: str,
    numbers_: Component,
    marks: Component | None = None,
) -> Component:
    caption = html.Figcaption([html.H2(title), html.P(subtitle, className="muted")])
    details = html.Details([html.Summary("Show as table"), scrolling(numbers_, "The same numbers as a table")])
    foot = html.Div([html.Span(source, className="source"), details], className="card-foot")
    parts = [caption, *([marks] if marks else []), html.Div(chart, className="card-body"), foot]
    return html.Section(
        html.Figure(html.Div(parts, className="drawn")), id=f"batch-{name}", className=f"card span-{columns}"
    )
