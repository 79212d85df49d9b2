import contextvars
from dataclasses import replace

import pandas as pd
import pytest

from gold import session_features
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import lock
from lakehouse.runs.publication import publish
from lakehouse.storage.ledger import Run, now
from ml import mlflow_store, registry, scorer, tracking, train
from ml.features import FEATURES, TABLE


def retuned(lake: Lake, **changes) -> Lake:
    return open_lake(replace(lake.settings, model=replace(lake.settings.model, **changes)))


def told() -> tuple[list[str], object]:
    lines: list[str] = []
    return lines, lines.append


def with_visits(lake: Lake, frame) -> Lake:
    """Publish these rows as gold.session_features."""
    for contract in lake.contracts.values():
        lake.store.create(contract)
    lake.store.overwrite(session_features.table, frame, "test")
    publish(lake, Run("run", "lakehouse run", "published", now(), now()), [TABLE])
    return lake


def test_the_first_model_is_the_champion(trained_lake):
    assert registry.by_alias(trained_lake.settings, "champion").number == 1
    assert registry.by_alias(trained_lake.settings, "challenger") is None


def test_nothing_is_trained_while_table_settings_and_code_are_the_same(trained_lake):
    again = train.train(trained_lake, print)
    assert (again.version, again.alias, again.is_new) == (1, "champion", False)


def test_an_equal_model_replaces_the_champion_when_training_is_forced(trained_lake):
    outcome = train.train(trained_lake, print, force=True)
    assert (outcome.version, outcome.alias, outcome.is_new) == (2, "champion", True)
    assert registry.by_alias(trained_lake.settings, "champion").number == 2


def test_a_clearly_worse_model_becomes_the_challenger_and_is_not_trained_twice(trained_lake):
    lake, (lines, say) = retuned(trained_lake, reg_param=1000.0), told()
    outcome = train.train(lake, say)
    assert (outcome.version, outcome.alias) == (2, "challenger")
    assert any("the champion stays" in line for line in lines)
    assert scorer.champion(lake.settings).version == 1
    assert not train.train(lake, say).is_new


def test_a_change_of_code_asks_for_a_new_model_and_a_comment_does_not(tmp_path, monkeypatch):
    for name in train.MODULES:
        (tmp_path / f"{name}.py").write_text("x = 1")
    monkeypatch.setattr(train, "__file__", str(tmp_path / "train.py"))
    before = train.code_fingerprint()
    (tmp_path / "fit.py").write_text("x = 1  # one")
    assert train.code_fingerprint() == before
    (tmp_path / "fit.py").write_text("x = 2")
    assert train.code_fingerprint() != before


def test_the_registry_reads_what_mlflow_says(trained_lake):
    client = mlflow_store.connect(trained_lake.settings).MlflowClient()
    theirs = client.get_model_version_by_alias(trained_lake.settings.model.name, "champion")
    ours = registry.by_alias(trained_lake.settings, "champion")
    assert (ours.number, dict(ours.tags)) == (int(theirs.version), theirs.tags)


def test_a_run_tells_its_data_its_settings_its_figures_and_shows_its_curves(trained_lake):
    mlflow = mlflow_store.connect(trained_lake.settings)
    client = mlflow.MlflowClient()
    run = client.get_run(client.get_model_version_by_alias(trained_lake.settings.model.name, "champion").run_id)
    assert run.inputs.dataset_inputs[0].dataset.name == TABLE
    assert run.data.tags["training_version"] == str(trained_lake.ledger.published().versions[TABLE])
    assert run.data.params["reg_param"] == "0.0"
    assert run.data.metrics == pytest.approx(scorer.champion(trained_lake.settings).metrics)
    assert {"roc.png", "precision_recall.png"} <= {each.path for each in client.list_artifacts(run.info.run_id)}


def test_a_served_model_that_differs_from_spark_is_refused():
    class Wrong:
        def predict(self, rows):
            return pd.DataFrame({"probability": [0.5 + 1e-8] * len(rows)})

    answers = pd.DataFrame([[1, 0, 1, 12, 0.5]], columns=[*FEATURES, "score"])
    with pytest.raises(LakehouseError, match=r"differs from Spark's by 1\.0e-08") as error:
        tracking.compare(Wrong(), answers)
    assert error.value.code == Exit.REFUSED


def test_before_the_first_run_there_is_nothing_to_train_on(lake):
    with pytest.raises(LakehouseError, match="not published yet") as error:
        train.train(lake, print)
    assert (error.value.code, error.value.remedy) == (Exit.USAGE, "lakehouse run")


def test_visits_without_any_purchase_are_refused(lake, given):
    rows = "\n".join(
        f"v{day} | {day} | 2015-05-{day:02} | 2015-05-{day:02} | 9 | 1 | 0 | 1 | 1 | 0" for day in range(1, 30)
    )
    columns = " | ".join(column.name for column in session_features.table.columns)
    with_visits(lake, given(session_features.table, f"{columns}\n{rows}"))
    with pytest.raises(LakehouseError, match="holds 0 visits with a purchase") as error:
        train.train(lake, print)
    assert error.value.code == Exit.REFUSED
    assert registry.by_alias(lake.settings, "champion") is None


def test_a_table_without_visits_is_refused(lake, none):
    with_visits(lake, none(session_features.table))
    with pytest.raises(LakehouseError, match="nothing to learn from") as error:
        train.train(lake, print)
    assert error.value.code == Exit.REFUSED


def test_a_training_waits_for_no_other_writer(trained_lake):
    elsewhere = contextvars.copy_context()  # what holds the lock may hold it again; this context does not
    with lock.hold(trained_lake.settings, "lakehouse run"), pytest.raises(LakehouseError) as error:
        elsewhere.run(train.train, trained_lake, print)
    assert error.value.code == Exit.ENVIRONMENT
