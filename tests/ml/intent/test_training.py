import contextvars
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, recall_score, roc_auc_score

from gold import intent_examples
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import lock
from lakehouse.runs.publication import publish
from lakehouse.storage.ledger import Run, now
from ml.intent import training
from ml.intent.evaluation.figures import from_document
from ml.intent.examples import TABLE
from ml.registry import aliases, mlflow_store, tracking
from ml.serving import formula, scorer


def retuned(lake: Lake, **changes) -> Lake:
    return open_lake(replace(lake.settings, model=replace(lake.settings.model, **changes)))


def with_visits(lake: Lake, frame) -> Lake:
    """Publish these rows as gold.intent_examples, and all that a training reads."""
    for contract in lake.contracts.values():
        lake.store.create(contract)
    lake.store.overwrite(intent_examples.table, frame, "test")
    publish(lake, Run("run", "lakehouse run", "published", now(), now()), list(lake.tables))
    return lake


def test_nothing_is_trained_while_table_settings_and_code_are_the_same(trained_lake):
    again = training.train(trained_lake, print)
    assert (again.version, again.alias, again.is_new) == (1, "champion", False)


def test_a_new_model_is_the_challenger_and_not_trained_twice_and_the_champion_serves_on(trained_lake):
    lake = retuned(trained_lake, max_iter=49)
    outcome = training.train(lake, print)
    assert (outcome.version, outcome.alias) == (2, "challenger")
    assert scorer.champion(lake.settings).version == 1
    assert not training.train(lake, print).is_new


def test_a_change_of_code_asks_for_a_new_model_and_a_comment_does_not(tmp_path, monkeypatch):
    source, before = Path(formula.__file__).read_text(), training.code_fingerprint()
    monkeypatch.setattr(formula, "__file__", str(tmp_path / "formula.py"))
    (tmp_path / "formula.py").write_text(f"{source}# a remark\n")
    assert training.code_fingerprint() == before
    (tmp_path / "formula.py").write_text(source.replace("1.0 /", "2.0 /"))
    assert training.code_fingerprint() != before


def test_mlflow_says_what_the_registry_reads(trained_lake):
    client = mlflow_store.connect(trained_lake.settings).MlflowClient()
    theirs = client.get_model_version_by_alias(trained_lake.settings.model.name, "champion")
    ours = aliases.by_alias(trained_lake.settings, "champion")
    assert (ours.number, dict(ours.tags)) == (int(theirs.version), theirs.tags)


def test_a_run_tells_its_data_its_settings_its_figures_and_shows_its_curves(trained_lake):
    mlflow = mlflow_store.connect(trained_lake.settings)
    client = mlflow.MlflowClient()
    run = client.get_run(client.get_model_version_by_alias(trained_lake.settings.model.name, "champion").run_id)
    assert run.inputs.dataset_inputs[0].dataset.name == TABLE
    assert run.data.tags["training_version"] == str(trained_lake.ledger.published().versions[TABLE])
    assert run.data.params["max_iter"] == "30"
    figures = scorer.champion(trained_lake.settings).metrics
    logged = {name: run.data.metrics[f"all/{name}"] for name in figures if f"all/{name}" in run.data.metrics}
    assert logged == pytest.approx({name: figures[name] for name in logged})
    assert figures.keys() - logged.keys() <= {"precision"}  # of a model without a threshold
    assert {"roc.png", "precision_recall.png", "calibration.png"} <= {
        each.path for each in client.list_artifacts(run.info.run_id)
    }


def test_the_figures_of_the_briefs_model_have_intervals_and_are_those_of_scikit_learn(trained_lake):
    served = scorer.champion(trained_lake.settings).document
    brief, (start, end) = served["brief"], map(datetime.fromisoformat, served["slices"]["test"])
    visits = trained_lake.store.arrow("gold.session_features").to_pandas()
    asked = visits[visits["started_at"].between(start, end, inclusive="left") & (visits["num_events_before"] > 0)]
    odds = asked[brief["features"]].to_numpy(float) @ brief["coefficients"] + brief["intercept"]
    label, score = asked["purchase_intent"].to_numpy(int), 1 / (1 + np.exp(-odds))
    threshold = 2 if brief["threshold"] is None else brief["threshold"]  # None: too few purchases to choose one
    flagged = score >= threshold
    theirs = {
        "num_points": len(label),
        "base_rate": label.mean(),
        "roc_auc": roc_auc_score(label, score),
        "log_loss": log_loss(label, score),
        "brier": np.mean((score - label) ** 2),
        "accuracy": np.mean(flagged == label),
        "recall": recall_score(label, flagged),
    }
    estimates = from_document(brief["evaluation"]).of().estimates
    for name, value in theirs.items():
        assert brief["metrics"][name] == pytest.approx(value, abs=1e-3), name
        assert name == "num_points" or estimates[name].low <= value <= estimates[name].high, name


def test_a_served_model_that_differs_from_mllib_is_refused():
    class Wrong:
        def predict(self, rows):
            return pd.DataFrame({"probability": [0.5 + 1e-8] * len(rows)})

    answers = pd.DataFrame([[1, 0.5]], columns=["num_views", "score"])
    with pytest.raises(LakehouseError, match=r"differs from MLlib's by 1\.0e-08") as error:
        tracking.compare(Wrong(), answers)
    assert error.value.code == Exit.REFUSED


def test_before_the_first_run_there_is_nothing_to_train_on(lake):
    with pytest.raises(LakehouseError, match="not published yet") as error:
        training.train(lake, print)
    assert (error.value.code, error.value.remedy) == (Exit.USAGE, "lakehouse run")


def test_a_table_without_visits_is_refused(lake, none):
    with_visits(lake, none(intent_examples.table))
    with pytest.raises(LakehouseError, match="nothing to learn from") as error:
        training.train(lake, print)
    assert (error.value.code, error.value.remedy) == (Exit.REFUSED, "land more events, then lakehouse run")
    assert aliases.read(lake.settings) == {}


def test_a_training_waits_for_no_other_writer(trained_lake):
    elsewhere = contextvars.copy_context()  # what holds the lock may hold it again; this context does not
    with lock.hold(trained_lake.settings, "lakehouse run"), pytest.raises(LakehouseError) as error:
        elsewhere.run(training.train, trained_lake, print)
    assert error.value.code == Exit.ENVIRONMENT
