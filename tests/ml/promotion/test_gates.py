"""Each gate refuses by its own test: evidence that passes all of them, but for one thing."""

from dataclasses import replace

import pytest

from lakehouse.errors import Exit, LakehouseError
from ml.intent.evaluation.baselines import BASELINES
from ml.intent.evaluation.figures import Estimate, Evaluation, Figures
from ml.intent.evaluation.slices import ALL, KINDS, POINTS, at
from ml.promotion.decision import Decision
from ml.promotion.evidence import Evidence, Rebuild
from ml.promotion.gates import GATES, Gate, judge

OTHERS = (*BASELINES, "champion", "best")
SOUND = {
    "roc_auc": Estimate(0.90, 0.88, 0.92),
    "pr_auc": Estimate(0.20, 0.17, 0.23),
    "log_loss": Estimate(0.040, 0.037, 0.043),
    "observed_to_expected": Estimate(1.02, 0.93, 1.11),
    "calibration_slope": Estimate(0.98, 0.90, 1.06),
}
BETTER = {
    "log_loss": Estimate(-0.004, -0.006, -0.002),
    "pr_auc": Estimate(0.01, -0.01, 0.03),
    "relative_log_loss": Estimate(-0.02, -0.03, -0.01),
}


def evaluation(num_purchases: int = 400) -> Evaluation:
    """A model that is better than everything, by much evidence."""
    counts = (40_000, 900, num_purchases)
    models = {"model": Figures(*counts, SOUND)} | {each: Figures(*counts, SOUND, BETTER) for each in OTHERS}
    return Evaluation({name: models for name in (ALL, *map(at, POINTS), *KINDS)})


def evidence(**changes) -> Evidence:
    sound = Evidence(
        challenger=3,
        champion=2,
        best=1,
        since="2015-08-20T00:00:00+00:00",
        evaluation=evaluation(),
        rebuild=Rebuild(1000, 1000, {}, ""),
        missing_inputs=(),
        signature_differences=(),
        parity={"the formula and MLlib": 1e-12},
    )
    return replace(sound, **changes)


def changed(slice_name: str, model: str, num_purchases: int = 400, **estimates: Estimate) -> Evidence:
    """Sound evidence, but for some figures, or differences, of one model on one slice."""
    slices = {name: dict(models) for name, models in evaluation(num_purchases).slices.items()}
    figures = slices[slice_name][model]
    part = "estimates" if model == "model" else "differences"
    slices[slice_name][model] = replace(figures, **{part: {**getattr(figures, part), **estimates}})
    return evidence(evaluation=Evaluation(slices))


def states(of: Evidence) -> dict[str, str]:
    """Which gates do not say passed, and what they say."""
    return {each.gate.name: each.state for each in judge(of) if each.state != "passed"}


def test_sound_evidence_passes_every_gate():
    assert len(judge(evidence())) == len(GATES)
    assert states(evidence()) == {}


@pytest.mark.parametrize(
    ("of", "gate"),
    [
        (evidence(rebuild=Rebuild(1000, 1000, {"label": 31}, "…")), "rebuilt decision points"),
        (evidence(rebuild=Rebuild(999, 1000, {}, "")), "rebuilt decision points"),
        (evidence(rebuild=Rebuild(0, 0, {}, "")), "rebuilt decision points"),
        (changed("k=2", "model", roc_auc=Estimate(0.985, 0.971, 0.99)), "no leak after 2 events"),
        (evidence(missing_inputs=("item_age",)), "signature"),
        (evidence(signature_differences=("price is shown and not read",)), "signature"),
        (evidence(parity={"the formula and MLlib": 2e-9}), "parity"),
        (evidence(parity={"the formula and MLlib": float("nan")}), "parity"),
        (evidence(parity={}), "parity"),
        (changed("all", "model", observed_to_expected=Estimate(1.8, 1.6, 2.0)), "calibration all decision points"),
        (changed("k=1", "model", observed_to_expected=Estimate(0.5, 0.4, 0.66)), "calibration after 1 event"),
        (changed("k=10", "model", calibration_slope=Estimate(0.5, 0.35, 0.65)), "calibration after 10 events"),
        (changed("a cart so far", "champion", relative_log_loss=Estimate(0.09, 0.06, 0.12)), "slices"),
        (changed("18–23 h UTC", "model", observed_to_expected=Estimate(2.6, 2.1, 3.1)), "slices"),
        (changed("all", "cart_so_far", log_loss=Estimate(0.004, 0.001, 0.007)), "better than a cart so far"),
        (changed("all", "champion", relative_log_loss=Estimate(0.0, -0.01, 0.01)), "log loss against the champion"),
        (changed("all", "champion", pr_auc=Estimate(-0.02, -0.05, 0.01)), "PR-AUC against the champion"),
        (
            changed("all", "best", relative_log_loss=Estimate(0.015, 0.009, 0.021)),
            "log loss against the best champion so far",
        ),
        (changed("all", "best", pr_auc=Estimate(-0.04, -0.06, -0.02)), "PR-AUC against the best champion so far"),
    ],
)
def test_a_gate_refuses_what_it_is_there_for_and_no_other_does(of, gate):
    assert states(of) == {gate: "refused"}


def test_ten_losses_that_are_each_too_small_for_the_champion_do_not_add_up():
    """The best champion stays the measure until a version is proved better than it."""
    small = changed("all", "champion", relative_log_loss=Estimate(0.003, -0.003, 0.009))
    drifted = changed("all", "best", relative_log_loss=Estimate(0.03, 0.021, 0.039))
    assert states(small) == {}
    assert states(drifted) == {"log loss against the best champion so far": "refused"}


