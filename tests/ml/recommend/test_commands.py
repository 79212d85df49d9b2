"""`lakehouse recommend`, from the command line on."""

import json
from dataclasses import replace

import pytest

from lakehouse.cli import main as cli
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from ml.recommend import evaluation_command, serving
from ml.recommend.evaluate import SERVED
from ml.registry import mlflow_store

from ...conftest import settings_of


@pytest.fixture
def run(built_lake, monkeypatch, capsys):
    """Run a command on the sample's lake; return its exit code and what it printed."""
    monkeypatch.setenv("LAKEHOUSE_LAKE", str(built_lake))

    def command(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(list(arguments))
        printed = capsys.readouterr()
        return int(ended.value.code), printed.out, printed.err

    return command


def test_items_are_recommended_with_their_reason(run, built_lake):
    recommender = serving.load(open_lake(settings_of(built_lake))).recommender
    item = int(recommender.catalogue.ids[(recommender.starts[1:] > recommender.starts[:-1]).argmax()])
    code, printed, _ = run("recommend", "--items", f"1,{item}", "--json")
    first = json.loads(printed)["items"][0]
    assert (code, first["source"], first["reason"]) == (0, "neighbour", f"because you viewed {item}")


def test_a_visitor_is_reminded_of_the_last_visit(run, built_lake):
    last = serving.load(open_lake(settings_of(built_lake))).last_visits
    visitor = int(last.visitors[0])
    _, printed, _ = run("recommend", "--visitor", str(visitor), "--json")
    reminded = {each["item_id"] for each in json.loads(printed)["reminders"]}
    assert reminded <= set(last.last_of(visitor))


def test_a_visitor_without_a_visit_gets_popular_items_and_is_told_so(run):
    code, printed, _ = run("recommend", "--visitor", "999999999")
    assert code == 0
    assert printed.startswith("Visitor 999999999 has no visit: the list is popular items of the shop.")


def test_of_few_visits_nobody_is_told_what_goes_together(run, monkeypatch, built_lake):
    lake = open_lake(settings_of(built_lake))
    item = serving.load(lake).recommender.catalogue.ids[0]
    monkeypatch.setattr(serving, "FEWEST_VISITS", 10**9)
    answer = serving.load(lake).recommender.for_item(int(item))
    assert {each.source for each in answer.items} <= {"popular", "popular_in_category"}
    assert answer.note.startswith("Fewer than 1,000,000,000 visits do not tell what goes together")


@pytest.mark.parametrize("asked", [[], ["--items", "1", "--visitor", "1"]])
def test_neither_or_both_of_visit_and_visitor_are_refused(run, asked):
    code, _, errors = run("recommend", *asked)
    assert (code, "lakehouse recommend --items" in errors) == (Exit.USAGE, True)


def test_a_lake_that_published_nothing_asks_for_a_run(lake):
    with pytest.raises(LakehouseError, match="is not published yet") as caught:
        serving.load(lake)
    assert (caught.value.remedy, caught.value.code) == ("lakehouse run", Exit.USAGE)


def test_an_evaluation_logs_all_methods_to_mlflow_and_spark_agrees(trained_lake: Lake):
    settings = trained_lake.settings
    small = replace(settings, recommend=replace(settings.recommend, als_rank=8, als_iterations=3))
    found = evaluation_command.evaluate(open_lake(small), print, hours=24 * 7)
    assert found.methods["ALS"].scores["known", "C"].hr.value > 0
    mlflow = mlflow_store.connect(small, mlflow_store.RECOMMENDATIONS)
    kept = serving.measured(small)  # what the site shows without MLflow
    assert (
        kept["methods"]["ALS"]["scores"]["known/C"]["hr"]["value"] == found.methods["ALS"].scores["known", "C"].hr.value
    )
    (logged,) = mlflow.search_runs(output_format="list")
    assert logged.info.status == "FINISHED"
    assert logged.data.metrics["known_C/ALS_hr"] == found.methods["ALS"].scores["known", "C"].hr.value
    assert logged.data.metrics["all_A/served_hr"] == found.methods[SERVED].scores["all", "A"].hr.value
    assert logged.data.metrics.keys() >= {
        *(f"lists/{name}_{figure}" for name in ("served", "ALS") for figure in ("coverage", "popularity", "short")),
        *("all_C/new_targets", "known_A/gain_on_VSTAN_mrr", "known_B/own_items_hr_margin", "latency/p99_ms"),
    }


def test_an_evaluator_that_says_otherwise_is_refused(built_lake):
    lake = open_lake(settings_of(built_lake))
    test = evaluation_command.evaluation.prepare(lake, serving.published(lake).versions, hours=24 * 7)
    asked = evaluation_command.evaluation.cases(test)
    found = evaluation_command.evaluation.evaluate(test, asked, evaluation_command.evaluation.rank(test, asked))
    score = found.methods[SERVED].scores["all", "A"]
    evaluation_command.enforce_agreement(found, {(SERVED, "all", "A"): (score.hr.value, score.mrr.value)})
    with pytest.raises(LakehouseError, match=r"differs by 0\.0100 on served"):
        evaluation_command.enforce_agreement(found, {(SERVED, "all", "A"): (score.hr.value + 0.01, score.mrr.value)})
