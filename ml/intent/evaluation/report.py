"""ml.intent.evaluation.report — an evaluation as text or Markdown, with as many digits as the intervals bear."""

from collections.abc import Iterator, Mapping
from math import floor, isfinite, log10
from typing import Any

from ml.intent.evaluation.figures import MAIN, MODEL, Estimate, Evaluation, Figures, from_document
from ml.intent.evaluation.slices import UNSEEN

MOST_DIGITS = 6
COLUMNS = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC", "log_loss": "log loss", "brier": "Brier"}
AT_THRESHOLD = {"accuracy": "accuracy", "precision": "precision", "recall": "recall"}
RANKING = {"lift_1": "in the top 1 %", "lift_5": "5 %", "lift_10": "10 %"}
CALIBRATION = {
    "observed_to_expected": "observed/promised",
    "calibration_slope": "slope",
    "calibration_error": "mean error",
}
DIFFERENCE = "- the model less it"
NAMES = {
    MODEL: "this model",
    "brief": "the four features of the brief",
    "base_rate": "base rate",
    "cart_so_far": "a cart so far",
    "hour_and_weekday": "hour and weekday",
    "champion": "the champion",
    "best": "the best champion so far",
}


def with_interval(value: Estimate, more_digits: int = 0) -> str:
    """Return a figure and its interval; the last digit is the first that the interval leaves in doubt."""
    if not all(map(isfinite, (value.point, value.low, value.high))):
        return "no value" if not isfinite(value.point) else f"{value.point:.2g} [no interval]"
    if value.width == 0:
        return f"{value.point:g} [{value.low:g}, {value.high:g}]"
    digits = digits_of(value) + more_digits
    point, low, high = (f"{each:z.{digits}f}" for each in (value.point, value.low, value.high))
    return f"{point} [{low}, {high}]"


def digits_of(value: Estimate) -> int:
    """Return how many decimals of a figure its interval bears: up to the first digit of half its length."""
    return min(MOST_DIGITS, max(0, -floor(log10(value.width / 2))))


def lines(evaluation: Evaluation) -> list[str]:
    """Return the whole evaluation as text, a block for each slice."""
    return [line for name in evaluation.slices for line in block(name, evaluation)]


def brief(evaluation: Evaluation) -> list[str]:
    """Return the main slices alone as text, those of unseen visitors left out."""
    return [line for name in MAIN if name in evaluation.slices for line in block(name, evaluation)]


def block(name: str, evaluation: Evaluation) -> list[str]:
    """Return one slice as text: how many, what is known of the model, and a table of what it is compared with."""
    models = evaluation.slices[name]
    rows = _table(models)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [f"{title(name)}: {_counts(models[MODEL])}", *(f"  {line}" for line in (*_facts(models[MODEL]), *table))]


def markdown(evaluation: Evaluation) -> list[str]:
    """Return the whole evaluation in Markdown, a heading, a list and a table for each slice."""
    found: list[str] = []
    for name, models in evaluation.slices.items():
        facts = [f"- {line}" for line in (_counts(models[MODEL]), *_facts(models[MODEL]))]
        rows = [f"| {' | '.join(cell.removeprefix('- ') for cell in row)} |" for row in _table(models)]
        if rows:
            rows.insert(1, "|---" * len(_table(models)[0]) + "|")
        found += [f"### {title(name)}", *facts, *(["", *rows] if rows else [])]
    return found


def whole_visits(brief: Mapping[str, Any]) -> str:
    """Return the figures of the brief's model, which is asked about whole visits, as a line."""
    known = from_document(brief["evaluation"]).of().estimates
    shown = {**{key: COLUMNS[key] for key in ("roc_auc", "pr_auc")}, **AT_THRESHOLD}
    found = _listed(shown, known) or "too few purchases for any figure"
    return f"the brief's model, asked about whole visits up to their purchase: {found}"


def _counts(figures: Figures) -> str:
    return f"{figures.num_points:,} points, {figures.num_positives:,} before one of {figures.num_purchases:,} purchases"


def _facts(model: Figures) -> Iterator[str]:
    """Say what is known of the model alone, a line for each matter."""
    known = model.estimates
    if not known:
        yield "too few purchases for any figure"
        return
    if not model.bears_a_claim:
        yield "too few purchases for a claim"
    yield f"base rate {with_interval(known['base_rate'])}"
    if "precision" in known and not isfinite(known["precision"].point):
        yield "at the threshold: nothing is flagged"
    elif "precision" in known:
        yield f"at the threshold: {_listed(AT_THRESHOLD, known)}"
    if RANKING.keys() & known.keys():
        yield f"lift {_listed(RANKING, known)}"
    if CALIBRATION.keys() & known.keys():
        yield f"calibration: {_listed(CALIBRATION, known)}"


def _listed(names: Mapping[str, str], known: Mapping[str, Estimate]) -> str:
    return " · ".join(f"{text} {with_interval(known[key])}" for key, text in names.items() if key in known)


def _table(models: Mapping[str, Figures]) -> list[list[str]]:
    """Return the rows of what is compared, its header first; nothing where there are too few purchases."""
    columns = [key for key in COLUMNS if key in models[MODEL].estimates]
    if not columns:
        return []
    rows = [["", *(COLUMNS[key] for key in columns)]]
    for name, figures in models.items():
        for text, values in ((NAMES.get(name, name), figures.estimates), (DIFFERENCE, figures.differences)):
            if values:
                rows.append([text, *(with_interval(values[key]) if key in values else "" for key in columns)])
    return rows


def title(name: str) -> str:
    """Return a slice's name in words."""
    main, unseen = name.removesuffix(UNSEEN), UNSEEN if name.endswith(UNSEEN) else ""
    if main == "all":
        return f"all decision points{unseen}"
    if main.startswith("k="):
        count = main.removeprefix("k=")
        return f"after {count} event{'' if count == '1' else 's'}{unseen}"
    return main
