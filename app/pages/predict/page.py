"""predict.page — what the registered model says of one visit, and why; scored in this process, without Java."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, html
from dash.development.base_component import Component

from app import wording
from app.components.parts import aria, facts, graph, legend, state, table
from app.context import PageContext
from app.pages import Page
from app.pages.predict import figures
from app.theme import LIGHT, Palette
from ml.serving.form import describe
from ml.serving.scorer import Scorer

GREATEST = 1_000


@dataclass(frozen=True)
class Field:
    """One number of the form."""

    name: str
    label: str
    hint: str
    default: int
    low: int
    high: int


FIELDS = (
    Field("num_views", "Views", "item pages seen", 4, 0, GREATEST),
    Field("num_adds", "Items put into the cart", "additions so far, before any purchase", 1, 0, GREATEST),
    Field("distinct_products", "Different items", "at most views and additions together", 3, 1, 2 * GREATEST),
    Field("session_hour", "Hour of the visit's start", "0 to 23, UTC", 17, 0, 23),
)
NAMES = {field.name: field.label for field in FIELDS}
LABELS = NAMES | {
    "decision_point": "Events so far",
    "session_weekday": "Weekday",
    "seconds_so_far": "Time so far",
    "seconds_since_last": "Pause before the latest event",
    "events_since_add": "Events since the cart",
    "num_same_item": "Events with the latest item",
    "num_same_category": "Events in its category",
    "is_item_in_cart": "Latest item is in the cart",
    "is_available": "Latest item can be bought",
    "price": "Its price",
    "num_unavailable": "Items that cannot be bought",
    "num_earlier_visits": "Earlier visits",
    "num_earlier_adds": "Put into the cart in earlier visits",
    "num_earlier_purchases": "Earlier visits that bought",
    "hours_since_visit": "Hours since the visit before",
    "item_views": "Views of the item before today",
    "item_cart_rate": "Cart rate of the item",
    "item_purchase_rate": "Purchase rate of the item",
    "category_cart_rate": "Cart rate of its category",
    "category_purchase_rate": "Purchase rate of its category",
}
IN_PAIRS = {"num_adds": "Cart", "decision_point": "Events"}  # a pair of names stands in one line of a telephone
FIGURES = {
    "ROC area": "roc_auc",
    "Precision-recall area": "pr_auc",
    "Base rate": "base_rate",
    "Precision, of the flagged": "precision",
    "Recall, of all purchases": "recall",
    "Observed over promised": "observed_to_expected",
}
MOST_REASONS = 8


def layout(context: PageContext) -> Component:
    """Build the page: the form, the model, and room for the answer."""
    if context.model is None:
        return html.Div(no_model(), className="cards")
    waiting = html.Div(className="card skeleton tall")
    answer = html.Div(waiting, id="predict-answer", className="stack span-8", **aria(live="polite"))
    return html.Div(
        [html.Div([form(), model_card(context.model)], className="stack span-4"), answer], className="cards"
    )


def register(app: Dash, context: Callable[[str | None], PageContext]) -> None:
    """Score the form whenever a number of it changes."""

    @app.callback(
        Output("predict-answer", "children"),
        [Output(f"predict-{field.name}", "error") for field in FIELDS],
        [Input(f"predict-{field.name}", "value") for field in FIELDS],
        State("site-query", "data"),
    )
    def predict(views, adds, products, hour, query):  # type: ignore[no-untyped-def]
        shown = context(query)
        cards, problems = answer(shown.model, (views, adds, products, hour), shown.palette)
        return [cards, *problems]


def answer(
    model: Scorer | None, values: tuple[object, ...], palette: Palette = LIGHT
) -> tuple[list[Component], list[str | None]]:
    """Return the cards for the form's values, and for each field what is wrong with it."""
    row, problems = validate(values)
    if model is None:
        return [no_model()], problems
    if any(problems):
        why = "The answer comes back as soon as the numbers fit together."
        invalid = state("These numbers describe no visit", why, identity="predict-invalid")
        return [html.Section(invalid, className="card")], problems
    return [probability(model, row, palette), reasons(model, row, palette)], problems


