"""model.registered — the versions that have a name: gates, figures beside simpler rules, slices, coefficients."""

from collections.abc import Mapping
from math import exp, isfinite
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components.card import Drawn
from app.components.parts import address, command, scrolling, state, table
from app.context import PageContext
from ml.intent.evaluation.figures import COMPARED, FEWEST_TO_SHOW, MODEL, Estimate, Figures
from ml.intent.evaluation.report import COLUMNS, NAMES, with_interval
from ml.intent.evaluation.slices import ALL, KINDS, UNSEEN, at
from ml.serving.registered import Registered, named

TRAIN = "lakehouse ml train promote --bootstrap"
NO_MODEL = "Once a model is trained and let pass by the gates, this page shows what it is worth."
OUTCOMES = {  # those that somebody must look at first
    "refused": "refused",
    "undecidable": "undecidable",
    "accepted": "accepted by hand",
    "warning": "undecided",
    "waived": "waived",
    "passed": "passed",
}


def versions(context: PageContext) -> Drawn | Component:
    """List the versions that have a name."""
    found = named(context.lake.settings)
    if not found:
        return state("No model is registered yet", NO_MODEL, TRAIN)
    rows = [_version(each) for each in found]
    first, name = found[0], context.lake.settings.model.name
    problems = [
        html.P(f"Version {each.version.number}: {each.problem}", className="bad") for each in found if each.problem
    ]
    serves = "serves" if "champion" in first.aliases else "waits for its promotion"
    body = [
        scrolling(
            table(["Version", "Named", "Trained on", "Judged", "Purchases in its test", "PR-AUC"], rows), "Versions"
        ),
        *problems,
        _card(first, context),
        html.P(
            [
                "The run that made it, with its curves, is in ",
                html.A("MLflow's own pages", href=_run(first, context), className="more", id="model-run"),
                ", once started:",
            ],
            className="muted",
        ),
        command("lakehouse mlflow"),
    ]
    return Drawn(
        f"Version {first.version.number} {serves}",
        "Versions of the registered model that have a name; the figure with its 95 % interval over visitors",
        body,
        footer=f"registry · {name} · mlflow/aliases.json",
    )


def gates(context: PageContext) -> Drawn | Component:
    """Show what each gate said of the first version that was judged."""
    judged = next((each for each in named(context.lake.settings) if each.gates), None)
    if judged is None:
        return state("No version was judged yet", "A promotion asks every gate.", "lakehouse ml promote --bootstrap")
    counted = {word: sum(each["outcome"] == word for each in judged.gates) for word in OUTCOMES}
    told = [f"{number} {OUTCOMES[word]}" for word, number in counted.items() if number]
    accepted = [html.P(f"What was undecided was accepted by hand: {judged.accepted}")] if judged.accepted else []
    rows = [
        (each["gate"], words, each["found"])
        for outcome, words in OUTCOMES.items()
        for each in judged.gates
        if each["outcome"] == outcome
    ]
    body = html.Div(scrolling(table(["Gate", "Outcome", "What it found"], rows), "Gates", 420), className="texts")
    return Drawn(
        f"{len(judged.gates)} gates: {', '.join(told)}",
        f"What the promotion of version {judged.version.number} asked; undecided for lack of purchases is no refusal "
        "where there was no champion",
        [*accepted, body],
        footer="registry · promotion.json of its run",
    )


def compared(context: PageContext) -> Drawn | Component:
    """Show the model's figures beside those of what needs no model."""
    first = _first(context)
    if first is None:
        return state("No model is registered yet", NO_MODEL, TRAIN)
    after = context.params["after"]
    name = ALL if after == "all" else at(int(after))
    models = first.evaluation.slices.get(name, {}) if first.evaluation else {}
    if MODEL not in models:
        return state("It was not measured there", "This version was registered without these figures.", TRAIN)
    model = models[MODEL]
    where = "at all points" if name == ALL else f"after {after} event{wording.plural(int(after))}"
    counts = f"{wording.count(model.num_points)} points, {wording.count(model.num_purchases)} purchases"
    rows = [row for key, each in models.items() for row in _rows(NAMES.get(key, key), each)]
    return Drawn(
        _finding(models, where),
        f"{counts} of its test, {where}; in brackets 95 % intervals over visitors, differences on the same visitors",
        scrolling(table(["", *(COLUMNS[each] for each in COMPARED)], rows), "Figures", 520),
        footer="registry · evaluation.json of its run",
    )