def test_a_baseline_that_is_neither_beaten_nor_better_is_undecidable():
    of = changed("all", "hour_and_weekday", log_loss=Estimate(-0.001, -0.003, 0.001))
    assert states(of) == {"better than hour and weekday": "undecidable"}


def test_under_two_hundred_purchases_every_comparison_is_undecidable():
    found = states(evidence(evaluation=evaluation(199)))
    compared = {gate.name for gate in GATES if gate.without_champion != "stands"}
    assert found == dict.fromkeys(compared, "undecidable")


def test_a_baseline_that_is_proved_better_refuses_however_few_the_purchases():
    of = changed("all", "cart_so_far", num_purchases=199, log_loss=Estimate(0.004, 0.001, 0.007))
    assert states(of)["better than a cart so far"] == "refused"


def test_a_high_area_of_fewer_than_thirty_purchases_is_no_leak_yet():
    of = changed("k=2", "model", num_purchases=29, roc_auc=Estimate(0.985, 0.971, 0.99))
    assert "no leak after 2 events" not in states(of)


def test_a_figure_without_an_interval_passes_no_gate():
    nowhere = Estimate(float("nan"), float("nan"), float("nan"))
    assert states(changed("all", "champion", relative_log_loss=nowhere)) == {"log loss against the champion": "refused"}
    assert states(changed("k=2", "model", roc_auc=nowhere)) == {"no leak after 2 events": "refused"}
    assert "calibration after 2 events" in states(changed("k=2", "model", calibration_slope=nowhere))


def test_an_empty_evaluation_passes_no_gate_that_looks_at_figures():
    refused = states(evidence(evaluation=Evaluation({})))
    assert set(refused.values()) == {"refused"}
    assert set(refused) == {gate.name for gate in GATES} - {"rebuilt decision points", "signature", "parity"}


def test_a_gate_that_fails_refuses_and_says_how():
    def broken(_: Evidence):
        raise RuntimeError("the disk is gone")

    verdict = judge(evidence(), [Gate("broken", broken)])[0]
    assert (verdict.state, verdict.found) == ("refused", "it could not be asked: RuntimeError: the disk is gone")


def refusal(of: Evidence, has_champion: bool = True, accepted: str = "") -> LakehouseError:
    with pytest.raises(LakehouseError) as error:
        Decision(judge(of), has_champion, accepted).enforce(of.challenger)
    assert error.value.code == Exit.REFUSED
    return error.value


def test_a_refusal_names_the_gate_what_it_found_and_what_mends_it():
    error = refusal(changed("all", "champion", pr_auc=Estimate(-0.031, -0.05, -0.01)))
    assert str(error) == (
        "Version 3 is not promoted: 1 of 23 gates refuses it. The champion stays.\n"
        "  refused: PR-AUC against the champion: PR-AUC changes by -0.03 [-0.05, -0.01]; it may lose less than 0.02\n"
        "  → change the model, then lakehouse ml train"
    )


def test_a_leak_is_mended_in_the_inputs():
    error = refusal(evidence(rebuild=Rebuild(1000, 1000, {"label": 31}, "after event 1 … label is 1 and was 0 then")))
    assert "these inputs differ: label (31); after event 1 … label is 1 and was 0 then" in error.message
    assert error.remedy == "take what the model cannot know at that moment out of its inputs, then lakehouse ml train"


def test_undecidable_refuses_and_may_be_accepted_for_a_reason_that_is_kept():
    thin = evidence(evaluation=evaluation(150))
    error = refusal(thin)
    assert "but there are 150 purchases, and 200 are needed" in error.message
    assert '--accept-undecidable "REASON"' in error.remedy
    decision = Decision(judge(thin), True, "a shop of few sales")
    decision.enforce(3)
    assert {each["outcome"] for each in decision.to_document()} == {"passed", "accepted"}


def test_nothing_accepts_what_is_refused():
    refusal(evidence(parity={}), accepted="never mind")


def test_without_a_champion_undecided_baselines_warn_and_comparisons_with_it_are_waived():
    decision = Decision(judge(evidence(champion=None, best=None, evaluation=evaluation(150))), False)
    decision.enforce(3)
    outcomes = {each["gate"]: each["outcome"] for each in decision.to_document()}
    assert outcomes["better than base rate"] == "warning"
    assert outcomes["log loss against the champion"] == "waived"
    assert [each.gate.name for each in decision.warnings] == [g.name for g in GATES if g.without_champion == "warns"]


@pytest.mark.parametrize(
    "of",
    [
        evidence(champion=None, rebuild=Rebuild(1000, 1000, {"label": 31}, "")),
        evidence(champion=None, parity={}),
        evidence(champion=None, missing_inputs=("item_age",)),
        changed("all", "model", calibration_slope=Estimate(0.5, 0.35, 0.65)),
        changed("all", "base_rate", log_loss=Estimate(0.004, 0.001, 0.007)),
        changed("k=1", "model", roc_auc=Estimate(0.985, 0.971, 0.99)),
    ],
    ids=["leak", "parity", "signature", "calibration", "a baseline proved better", "area"],
)
def test_without_a_champion_these_gates_refuse_all_the_same(of):
    assert "There is still no champion" in refusal(of, has_champion=False).message
