"""ml.promotion.gates — what a challenger must show, as data: each gate once, with its thresholds.

A gate is a name, a function from the evidence to a verdict, and what becomes of it where there is no champion yet. A
verdict is `passed`, `refused`, or `undecidable` where the evidence is too thin to say.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ml.intent.evaluation.baselines import BASELINES
from ml.intent.evaluation.figures import FEWEST_TO_CLAIM, MODEL, Estimate, Figures
from ml.intent.evaluation.report import NAMES, title, with_interval
from ml.intent.evaluation.slices import ALL, KINDS, POINTS, at
from ml.promotion.evidence import Evidence

State: TypeAlias = Literal["passed", "refused", "undecidable"]
Finding: TypeAlias = tuple[State, str]

FEWEST_TO_COMPARE = 200  # purchases
MOST_LOG_LOSS = 0.01  # by how much, of the champion's, the interval's upper end may exceed it
MOST_PR_AUC = 0.02  # that may be lost to the champion
MOST_LOG_LOSS_IN_ALL, MOST_PR_AUC_IN_ALL = 0.02, 0.04  # to the best champion so far: small losses do not add up
MOST_SLICE_LOG_LOSS = 0.05  # that a slice may be proved to lose
CALIBRATED = (0.67, 1.5)  # observed over promised purchases, and slope: the interval must reach into this
SLICE_CALIBRATED = (0.5, 2.0)
MOST_ROC_AUC = 0.97  # a lower end above it is a leak until proved otherwise
PARITY = 1e-9


@dataclass(frozen=True)
class Gate:
    """One thing that a challenger must show.

    Attributes:
        name: as messages and the model card call it.
        judge: from evidence to what was found, in a sentence.
        without_champion: `stands` as ever, is `waived`, or `warns` where it is undecidable.
        remedy: what mends a refusal.
    """

    name: str
    judge: Callable[[Evidence], Finding]
    without_champion: Literal["stands", "waived", "warns"] = "stands"
    remedy: str = "change the model, then lakehouse ml train"


@dataclass(frozen=True)
class Verdict:
    """What a gate said."""

    gate: Gate
    state: State
    found: str


def judge(evidence: Evidence, gates: Iterable[Gate] | None = None) -> list[Verdict]:
    """Ask every gate; one that cannot be asked refuses."""
    return [_ask(gate, evidence) for gate in (GATES if gates is None else gates)]


def _ask(gate: Gate, evidence: Evidence) -> Verdict:
    try:
        return Verdict(gate, *gate.judge(evidence))
    except Exception as error:  # whatever it is: a gate that nobody could ask is not passed
        return Verdict(gate, "refused", f"it could not be asked: {type(error).__name__}: {error}")


def _not_worse(model: str, most: float) -> Callable[[Evidence], Finding]:
    def judge(evidence: Evidence) -> Finding:
        change = evidence.evaluation.of(ALL, model).differences["relative_log_loss"]
        found = f"log loss changes by {_percent(change)}; the interval must end below {most:+.0%}"
        return _decided(evidence, "passed" if change.high < most else "refused", found)

    return judge


def _keeps_precision(model: str, most: float) -> Callable[[Evidence], Finding]:
    def judge(evidence: Evidence) -> Finding:
        change = evidence.evaluation.of(ALL, model).differences["pr_auc"]
        found = f"PR-AUC changes by {with_interval(change)}; it may lose less than {most:g}"
        return _decided(evidence, "passed" if change.point > -most else "refused", found)

    return judge


def _beats(baseline: str) -> Callable[[Evidence], Finding]:
    def judge(evidence: Evidence) -> Finding:
        less = evidence.evaluation.of(ALL, baseline).differences["log_loss"]
        shown = with_interval(less, 1)  # on which side of 0 an end lies
        found = f"the model's log loss less that of {NAMES[baseline]} is {shown}"
        if less.low > 0:
            return "refused", f"{found}: {NAMES[baseline]} is proved better"
        return _decided(evidence, "passed" if less.high < 0 else "undecidable", f"{found}; it must lie below 0")

    return judge


def _is_calibrated(slice_name: str) -> Callable[[Evidence], Finding]:
    def judge(evidence: Evidence) -> Finding:
        figures = evidence.evaluation.of(slice_name)
        if not figures.bears_a_claim:
            return "passed", f"not judged: {_purchases(figures)}, and {FEWEST_TO_CLAIM} are needed"
        ratio, slope = (figures.estimates[name] for name in ("observed_to_expected", "calibration_slope"))
        found = (
            f"observed over promised purchases {with_interval(ratio)}, slope {with_interval(slope)}; "
            f"both must reach into {CALIBRATED[0]:g} to {CALIBRATED[1]:g}"
        )
        return ("passed" if all(_reaches(each, CALIBRATED) for each in (ratio, slope)) else "refused"), found

    return judge


def _slices_hold(evidence: Evidence) -> Finding:
    """Judge every kind of visitor, cart and hour that has purchases enough."""
    broken = []
    for name in KINDS:
        models = evidence.evaluation.slices[name]
        if not models[MODEL].bears_a_claim:
            continue
        ratio = models[MODEL].estimates["observed_to_expected"]
        if not _reaches(ratio, SLICE_CALIBRATED):
            broken.append(f"{name}: observed over promised purchases {with_interval(ratio)}")
        if evidence.champion is not None:
            change = models["champion"].differences["relative_log_loss"]
            if not change.low <= MOST_SLICE_LOG_LOSS:
                broken.append(f"{name}: log loss against the champion {_percent(change)}")
    if broken:
        return "refused", "; ".join(broken)
    return "passed", "no slice with purchases enough is proved to be worse or badly calibrated"


def _is_no_leak(slice_name: str) -> Callable[[Evidence], Finding]:
    def judge(evidence: Evidence) -> Finding:
        figures = evidence.evaluation.of(slice_name)
        if not figures.bears_a_claim:
            return "passed", f"not judged: {_purchases(figures)}, and {FEWEST_TO_CLAIM} are needed"
        area = figures.estimates["roc_auc"]
        found = f"ROC-AUC {with_interval(area)}; its lower end may not lie above {MOST_ROC_AUC}"
        return ("passed" if area.low <= MOST_ROC_AUC else "refused"), found

    return judge


def _is_rebuilt(evidence: Evidence) -> Finding:
    rebuild = evidence.rebuild
    if rebuild.num_points < max(rebuild.num_wanted, 1):
        return "refused", f"{rebuild.num_points:,} of {rebuild.num_wanted:,} decision points could be rebuilt"
    if rebuild.different:
        names = ", ".join(f"{name} ({count:,})" for name, count in rebuild.different.items())
        return "refused", (
            f"of {rebuild.num_points:,} decision points rebuilt from the events up to them alone, these inputs differ: "
            f"{names}; {rebuild.example}"
        )
    return "passed", f"{rebuild.num_points:,} decision points rebuilt from the events up to them alone are the same"


def _has_its_signature(evidence: Evidence) -> Finding:
    if evidence.missing_inputs:
        return "refused", f"gold.intent_examples does not have {', '.join(evidence.missing_inputs)}"
    if evidence.signature_differences:
        return "refused", f"MLflow's signature differs: {', '.join(evidence.signature_differences)}"
    return "passed", "every input is a column of gold.intent_examples, and MLflow shows the same ones"


def _has_parity(evidence: Evidence) -> Finding:
    worst = {name: value for name, value in evidence.parity.items() if not value <= PARITY}  # a NaN is none, too
    if worst or not evidence.parity:
        told = ", ".join(f"{name} by {value:.1e}" for name, value in worst.items()) or "nothing was compared"
        return "refused", f"probabilities differ: {told}; at most {PARITY:g} is allowed"
    return "passed", f"all ways to score differ by at most {max(evidence.parity.values()):.1e}"


def _decided(evidence: Evidence, state: State, found: str) -> Finding:
    """Take back what too few purchases cannot bear."""
    if evidence.num_purchases >= FEWEST_TO_COMPARE:
        return state, found
    return (
        "undecidable",
        f"{found}; but there are {evidence.num_purchases:,} purchases, and {FEWEST_TO_COMPARE} are needed",
    )


def _reaches(value: Estimate, band: tuple[float, float]) -> bool:
    return value.low <= band[1] and value.high >= band[0]  # false where there is no interval


def _percent(value: Estimate) -> str:
    return f"{value.point:+.2%} [{value.low:+.2%}, {value.high:+.2%}]"


def _purchases(figures: Figures) -> str:
    return f"{figures.num_purchases:,} purchases"


LEAK = "take what the model cannot know at that moment out of its inputs, then lakehouse ml train"
REPAIR = "lakehouse ml train --force"
GATES: tuple[Gate, ...] = (
    Gate("rebuilt decision points", _is_rebuilt, remedy=LEAK),
    *(Gate(f"no leak {title(at(k))}", _is_no_leak(at(k)), remedy=LEAK) for k in POINTS),
    Gate("signature", _has_its_signature, remedy=REPAIR),
    Gate("parity", _has_parity, remedy=REPAIR),
    *(Gate(f"calibration {title(each)}", _is_calibrated(each)) for each in (ALL, *map(at, POINTS))),
    Gate("slices", _slices_hold),
    *(Gate(f"better than {NAMES[each]}", _beats(each), "warns") for each in BASELINES),
    Gate("log loss against the champion", _not_worse("champion", MOST_LOG_LOSS), "waived"),
    Gate("PR-AUC against the champion", _keeps_precision("champion", MOST_PR_AUC), "waived"),
    Gate("log loss against the best champion so far", _not_worse("best", MOST_LOG_LOSS_IN_ALL), "waived"),
    Gate("PR-AUC against the best champion so far", _keeps_precision("best", MOST_PR_AUC_IN_ALL), "waived"),
)
