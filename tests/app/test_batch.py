"""The figures of a scoring, and what the page says where there is none."""

import json

import numpy as np
import pyarrow as pa
import pytest

from app import pages
from app.jobs.store import DONE, Job
from app.pages.batch import numbers, page, result
from app.site import Site
from app.theme import LIGHT
from ml.serving.batch.results import Results

from ..conftest import settings_of


def scored(tmp_path, probability, **columns):
    """What is known of rows with these scores."""
    arrays = {name: pa.array(values) for name, values in columns.items()}
    arrays |= {"probability": pa.array(probability, pa.float64()), "is_flagged": pa.nulls(len(probability), pa.bool_())}
    with Results([tmp_path / "out.csv"]) as results:
        for start in range(0, len(probability), 7):
            results.write(pa.RecordBatch.from_pydict(arrays).slice(start, 7))
    return results


def both(tmp_path, probability, **columns):
    summary = scored(tmp_path, probability, **columns).tally.to_document()
    return numbers.of(summary["all"]), numbers.of(summary["judged"])


def test_the_threshold_is_where_value_less_cost_is_most_on_rows_whose_end_is_known(tmp_path):
    probability = [0.5] * 40 + [0.1] * 60 + [0.01] * 100
    label = [1] * 35 + [0] * 5 + [1] * 6 + [0] * 54 + [0] * 100
    found = numbers.profit(*both(tmp_path, probability, label=label), value=10.0, cost=2.0)

    assert found.is_judged
    assert 0.1 < found.threshold <= 0.5
    assert found.best == pytest.approx((35 * 10 - 40 * 2) / 200 * 1000)
    assert numbers.profit(*both(tmp_path, probability, label=label), 10.0, 0.5).threshold <= 0.1


def test_without_enough_known_purchases_a_contact_pays_from_cost_over_value_on(tmp_path):
    probability = list(np.linspace(0.001, 0.2, 400))
    everything, judged = both(tmp_path, probability, label=[1] * 29 + [0] * 371)
    found = numbers.profit(everything, judged, value=50.0, cost=1.0)

    assert not found.is_judged
    assert found.threshold == pytest.approx(1 / 50, rel=0.03)
    assert numbers.num_from(everything, found.threshold) == pytest.approx(sum(p >= 0.02 for p in probability), abs=2)


def test_no_contact_pays_that_costs_more_than_a_purchase_brings(tmp_path):
    found = numbers.profit(*both(tmp_path, [0.3, 0.2]), value=1.0, cost=1.0)

    assert (found.threshold > 1, found.best) == (True, 0.0)


def test_rows_that_the_model_was_fit_on_do_not_judge_it(tmp_path):
    part = ["fit", "test", "later", "embargo", "test", "threshold"]
    results = scored(tmp_path, [0.5] * 6, label=[1, 1, 0, 1, None, 1], part=part)
    judged = numbers.of(results.tally.to_document()["judged"])

    assert (judged.num_points, judged.num_bought, results.tally.num_labelled) == (2, 1, 5)


def test_gain_lift_and_calibration_are_those_of_the_rows(tmp_path):
    generator = np.random.default_rng(5)
    probability = generator.beta(1, 12, 5_000)
    label = (generator.random(5_000) < probability).astype(int)
    _, judged = both(tmp_path, list(probability), label=list(label))
    best = np.argsort(-probability)[:500]

    assert numbers.lift(judged, 0.1) == pytest.approx(label[best].mean() / label.mean(), rel=0.02)
    groups = numbers.calibration(judged)
    assert len(groups) == 10
    assert sum(each.low <= promised <= each.high for promised, each in groups) >= 9
    assert sum(number for _, number in numbers.distribution(judged)) == 5_000


def test_the_highest_rows_are_kept_over_all_batches(tmp_path):
    probability = list(np.random.default_rng(1).permutation(5_000) / 10_000)
    top = scored(tmp_path, probability, visit=list(range(5_000))).top()

    assert [row["probability"] for row in top] == sorted(probability, reverse=True)[:100]


def job(tmp_path, state=DONE, **changes):
    results = scored(tmp_path, [0.5, 0.01], visitor_id=[7, 8], label=[1, 0])
    found = {"summary": results.tally.to_document(), "top": results.top(), "rows": 2, "model_version": 3}
    found |= {"files": {"scored.csv": 9}, "rejected": 1, "first_rejected": [{"line": 4, "reason": "x is not a number"}]}
    return Job("0" * 32, "score-file", "Score a.csv", "", {}, "me", False, state, 0.0, result=found, **changes)


def test_the_result_names_model_rejects_and_files(tmp_path):
    shown = str(result.cards(job(tmp_path), 50.0, 1.0, champion=4, palette=LIGHT))

    for words in ("2 rows scored by model version 3", "the champion is version 4 by now", "line 4: x is not a number"):
        assert words in shown
    assert f"/api/v1/jobs/{'0' * 32}/files/scored.csv" in shown
    assert "the model may have been fit on some" in shown


def test_the_rows_to_contact_are_sorted_by_value_and_shown_in_words_and_what_is_no_number_is_a_text(tmp_path):
    rows = [
        {"visitor_id": 2**60 + 1, "probability": 0.5, "label": True, "price": 9.5, "seen": "2015-06-01T08:00:00+00:00"},
        {"visitor_id": 8, "probability": 0.5, "label": None, "price": float("nan"), "seen": None},
    ]
    scored_job = job(tmp_path)
    scored_job.result["top"] = rows
    grid = result.cards(scored_job, 50.0, 1.0, champion=3, palette=LIGHT)[-1].children[1]
    content = json.loads(getattr(grid, "data-grid"))

    assert [column["kind"] for column in content["columns"]] == ["text", "number", "text", "number", "text"]
    assert content["rows"] == [
        [[2**60 + 1, str(2**60 + 1)], [50, "50.0%"], ["True", "True"], [9.5, "9.5"], ["2015-06-01 08:00:00"] * 2],
        [[8, "8"], [50, "50.0%"], [None, "–"], [None, "nan"], [None, "–"]],
    ]


def test_a_result_that_is_gone_and_none_at_all_are_told(ask):
    assert "There is no such result" in str(page.shown_result(ask(f"?job={'0' * 32}"), None))
    assert "Nothing is scored yet" in str(page.shown_result(ask(), None))


def test_a_lake_without_a_model_names_the_training(ask):
    assert "lakehouse ml train promote --bootstrap" in str(pages.find("/batch").layout(ask()))


def test_the_visits_meant_are_those_of_the_filters_and_a_lake_that_was_not_scored_offers_to(sample_lake, monkeypatch):
    site = Site(settings_of(sample_lake))
    site.lakes[""].refresh()
    context = site.context(pages.parse("?range=2015-06-01..2015-06-07&segment=new&point=3"))
    expected = '{"start": "2015-06-01", "end": "2015-06-07", "visitors": "new", "point": "3"}'

    assert expected in str(page.meant(context))
    monkeypatch.setattr("app.pages.batch.page.segment.count", lambda *_: 0)
    assert "score-lake" in str(page.meant(context))