def slices(context: PageContext) -> Drawn | Component:
    """Show the model's figures by who visits and when."""
    first = _first(context)
    found = first.evaluation.slices if first and first.evaluation else {}
    known = [name for name in (*KINDS, ALL + UNSEEN) if MODEL in found.get(name, {})]
    if not known:
        why = "They come with a version that passed the gates in this lake."
        return state("The slices of its test are not at hand", why, TRAIN)
    rows = []
    for name in known:
        model = found[name][MODEL]
        cells = [_told(model, each) for each in ("base_rate", "roc_auc", "pr_auc", "observed_to_expected")]
        title = "visitors that the training has not seen" if name == ALL + UNSEEN else name
        rows.append((title, wording.count(model.num_points), wording.count(model.num_purchases), *cells))
    head = ["Slice", "Points", "Purchases", "Base rate", "ROC-AUC", "PR-AUC", "Found over promised"]
    return Drawn(
        f"Its test in {len(known)} slices",
        f"Fewer than {FEWEST_TO_SHOW} purchases: counts alone; in brackets 95 % intervals over visitors",
        scrolling(table(head, rows), "Slices"),
        footer="registry · evaluation.json of its run",
    )


def terms(context: PageContext) -> Drawn | Component:
    """List the coefficients, the largest first."""
    if context.model is None:
        return state("No model is registered yet", NO_MODEL, TRAIN)
    slope = context.model.document["calibration"]["slope"]
    found = sorted(context.model.document["terms"], key=lambda each: -abs(each["coefficient"]))
    rows = [
        (
            str(each["name"]),
            wording.signed(slope * each["coefficient"], 3),
            f"× {exp(slope * each['coefficient']):,.3g}",
            f"{each['mean']:,.3g}",
        )
        for each in found
    ]
    used = sum(bool(each["coefficient"]) for each in found)
    return Drawn(
        f"{used} of {len(found)} terms count",
        "Calibrated log-odds for one unit of a term, the odds that it multiplies, and the term's mean in the training",
        scrolling(table(["Term", "Log-odds", "Odds", "Mean"], rows), "Coefficients", 420),
        footer=f"model {context.model.version} · logistic regression",
    )


def _run(first: Registered, context: PageContext) -> str:
    """Return where MLflow shows the run of a version; of an earlier release's the version, which links to it."""
    settings = context.lake.settings
    base, known = f"http://127.0.0.1:{settings.mlflow.port}/#", first.mlflow
    if known:
        return f"{base}/experiments/{known['experiment_id']}/runs/{known['run_id']}"
    return f"{base}/models/{settings.model.name}/versions/{first.version.number}"


def _card(first: Registered, context: PageContext) -> Component:
    chosen = {"version": str(first.version.number)} | ({"lake": context.lake.name} if context.lake.name else {})
    where = f"{address('/api/v1/model-card.md')}?{urlencode(chosen)}"
    named_ = html.A("Download its model card", href=where, download="", className="more", id="model-card")
    return html.P([named_, ": purpose, data, figures with their intervals, gates"], className="muted")


def _first(context: PageContext) -> Registered | None:
    return next(iter(named(context.lake.settings)), None)


def _version(each: Registered) -> tuple[str, ...]:
    model = each.evaluation.of() if each.evaluation else None
    tags = each.version.tags
    trained = f"{tags.get('training_table', '–')} v{tags.get('training_version', '–')}"
    judged = tags.get("judged_at", "")[:16].replace("T", " ") or "not yet"
    purchases = wording.count(model.num_purchases) if model else "–"
    return str(each.version.number), ", ".join(each.aliases), trained, judged, purchases, _told(model, "pr_auc")


def _told(figures_: Figures | None, name: str) -> str:
    found = figures_.estimates.get(name) if figures_ else None
    return with_interval(found) if found else "too few purchases"


def _rows(name: str, each: Figures) -> list[tuple[str, ...]]:
    """Return the figures of one model, and below them the difference of ours to it."""
    if not each.estimates:
        return [(name, *(["too few purchases"] * len(COMPARED)))]
    rows = [(name, *(with_interval(each.estimates[figure]) for figure in COMPARED))]
    if each.differences:
        rows.append(("– the model less it", *(with_interval(each.differences[figure]) for figure in COMPARED)))
    return rows


def _finding(models: Mapping[str, Figures], where: str) -> str:
    """Say what an interval bears: whom the model beats by its log loss."""
    model = models[MODEL]
    if not model.bears_a_claim:
        return f"Too few purchases {where} to claim anything"
    losses = {name: each.differences.get("log_loss") for name, each in models.items() if name != MODEL}
    known: dict[str, Estimate] = {name: each for name, each in losses.items() if each and isfinite(each.high)}
    beaten = [NAMES.get(name, name) for name, each in known.items() if each.high < 0]
    if known and len(beaten) == len(known):
        return f"Better than all {len(known)} it is compared with, {where}"
    return f"Better than {' and '.join(beaten)}, {where}" if beaten else f"No clear difference to simpler rules {where}"
