"""model.curves — the champion on the points of its test, and in the weeks since: drawn from the lake's predictions."""

from dash.development.base_component import Component

from app import wording
from app.components.card import Drawn
from app.components.parts import graph, legend, state, table
from app.context import PageContext
from app.pages.model import figures, numbers
from app.pages.model.registered import NO_MODEL, TRAIN
from app.pages.predict.wording import label
from ml.promotion import drift


def roc(context: PageContext) -> Drawn | Component:
    """Draw the ROC curve."""
    found = numbers.curves(context)
    if found is None:
        return _no_curve()
    title = (
        f"ROC area {context.model.told('roc_auc')}" if context.model and not context.model.is_borrowed else "ROC curve"
    )
    entries = legend(("line view", "Model"), ("line dashed", "By chance"))
    body = graph("model-roc-chart", figures.roc(found, context.palette), 320, title)
    return Drawn(
        title,
        f"Purchases found over other points flagged; {_counted(found, context)}",
        body,
        entries,
        footer=_source(found),
    )


def precision(context: PageContext) -> Drawn | Component:
    """Draw precision over recall."""
    found = numbers.curves(context)
    if found is None:
        return _no_curve()
    own = context.model and not context.model.is_borrowed
    title = f"Precision-recall area {context.model.told('pr_auc')}" if own and context.model else "Precision and recall"
    entries = legend(("line view", "Model"), ("line dashed", "Base rate"))
    body = graph("model-precision-chart", figures.precision_recall(found, context.palette), 320, title)
    subtitle = f"Buyers among the flagged over purchases found; {_counted(found, context)}"
    return Drawn(title, subtitle, body, entries, footer=_source(found))


def calibration(context: PageContext) -> Drawn | Component:
    """Draw the found rate over the promised one."""
    found = numbers.curves(context)
    if found is None:
        return _no_curve()
    within = sum(
        each.low <= promised <= each.high for each, promised in zip(found.observed, found.promised, strict=True)
    )
    title = f"{within} of {len(found.observed)} tenths came true about as often as promised"
    rows = [
        (wording.percent(promised), wording.percent(each.rate), wording.interval(each), wording.count(each.successes))
        for promised, each in zip(found.promised, found.observed, strict=True)
    ]
    return Drawn(
        title,
        f"Rate found over rate promised; {_counted(found, context)}; 95 % intervals over visitors",
        graph("model-calibration-chart", figures.calibration(found, context.palette), 320, title),
        legend(("dot view", "A tenth of the points"), ("line dashed", "As promised")),
        table(["Promised", "Found", "Interval", "Purchases"], rows),
        footer=_source(found),
    )


def weeks(context: PageContext) -> Drawn | Component:
    """Show whether the model still holds, by week."""
    if context.model is None:
        return state("No model is registered yet", NO_MODEL, TRAIN)
    found, rows = numbers.weeks(context)
    later = [row for row in rows if row["part"] in ("test", "later") and row["num_labelled"]]
    if not later:
        return state(
            "No week is summed up yet", "Score the visits, then sum them up by week.", "lakehouse ml score monitor"
        )
    drifted = [each for each in found if each.reasons]
    asks = drift.asks_for_training(found, context.lake.settings.monitor)
    title = "Train anew: enough of the latest weeks have drifted" if asks else "No training is needed"
    told = {each.week: "; ".join(each.reasons) or "as in the test" for each in found}
    cells = [
        (
            wording.day(row["week"]),
            str(row["part"]),
            wording.count(row["num_labelled"]),
            wording.count(row["num_positives"]),
            wording.percent(row["sum_probability"] / row["num_labelled"]),
            wording.percent(row["num_positives"] / row["num_labelled"]),
            told.get(row["week"], "–"),
        )
        for row in later
    ]
    head = ["Week of", "Part", "Labelled", "Purchases", "Promised", "Found", "Inputs and score"]
    return Drawn(
        title,
        f"Decision points with a label by week; {len(drifted)} of {len(found)} weeks differ from the test",
        graph("model-weeks-chart", figures.weeks(later, context.palette), 260, title),
        legend(("line purchase", "Purchases found"), ("line dashed", "Promised")),
        table(head, cells),
    )


def drifted(context: PageContext) -> Drawn | Component:
    """Show by how much each input and the score have moved from the test, by week."""
    if context.model is None:
        return state("No model is registered yet", NO_MODEL, TRAIN)
    found = numbers.moved(context)
    if not found:
        return state(
            "No week is summed up yet", "Score the visits, then sum them up by week.", "lakehouse ml score monitor"
        )
    limit = context.lake.settings.monitor.psi
    weeks_ = sorted({week for values in found.values() for week in values})
    moved = [label(name) for name, values in found.items() if values.get(weeks_[-1], 0.0) > limit]
    title = f"{len(moved)} of {len(found)} have moved in the latest week" if moved else "Nothing has moved lately"
    cells = [
        (label(name), *(f"{values[w]:.2f}" if w in values else "–" for w in weeks_)) for name, values in found.items()
    ]
    head = ["Input", *(wording.short_day(week) for week in weeks_)]
    return Drawn(
        title,
        f"Population stability index by week of the decision, against the test; above {limit:g} it has moved",
        graph(
            "model-drift-chart",
            figures.drift({label(name): values for name, values in found.items()}, weeks_, limit, context.palette),
            60 + 22 * len(found),
            title,
            least_width=560,
        ),
        table=table(head, cells),
    )


def _counted(found: numbers.Curves, context: PageContext) -> str:
    what = "labelled points" if context.model and context.model.is_borrowed else "points of its test"
    return f"{wording.count(found.num_points)} {what}, {wording.count(found.num_positives)} before a purchase"


def _source(found: numbers.Curves) -> str:
    """Name the file that the curves are from; nothing where it is the card's table."""
    return "registry · curves.json of its run" if found.is_kept else ""


def _no_curve() -> Component:
    why = f"A curve needs {numbers.FEWEST} purchases among the scored points of the test."
    return state("Too few purchases for a curve", why, "lakehouse ml score")
