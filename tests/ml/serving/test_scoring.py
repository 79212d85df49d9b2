import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import open_lake
from lakehouse.runs.publication import publish
from lakehouse.storage.ledger import Run, now
from ml.intent.examples import TABLE
from ml.intent.slices import EMBARGO, LATER, PARTS
from ml.predictions import table
from ml.registry import aliases, mlflow_store, tracking, versions
from ml.serving import export, expression, scoring
from ml.serving.scorer import champion

from ...conftest import settings_of


def published(lake, name):
    return lake.store.arrow(name, lake.ledger.published().versions[name])


POINT = ["visitor_id", "started_at", "decision_point"]


def test_there_is_one_prediction_for_each_decision_point(sample_lake):
    lake = open_lake(settings_of(sample_lake))
    wanted, found = (published(lake, name).select(POINT) for name in (TABLE, table.name))
    assert found.num_rows == wanted.num_rows > 0
    assert found.sort_by([(name, "ascending") for name in POINT]) == wanted.sort_by([(n, "ascending") for n in POINT])


def test_a_prediction_is_the_champions_score(sample_lake):
    lake = open_lake(settings_of(sample_lake))
    scorer = champion(lake.settings)
    rows = published(lake, table.name).to_pandas().merge(published(lake, TABLE).to_pandas(), on=POINT)
    assert rows["probability"].to_numpy() == pytest.approx(scorer.score(rows), abs=1e-9)
    assert set(rows["model_version"]) == {scorer.version}
    assert set(rows["part"]) == {*PARTS, EMBARGO, LATER}


def test_only_visits_that_have_ended_have_a_label(sample_lake):
    lake = open_lake(settings_of(sample_lake))
    rows = published(lake, table.name).to_pandas().merge(published(lake, TABLE).to_pandas(), on=POINT)
    ended = rows["ended_at"] + pd.Timedelta("30min") < rows["ended_at"].max().floor("h")
    assert 0 < (~ended).sum() < 100
    assert (rows["label_x"].notna() == ended).all()
    assert (rows["label_x"] == rows["label_y"])[ended].all()


def test_scoring_again_adds_no_version_and_no_row_to_the_ledger(trained_lake):
    version, runs = trained_lake.store.version(table.name), len(trained_lake.ledger.runs())
    assert scoring.score(trained_lake, print) is None
    assert (trained_lake.store.version(table.name), len(trained_lake.ledger.runs())) == (version, runs)


