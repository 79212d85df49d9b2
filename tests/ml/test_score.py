import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import open_lake
from ml import mlflow_store, registry, score, tracking
from ml.features import TABLE
from ml.predictions import probability, table
from ml.scorer import champion

from .. import invariants
from ..conftest import settings_of
from ..killing import ML, die


def published(lake, name):
    return lake.store.arrow(name, lake.ledger.published().versions[name])


def test_there_is_one_prediction_for_each_visit_with_an_event_before_its_first_purchase(sample_lake):
    lake = open_lake(settings_of(sample_lake))
    visits = published(lake, TABLE).to_pandas()
    wanted = visits[visits["num_events_before"] > 0]["session_id"]
    found = published(lake, table.name).to_pandas()["session_id"]
    assert len(wanted) < len(visits)
    assert sorted(found) == sorted(wanted)


def test_a_prediction_is_the_champions_score_and_its_threshold_decides(sample_lake):
    lake = open_lake(settings_of(sample_lake))
    scorer = champion(lake.settings)
    rows = published(lake, table.name).to_pandas().merge(published(lake, TABLE).to_pandas(), on="session_id")
    assert rows["probability"].to_numpy() == pytest.approx(scorer.score(rows), abs=1e-9)
    assert (rows["is_predicted"] == (rows["probability"] >= scorer.threshold)).all()
    assert rows["is_predicted"].any() and not rows["is_predicted"].all()
    assert set(rows["model_version"]) == {scorer.version}


def test_scoring_again_adds_no_version_and_no_row_to_the_ledger(trained_lake):
    version, runs = trained_lake.store.version(table.name), len(trained_lake.ledger.runs())
    assert score.score(trained_lake, print) is None
    assert (trained_lake.store.version(table.name), len(trained_lake.ledger.runs())) == (version, runs)


def register(lake, **changes) -> None:
    """Register the champion once more, changed, and name it the champion."""
    client, name = mlflow_store.connect(lake.settings).MlflowClient(), lake.settings.model.name
    first = client.get_model_version_by_alias(name, "champion")
    document = registry.document(lake.settings, registry.by_alias(lake.settings, "champion")) | changes
    path = registry.artifacts(lake.settings) / "second.json"
    path.write_text(json.dumps(document))
    tags = first.tags | {"path": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    second = client.create_model_version(name, first.source, first.run_id, tags)
    client.set_registered_model_alias(name, "champion", second.version)


def test_a_new_champion_scores_every_visit_anew_and_is_published(trained_lake):
    register(trained_lake)
    run = score.score(trained_lake, print)
    assert run.command == "lakehouse ml score"
    assert run.reads[table.name][TABLE] == run.versions[TABLE]
    assert set(pc.unique(published(trained_lake, table.name)["model_version"]).to_pylist()) == {2}


def test_a_scoring_that_died_at_every_step_is_published_once_and_not_done_again(trained_lake):
    register(trained_lake)
    before = trained_lake.ledger.published()
    with invariants.reader(trained_lake) as seen:
        for place in ("written.ml.predictions", "written.ledger"):
            die(trained_lake.settings.lake_path, place, *ML, "score")
    after = trained_lake.ledger.published()
    assert before != after
    assert seen == [before, after]
    visits = trained_lake.store.arrow(TABLE).to_pylist()
    assert trained_lake.store.rows(table.name) == sum(visit["num_events_before"] > 0 for visit in visits)
    assert set(pc.unique(published(trained_lake, table.name)["model_version"]).to_pylist()) == {2}
    assert score.score(trained_lake, print) is None


def test_predictions_that_are_no_probabilities_are_refused_before_they_are_committed(trained_lake):
    version = trained_lake.store.version(table.name)
    register(trained_lake, intercept=float("nan"))
    with pytest.raises(LakehouseError, match="probability is one") as error:
        score.score(trained_lake, print)
    assert (error.value.code, error.value.remedy) == (Exit.REFUSED, "lakehouse ml train --force")
    assert trained_lake.store.version(table.name) == version


def test_the_expression_that_scores_equals_mllib_on_the_engine_in_use(spark, sample_lake):
    settings = settings_of(sample_lake)
    client, scorer = mlflow_store.connect(settings).MlflowClient(), champion(settings)
    run_id = client.get_model_version_by_alias(settings.model.name, "champion").run_id
    answers = pd.read_csv(client.download_artifacts(run_id, tracking.ANSWERS))
    expression = probability(scorer.features, scorer.coefficients, scorer.intercept)
    found = spark.createDataFrame(answers).withColumn("found", expression).toPandas()
    assert len(found) > 100
    assert np.abs(found["found"] - found["score"]).max() <= 1e-9


def test_a_lake_that_was_moved_scores_and_serves_its_model(trained_lake, tmp_path):
    shutil.move(trained_lake.settings.lake_path, tmp_path / "else where")
    lake = open_lake(settings_of(tmp_path / "else where"))
    lake.store.create(table)
    lake.store.overwrite(table, lake.store.read(table.name).limit(0), "test")  # as if it had not been scored yet
    assert score.score(lake, print).results[0].rows_out == published(lake, table.name).num_rows > 0
    mlflow = mlflow_store.connect(lake.settings)
    assert mlflow.pyfunc.load_model(f"models:/{lake.settings.model.name}@champion")
    run_id = mlflow.MlflowClient().get_model_version_by_alias(lake.settings.model.name, "champion").run_id
    assert Path(mlflow.MlflowClient().download_artifacts(run_id, "roc.png", str(tmp_path))).is_file()


def test_without_a_champion_nothing_is_scored(trained_lake):
    shutil.rmtree(registry.home(trained_lake.settings))
    with pytest.raises(LakehouseError, match="no champion") as error:
        score.score(trained_lake, print)
    assert (error.value.code, error.value.remedy) == (Exit.USAGE, "lakehouse ml train")


def test_what_a_failed_run_left_is_not_published_by_a_scoring(trained_lake):
    activity = trained_lake.tables["gold.activity"]
    for left in (table, activity):  # the first, so that there is some to score
        trained_lake.store.overwrite(left, trained_lake.store.read(left.name).limit(0), "test")
    before = trained_lake.ledger.published().versions
    after = score.score(trained_lake, print).versions
    assert {name for name in after if after[name] != before[name]} == {table.name}
