"""ml.intent.evaluation.evaluation — from tallies to figures with intervals, by slice and model, and what differs."""

from collections.abc import Iterable, Mapping

from ml.intent.evaluation import measures
from ml.intent.evaluation.figures import COMPARED, FEWEST_TO_SHOW, MAIN, MODEL, Estimate, Evaluation, Figures
from ml.intent.evaluation.intervals import interval, weights
from ml.intent.evaluation.slices import UNSEEN
from ml.intent.evaluation.tally import Floats, Tallies, Tally

IN_BRIEF = ("base_rate", "roc_auc", "pr_auc", "log_loss", "brier", "observed_to_expected")  # of all but the main slices
BY_SUMS = ("base_rate", "log_loss", "brier", "observed_to_expected")  # what needs no bins


def evaluate(tallies: Tallies) -> Evaluation:
    """Return the figures of every slice.

    Args:
        tallies: by slice and model, `model` among them.
    """
    names = dict.fromkeys(name for name, _ in tallies)
    return Evaluation({name: _slice(name, {m: t for (n, m), t in tallies.items() if n == name}) for name in names})


def _slice(name: str, models: Mapping[str, Tally]) -> dict[str, Figures]:
    tally, is_main = models[MODEL], name in MAIN
    counts = tally.num_points, tally.num_positives, tally.purchases
    if tally.purchases < FEWEST_TO_SHOW:
        return {MODEL: Figures(*counts)}
    shown = tuple(measures.MEASURES) if name.removesuffix(UNSEEN) in MAIN else IN_BRIEF
    beside = IN_BRIEF if is_main else BY_SUMS
    found = {model: _values(each, shown if model == MODEL else beside) for model, each in models.items()}
    return {
        model: Figures(
            *counts,
            {key: interval(value) for key, value in values.items()},
            {} if model == MODEL else _differences(found[MODEL], values),
        )
        for model, values in found.items()
    }


def _differences(model: Mapping[str, Floats], other: Mapping[str, Floats]) -> dict[str, Estimate]:
    relative = interval(model["log_loss"] / other["log_loss"] - 1)
    compared = {key: interval(model[key] - other[key]) for key in COMPARED if key in other}
    return compared | {"relative_log_loss": relative}


def _values(tally: Tally, names: Iterable[str]) -> dict[str, Floats]:
    of = measures.Resampled(tally, weights())
    return {name: measures.MEASURES[name](of) for name in names}