def register(lake, **changes) -> None:
    """Let a changed copy of the champion serve in its place, as version 2."""
    first = aliases.by_alias(lake.settings, "champion")
    document = versions.document(lake.settings, first) | changes
    path = versions.artifacts(lake.settings) / "second.json"
    path.write_text(json.dumps(document))
    tags = {**first.tags, "path": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    aliases.write(lake.settings, {"champion": versions.Version(2, tags)})


def test_a_new_champion_scores_every_point_beside_the_old_ones_answers_and_is_published(trained_lake):
    register(trained_lake)
    run = scoring.score(trained_lake, print)
    assert run.command == "lakehouse ml score"
    assert run.reads[table.name][TABLE] == run.versions[TABLE]
    rows = published(trained_lake, table.name).group_by("model_version").aggregate([("probability", "count")])
    counts = dict(zip(*[rows[name].to_pylist() for name in ("model_version", "probability_count")], strict=True))
    assert counts == dict.fromkeys((1, 2), trained_lake.store.rows(TABLE))


def rewrite(lake, **columns) -> None:
    """Publish gold.intent_examples with other values in the rows of the first day."""
    day = lake.store.read(TABLE).agg(F.min("session_date")).collect()[0][0]
    rows = lake.store.read(TABLE)
    other = rows.withColumns(
        {n: F.when(F.col("session_date") == day, v).otherwise(F.col(n)) for n, v in columns.items()}
    )
    lake.store.overwrite(lake.tables[TABLE], other, "test")
    publish(lake, Run("test", "lakehouse run", "published", now(), now()), [TABLE])


def test_a_prediction_whose_visit_changed_stays_superseded_beside_the_new_one(trained_lake):
    before = published(trained_lake, table.name).num_rows
    rewrite(trained_lake, seconds_so_far=F.col("seconds_so_far") + 1)
    scoring.score(trained_lake, print)
    rows = published(trained_lake, table.name).to_pandas()
    old = rows[rows["superseded_at"].notna()]
    assert len(old) == len(rows) - before > 0
    assert set(old["session_date"]) == {rows["session_date"].min()}
    live = rows[rows["superseded_at"].isna()]
    assert not live.duplicated(POINT).any()
    assert (live.merge(old, on=POINT)["scored_at_x"] > live.merge(old, on=POINT)["scored_at_y"]).all()


def test_a_label_that_came_later_is_merged_in_and_scores_nothing_anew(trained_lake):
    rewrite(trained_lake, label=1 - F.col("label"))
    before = published(trained_lake, table.name).to_pandas()
    run = scoring.score(trained_lake, print)
    after = published(trained_lake, table.name).to_pandas()
    assert (run.results[0].rows_out, len(after)) == (0, len(before))
    both = before.merge(after, on=[*POINT, "scored_at", "probability"])
    assert set(both.loc[both["label_x"] != both["label_y"], "session_date_x"].dropna()) >= {
        before["session_date"].min()
    }
    assert after["superseded_at"].isna().all()


def test_predictions_that_are_no_probabilities_are_refused_before_they_are_committed(trained_lake):
    version = trained_lake.store.version(table.name)
    register(trained_lake, intercept=float("nan"))
    with pytest.raises(LakehouseError, match="probability is one") as error:
        scoring.score(trained_lake, print)
    assert (error.value.code, error.value.remedy) == (Exit.REFUSED, "lakehouse ml train --force")
    assert trained_lake.store.version(table.name) == version


def test_the_expression_that_scores_equals_mllib_on_the_engine_in_use(spark, sample_lake):
    settings = settings_of(sample_lake)
    client, scorer = mlflow_store.connect(settings).MlflowClient(), champion(settings)
    run_id = client.get_model_version_by_alias(settings.model.name, "champion").run_id
    answers = pd.read_csv(client.download_artifacts(run_id, tracking.ANSWERS))
    rows = spark.createDataFrame(
        answers.astype(float).astype(object).where(answers.notna(), None),
        ", ".join(f"{n} DOUBLE" for n in answers.columns),
    )
    found = rows.withColumn("found", expression.probability(scorer.document)).toPandas()
    assert len(found) > 100
    assert np.abs(found["found"] - found["score"]).max() <= 1e-9


def test_a_lake_that_was_moved_scores_and_serves_its_model(trained_lake, tmp_path):
    shutil.move(trained_lake.settings.lake_path, tmp_path / "else where")
    lake = open_lake(settings_of(tmp_path / "else where"))
    lake.store.create(table)
    lake.store.overwrite(table, lake.store.read(table.name).limit(0), "test")  # as if it had not been scored yet
    assert scoring.score(lake, print).results[0].rows_out == published(lake, table.name).num_rows > 0
    mlflow = mlflow_store.connect(lake.settings)
    assert mlflow.pyfunc.load_model(f"models:/{lake.settings.model.name}@champion")
    run_id = mlflow.MlflowClient().get_model_version_by_alias(lake.settings.model.name, "champion").run_id
    assert Path(mlflow.MlflowClient().download_artifacts(run_id, "roc.png", str(tmp_path))).is_file()


def test_without_a_champion_nothing_is_scored(trained_lake):
    shutil.rmtree(versions.home(trained_lake.settings))
    with pytest.raises(LakehouseError, match="no champion") as error:
        scoring.score(trained_lake, print)
    assert (error.value.code, error.value.remedy) == (Exit.USAGE, "lakehouse ml train")


def test_what_a_failed_run_left_is_not_published_by_a_scoring(trained_lake):
    activity = trained_lake.tables["gold.activity"]
    for left in (table, activity):  # the first, so that there is some to score
        trained_lake.store.overwrite(left, trained_lake.store.read(left.name).limit(0), "test")
    before = trained_lake.ledger.published().versions
    after = scoring.score(trained_lake, print).versions
    assert {name for name in after if after[name] != before[name]} == {table.name}


def test_predictions_are_written_as_a_file_of_either_kind(sample_lake, tmp_path):
    lake = open_lake(settings_of(sample_lake))
    publication, frames = lake.ledger.published(), []
    for name, read in (("p.csv", pd.read_csv), ("p.parquet", pd.read_parquet)):
        assert export.write(lake, publication, 1, tmp_path / name) == published(lake, table.name).num_rows
        frames.append(read(tmp_path / name).sort_values(POINT))
    assert frames[0]["probability"].to_numpy() == pytest.approx(frames[1]["probability"].to_numpy())
    first = frames[1].iloc[0]
    assert first["session_id"] == f"{first['visitor_id']}-{int(first['started_at'].timestamp() * 1000)}"
    assert {path.name for path in tmp_path.iterdir()} == {"p.csv", "p.parquet"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_takes_for_a_formula_gets_an_apostrophe(text):
    batch = pa.RecordBatch.from_pydict({"part": [text, "test", None], "probability": [-0.5, 0.5, 0.5]})
    safe = export.formula_safe(batch)
    assert safe["part"].to_pylist() == [f"'{text}", "test", None]
    assert safe["probability"] == batch["probability"]


@pytest.mark.parametrize("name", ["predictions.xlsx", "nowhere/predictions.csv"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_scored(tmp_path, name):
    with pytest.raises(LakehouseError) as error:
        export.check(tmp_path / name)
    assert error.value.code == Exit.USAGE