def validate(values: tuple[object, ...]) -> tuple[dict[str, int], list[str | None]]:
    """Read the form: the numbers by name, and a sentence or None for each field."""
    row: dict[str, int] = {}
    problems: dict[str, str | None] = {field.name: None for field in FIELDS}
    for field, value in zip(FIELDS, values, strict=True):
        if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
            problems[field.name] = "A whole number is needed"
        elif not field.low <= value <= field.high:
            problems[field.name] = f"From {field.low:,} to {field.high:,}"
        else:
            row[field.name] = int(value)
    if not any(problems.values()):
        events = row["num_views"] + row["num_adds"]
        if events == 0:
            problems["num_views"] = "A visit has a view or an item in the cart"
        elif row["distinct_products"] > events:
            problems["distinct_products"] = f"{events:,} views and additions hold at most {events:,} different items"
    return row, list(problems.values())


def form() -> Component:
    """Ask for the four numbers."""
    inputs = [
        dmc.NumberInput(
            id=f"predict-{field.name}",
            label=field.label,
            description=field.hint,
            value=field.default,
            min=field.low,
            max=field.high,
            allowDecimal=False,
            allowNegative=False,
            clampBehavior="none",
            debounce=300,
            size="sm",
            persistence="predict",
            persistence_type="session",
        )
        for field in FIELDS
    ]
    note = "Only what comes before the first purchase counts."
    return html.Section(
        [html.H2("A visit so far"), html.P(note, className="muted"), html.Div(inputs, className="fields")],
        id="predict-form",
        className="card",
    )


def probability(model: Scorer, row: Mapping[str, int], palette: Palette = LIGHT) -> Component:
    """State the probability, the base rate beside it, and what of the numbers the training did not hold."""
    point = describe(model, **row)
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
    events = max(1, row["num_views"] + row["num_adds"])
    headers, rows = ["", "Probability"], [[name, wording.percent(value)] for name, value, _ in points]
    if model.bears_frequencies(events):
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
                    html.Span(wording.percent(chance), className="value", id="predict-probability"),
                    html.Span(verdict, className="muted"),
                ],
                className="answer",
            ),
            html.P(told, className="muted", id="predict-range"),
            graph("predict-scale", figures.likelihoods(points, palette), 216, title),
        ],
        f"model {model.version} · logarithmic scale",
        table(headers, rows),
        "predict-chance",
    )


def reasons(model: Scorer, row: Mapping[str, int], palette: Palette = LIGHT) -> Component:
    """Show what sums to the log-odds, the strongest first."""
    found = model.contributions(describe(model, **row))
    strongest = list(found)[:MOST_REASONS]
    terms = [("The average visit", model.base_log_odds)]
    terms += [(f"{label(name)}: {row[name]:,}" if name in row else label(name), found[name]) for name in strongest]
    terms += [("All the rest", sum(value for name, value in found.items() if name not in strongest))]
    score = sum(value for _, value in terms)
    towards = "for" if found[strongest[0]] > 0 else "against"
    title = f"The strongest reason {towards} a purchase: {label(strongest[0]).lower()}"
    rows = [(name, wording.signed(value, 4), f"× {exp(value):,.4g}") for name, value in terms]
    marks = [("bar view", "Raises"), ("bar lowers", "Lowers"), ("bar start", "Start"), ("bar sum", "Sum")]
    rows.append(("Sum: the score", wording.signed(score, 4), f"odds {exp(score):,.4g}"))
    return card(
        title,
        "What each number adds to the calibrated log-odds of the average visit; what the form does not ask is typical",
        graph("predict-contributions", figures.contributions(terms, score, palette), 50 * len(rows), title),
        f"model {model.version} · logistic regression",
        table(["Term", "Log-odds", "Odds"], rows),
        "predict-reasons",
        legend(*marks),
    )


def label(group: str) -> str:
    """Return a group of terms in words; an interaction names both."""
    names = group.split(" × ")
    words = LABELS | IN_PAIRS if len(names) > 1 else LABELS
    return " × ".join(words.get(name, name) for name in names)


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
    numbers: Component,
    identity: str,
    marks: Component | None = None,
) -> Component:
    """Show a finding as the cards of other pages do."""
    caption = html.Figcaption([html.H2(title), html.P(subtitle, className="muted")])
    details = html.Details([html.Summary("Show as table"), html.Div(numbers, className="scroll")])
    foot = html.Div([details, html.Span(footer, className="source")], className="card-foot")
    parts = [caption, *([marks] if marks else []), html.Div(body, className="card-body"), foot]
    return html.Section(html.Figure(html.Div(parts, className="drawn")), id=identity, className="card")


page = Page(
    path="/predict",
    name="Predict",
    group="Model",
    icon="predict",
    about="The chance that a visit ends with a purchase, from what it did so far",
    filters=(),
    content=layout,
    register=register,
)
