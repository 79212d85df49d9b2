"""The Model page: who serves, what the gates said, curves that agree with the registered figures, and the weeks since."""

import shutil
from itertools import pairwise

import numpy as np
import pytest

from app import pages, server
from app.pages.model import curves, numbers, registered
from app.pages.model.page import page
from app.site import Site
from lakehouse.lake import open_lake
from ml.promotion.monitoring import monitor
from ml.registry import aliases, card_of, mlflow_store
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


def test_the_curves_of_the_training_are_those_that_its_predictions_give(context):
    kept, counted = numbers.curves(context()), numbers._counted(context())
    assert (kept.num_points, kept.num_positives) == (counted.num_points, counted.num_positives)
    places = [0.05, 0.2, 0.5, 0.9]
    for one in places:
        found = [np.interp(one, each.others, each.found) for each in (kept, counted)]
        assert found[0] == pytest.approx(found[1], abs=0.06)
    assert [each.n for each in kept.observed] == pytest.approx([each.n for each in counted.observed], rel=0.1)


def test_intervals_of_the_calibration_are_of_95_percent_over_visitors(context, sample_lake):
    lake = open_lake(settings_of(sample_lake))
    rows = lake.store.arrow("ml.predictions", lake.ledger.published().versions["ml.predictions"]).to_pandas()
    rows = rows[(rows["part"] == "test") & rows["label"].notna() & rows["superseded_at"].isna()]
    rows = rows.sort_values(["probability", "visitor_id"], ascending=[False, True])
    first = numbers._counted(context()).observed[0]
    of_tenth = rows.head(round(first.n))
    by_visitor = of_tenth.groupby("visitor_id")["label"].agg(["sum", "count"])
    rate, drawn = first.rate, np.random.default_rng(1)
    weights = drawn.poisson(1.0, (2000, len(by_visitor)))
    rates = (weights @ by_visitor["sum"]) / (weights @ by_visitor["count"])
    low, high = np.quantile(rates, [0.025, 0.975])
    assert rate == pytest.approx(of_tenth["label"].mean())
    assert (first.low, first.high) == pytest.approx((low, high), abs=0.35 * (high - low))
    assert "95 % intervals over visitors" in curves.calibration(context()).subtitle


def test_the_index_of_each_input_stands_by_week_as_the_weeks_are_judged(context):
    judged, _ = numbers.weeks(context())
    found = numbers.moved(context())
    assert {name: dict(values) for name, values in found.items()} == {
        name: {week.week: week.psi[name] for week in judged if name in week.psi} for name in found
    }
    assert set(found) == {name for week in judged for name in week.psi}
    drawn = curves.drifted(context())
    assert "moved" in drawn.title
    assert f"{found['num_views'][judged[-1].week]:.2f}" in text(drawn.table)


def test_the_page_links_to_the_run_that_made_the_version_and_the_run_to_the_page(context, sample_lake):
    settings = settings_of(sample_lake)
    (champion,) = named(settings)
    mlflow = mlflow_store.connect(settings)
    run = mlflow.get_run(champion.mlflow["run_id"])
    assert run.info.experiment_id == champion.mlflow["experiment_id"]
    assert f"/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}" in str(registered.versions(context()).body)
    described = run.data.tags["mlflow.note.content"]
    assert "This run made version 1 (best, champion)" in described or "version 1 (champion, best)" in described
    assert f"http://127.0.0.1:{settings.app.port}/model" in described


def test_the_model_card_is_sent_as_a_file_equal_to_the_command_lines(context, sample_lake):
    settings = settings_of(sample_lake)
    client = server.make(Site(settings), 8050).server.test_client()
    here = {"Host": "localhost:8050"}
    sent = client.get("/api/v1/model-card.md", headers=here)
    assert sent.headers["Content-Disposition"] == 'attachment; filename="model-card-v1.md"'
    wanted = card_of.text(settings, None).splitlines()
    assert sorted(sent.text.splitlines()[2].split(": ")[1].split(", ")) == sorted(wanted[2].split(": ")[1].split(", "))
    assert sent.text.splitlines()[3:] == wanted[3:]
    assert client.get("/api/v1/model-card.md?version=9", headers=here).status_code == 404


def test_another_set_of_names_changes_what_browsers_compare_and_redraws_what_shows_the_model(sample_lake, tmp_path):
    settings = settings_of(shutil.copytree(sample_lake, tmp_path / "lake"))
    site = Site(settings)
    shown = site.lakes[""]
    shown.refresh()
    cards = {card.name: card for card in page.cards}

    def seen():
        return shown.shown, cards["versions"].key("model", site.context(pages.parse("")))

    before = seen()
    assert seen() == before
    aliases.write(settings, {aliases.PREVIOUS: aliases.read(settings)[aliases.CHAMPION]})
    assert all(one != other for one, other in zip(before, seen(), strict=True))


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
