"""predict.answer — what the model says of one decision point, and why; cards that look like those of other pages."""

from collections.abc import Mapping
from itertools import accumulate
from math import exp

from dash import html
from dash.development.base_component import Component

from app import wording
from app.components.parts import facts, graph, legend, state, table
from app.pages.predict import figures
from app.pages.predict.wording import label
from app.theme import LIGHT, Palette
from ml.serving.scorer import Row, Scorer

FIGURES = {
    "ROC area": "roc_auc",
    "Precision-recall area": "pr_auc",
    "Base rate": "base_rate",
    "Precision, of the flagged": "precision",
    "Recall, of all purchases": "recall",
    "Observed over promised": "observed_to_expected",
}
MOST_REASONS = 8


def probability(
    model: Scorer, point: Row, num_events: int, palette: Palette = LIGHT, prefix: str = "predict"
) -> Component:
    """State the probability of a decision point, the base rate beside it, and what the training did not hold."""
    chance = float(model.score([point])[0])
    base = model.metrics["base_rate"]
    times = chance / base if base else 0
    points = [("This visit", chance, palette.view), ("Base rate, all visits of the test", base, palette.ink)]
    if model.threshold is None:
        verdict = "no threshold: too few purchases to choose one"
    else:
        points.insert(1, ("Threshold", model.threshold, palette.previous))
        verdict = (
            "at or above the threshold: flagged" if chance >= model.threshold else "below the threshold: not flagged"
        )
    title = f"The chance of a purchase later in this visit: {wording.percent(chance)}"
    headers, rows = ["", "Probability"], [[name, wording.percent(value)] for name, value, _ in points]
    if model.bears_frequencies(num_events):
        headers, rows = (
            [*headers, "As a frequency"],
            [[*row, wording.one_in(p[1])] for row, p in zip(rows, points, strict=True)],
        )
    unseen = [f"{label(each.name)} from {each.low:,.0f} to {each.high:,.0f}" for each in model.out_of_range(point)]
    told = f"The training held only {', '.join(unseen)}: take the answer with care" if unseen else ""
    return card(
        title,
        f"{times:,.1f} times the base rate of {wording.percent(base)}",
        [
            html.Div(
                [
                    html.Span(wording.percent(chance), className="value", id=f"{prefix}-probability"),
                    html.Span(verdict, className="muted"),
                ],
                className="answer",
            ),
            html.P(told, className="muted", id=f"{prefix}-range"),
            graph(f"{prefix}-scale", figures.likelihoods(points, palette), 216, title),
        ],
        f"model {model.version} · logarithmic scale",
        table(headers, rows),
        f"{prefix}-chance",
    )


def reasons(
    model: Scorer, point: Row, known: Mapping[str, float], palette: Palette = LIGHT, prefix: str = "predict"
) -> Component:
    """Show what sums to the log-odds, the strongest first, and the probability that each step leads to.

    Args:
        model: the model.
        point: the decision point.
        known: what of it is told beside its name.
        palette: the colours of charts.
        prefix: of the ids.
    """
    found = model.contributions(point)
    strongest = list(found)[:MOST_REASONS]
    terms = [("The average visit", model.base_log_odds)]
    terms += [
        (f"{label(name)}: {_number(known[name])}" if name in known else label(name), found[name]) for name in strongest
    ]
    terms += [("All the rest", sum(value for name, value in found.items() if name not in strongest))]
    score = sum(value for _, value in terms)
    towards = "for" if found[strongest[0]] > 0 else "against"
    title = f"The strongest reason {towards} a purchase: {label(strongest[0]).lower()}"
    steps = accumulate(value for _, value in terms)
    rows = [
        (name, wording.signed(value, 4), f"× {exp(value):,.4g}", wording.percent(1 / (1 + exp(-step))))
        for (name, value), step in zip(terms, steps, strict=True)
    ]
    marks = [("bar view", "Raises"), ("bar lowers", "Lowers"), ("bar start", "Start"), ("bar sum", "Sum")]
    chance = wording.percent(1 / (1 + exp(-score)))
    rows.append(("Sum: the score", wording.signed(score, 4), f"odds {exp(score):,.4g}", chance))
    return card(
        title,
        "What each number adds to the calibrated log-odds of the average visit",
        graph(f"{prefix}-contributions", figures.contributions(terms, score, palette), 50 * len(rows), title),
        f"model {model.version} · logistic regression",
        table(["Term", "Log-odds", "Odds", "Probability then"], rows),
        f"{prefix}-reasons",
        legend(*marks),
    )


def model_card(model: Scorer) -> Component:
    """Say which model answers and how good it was on visits it had not seen."""
    pairs = [
        ("Version", f"{model.version}, champion"),
        ("Threshold", "none: too few purchases" if model.threshold is None else wording.percent(model.threshold)),
        *[(name, model.told(figure)) for name, figure in FIGURES.items()],
    ]
    undecided = [html.Li(each) for each in model.warnings]
    told = html.Summary(f"Let through undecided at its promotion, for lack of purchases: {len(undecided)}")
    return html.Section(
        [
            html.H2("The model"),
            html.P("Measured on the last part of the time, which it has not seen", className="muted"),
            facts(pairs),
            html.P(
                "In brackets: 95 % interval over visitors. Flagged: at or above the threshold.", className="muted note"
            ),
            *([html.Details([told, html.Ul(undecided)], id="predict-warnings")] if undecided else []),
        ],
        id="predict-model",
        className="card",
    )


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def no_model() -> Component:
    """Say how a model comes to be."""
    why = "Once a model is trained and registered as champion, this page asks for four numbers of a visit and answers."
    empty = state("No model is registered yet", why, "lakehouse ml train promote --bootstrap", identity="predict-empty")
    return html.Section(empty, className="card span-12")


def card(
    title: str,
    subtitle: str,
    body: Component | list[Component],
    footer: str,
    numbers: Component | None,
    identity: str,
    marks: Component | None = None,
) -> Component:
    """Show a finding as the cards of other pages do."""
    caption = html.Figcaption([html.H2(title), html.P(subtitle, className="muted")])
    shown = html.Details([html.Summary("Show as table"), html.Div(numbers, className="scroll")])
    details = [] if numbers is None else [shown]
    foot = html.Div([*details, html.Span(footer, className="source")], className="card-foot")
    parts = [caption, *([marks] if marks else []), html.Div(body, className="card-body"), foot]
    return html.Section(html.Figure(html.Div(parts, className="drawn")), id=identity, className="card")
