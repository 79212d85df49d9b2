"""ml.intent.evaluation.report — an evaluation as lines of text, with as many digits as the intervals bear."""

from collections.abc import Iterator
from math import floor, isfinite, log10

from ml.intent.evaluation.figures import COMPARED, MAIN, MODEL, Estimate, Evaluation, Figures
from ml.intent.evaluation.slices import UNSEEN

MOST_DIGITS = 6
SHOWN = {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC", "log_loss": "log loss", "brier": "Brier", "base_rate": "base rate"}
AT_THRESHOLD = {"accuracy": "accuracy", "precision": "precision", "recall": "recall"}
RANKING = {"lift_1": "lift in the top 1 %", "lift_5": "5 %", "lift_10": "10 %"}
CALIBRATION = {
    "observed_to_expected": "observed/promised",
    "calibration_slope": "slope",
    "calibration_error": "mean error",
}
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
    """Return the whole evaluation, a block for each slice."""
    return [line for name in evaluation.slices for line in block(name, evaluation)]


def brief(evaluation: Evaluation) -> list[str]:
    """Return the main slices alone, those of unseen visitors left out."""
    return [line for name in MAIN if name in evaluation.slices for line in block(name, evaluation)]


def block(name: str, evaluation: Evaluation) -> list[str]:
    """Return the lines of one slice."""
    return list(_block(name, evaluation))


def _block(name: str, evaluation: Evaluation) -> Iterator[str]:
    models = evaluation.slices[name]
    model = models[MODEL]
    counts = f"{model.num_points:,} points, {model.num_positives:,} before one of {model.num_purchases:,} purchases"
    yield f"{title(name)}: {counts}"
    if not model.estimates:
        yield "  too few purchases for any figure"
        return
    if not model.bears_a_claim:
        yield "  too few purchases for a claim"
    for part in (SHOWN, AT_THRESHOLD, RANKING, CALIBRATION):
        if part.keys() & model.estimates.keys():
            yield "  " + " · ".join(
                f"{part[key]} {with_interval(model.estimates[key])}" for key in part if key in model.estimates
            )
    for other, figures in models.items():
        if other != MODEL:
            yield f"  {NAMES.get(other, other)}: " + _against(figures)


def title(name: str) -> str:
    """Return a slice's name in words."""
    main, unseen = name.removesuffix(UNSEEN), UNSEEN if name.endswith(UNSEEN) else ""
    if main == "all":
        return f"all decision points{unseen}"
    if main.startswith("k="):
        count = main.removeprefix("k=")
        return f"after {count} event{'' if count == '1' else 's'}{unseen}"
    return main


def _against(other: Figures) -> str:
    both = ((SHOWN[key], other.estimates[key], other.differences[key]) for key in COMPARED if key in other.differences)
    return " · ".join(
        f"{name} {with_interval(value)}, the model less this {with_interval(less)}" for name, value, less in both
    )
