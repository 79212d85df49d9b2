"""The Model page: who serves, what the gates said, curves that agree with the registered figures, and the weeks since."""

import shutil
from itertools import pairwise

import pytest

from app import pages
from app.pages.model import curves, numbers, registered
from app.site import Site
from lakehouse.lake import open_lake
from ml.promotion.monitoring import monitor
from ml.serving.registered import named

from ..conftest import settings_of
from .test_predict import text


@pytest.fixture(scope="module")
def context(sample_lake):
    site = Site(settings_of(sample_lake))
    site.lakes[""].refresh()
    return lambda query="": site.context(pages.parse(query))


def test_the_champion_is_found_with_what_its_promotion_and_its_test_said(sample_lake):
    (champion,) = named(settings_of(sample_lake))
    assert (champion.aliases, champion.problem, champion.accepted) == (("champion", "best"), "", "")
    assert {each["outcome"] for each in champion.gates} <= {"passed", "warning", "waived"}
    assert champion.evaluation.of() == champion.scorer.evaluation.of()
    assert "new visitors" in champion.evaluation.slices


def test_evidence_that_was_altered_is_not_shown(sample_lake, tmp_path):
    shutil.copytree(sample_lake, tmp_path / "lake")
    settings = settings_of(tmp_path / "lake")
    (path,) = (tmp_path / "lake" / "mlflow" / "artifacts").glob("*/artifacts/promotion.json")
    path.write_text(path.read_text().replace("passed", "refused"))
    (champion,) = named(settings)
    assert (champion.gates, champion.evaluation.of() == champion.scorer.evaluation.of()) == ([], True)


def test_the_areas_under_the_curves_are_those_of_the_registered_test(context):
    found, told = numbers.curves(context()), context().model.evaluation.of()
    assert found.num_points == told.num_points
    assert found.num_positives == told.num_positives
    roc = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(zip(found.others, found.found, strict=True)))
    assert roc == pytest.approx(told.estimates["roc_auc"].point, abs=2e-3)
    steps = zip(pairwise(found.found), found.precision, strict=True)
    pr = sum((b - a) * precision for (a, b), precision in steps)
    assert pr == pytest.approx(told.estimates["pr_auc"].point, rel=0.05)


def test_every_tenth_of_the_calibration_is_counted_once(context):
    found = numbers.curves(context())
    assert sum(each.successes for each in found.observed) == found.num_positives
    assert sum(each.n for each in found.observed) == found.num_points
    assert found.promised == sorted(found.promised, reverse=True)


def test_the_weeks_are_judged_as_the_command_line_does(context, sample_lake, tmp_path):
    shutil.copytree(sample_lake, tmp_path / "lake")
    told = monitor(open_lake(settings_of(tmp_path / "lake")), print)
    found, _ = numbers.weeks(context())
    assert [(each.week, each.reasons) for each in found] == [(each.week, each.reasons) for each in told.weeks]
    asks = "Train anew" in curves.weeks(context()).title
    assert asks == told.asks_for_training


@pytest.mark.parametrize("after", ["all", "1", "10"])
def test_the_figures_stand_beside_those_of_simpler_rules(context, after):
    drawn = registered.compared(context(f"?after={after}"))
    words = text(drawn.body)
    assert "this model" in words
    assert after == "10" or "a cart so far" in words
    assert "claim" in drawn.title  # of a sample with so few purchases


def test_a_lake_without_a_model_says_how_one_comes_to_be(lake):
    site = Site(lake.settings)
    empty = site.context(pages.parse(""))
    for card in (registered.versions, registered.compared, registered.terms, curves.weeks):
        assert "lakehouse ml train promote --bootstrap" in text(card(empty))
    assert "lakehouse ml promote" in text(registered.gates(empty))
