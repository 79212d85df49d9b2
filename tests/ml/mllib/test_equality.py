import numpy as np
import pytest
from pyspark.sql import functions as F

from ml.intent import estimator
from ml.registry import mlflow_store
from ml.serving import expression, formula
from ml.serving.scorer import champion

EXTREMES = {"num_views": 5000, "num_adds": 900, "seconds_so_far": 1e6, "price": 1e12, "item_views": 10**9}


@pytest.fixture(scope="module")
def answers(trained, rows):
    """Decision points, and extremes, with the score of the registered MLlib model and of the DataFrame expression."""
    settings = trained.settings
    mlflow, scorer = mlflow_store.connect(settings), champion(settings)
    run_id = mlflow.MlflowClient().get_model_version_by_alias(settings.model.name, "champion").run_id
    model = mlflow.spark.load_model(f"runs:/{run_id}/spark_model", dfs_tmpdir=str(settings.lake_path / "logs" / "dfs"))
    some = rows.limit(2000)
    far = some.limit(20).withColumns(
        {name: F.lit(value).cast(dict(some.dtypes)[name]) for name, value in EXTREMES.items()}
    )
    asked = estimator.with_terms(some.unionByName(far), scorer.document["terms"])
    scored = model.transform(asked).withColumn("score", estimator.positive("calibrated"))
    found = scored.withColumn("expression", expression.probability(scorer.document))
    return found.select(*formula.inputs(scorer.document["terms"]), "score", "expression").toPandas()


def test_the_data_frame_expression_equals_mllib(answers):
    assert np.abs(answers["expression"] - answers["score"]).max() <= 1e-9


def test_the_scorer_equals_mllib(trained, answers):
    assert np.abs(champion(trained.settings).score(answers) - answers["score"]).max() <= 1e-9


def test_the_served_model_equals_mllib(trained, answers):
    mlflow, settings = mlflow_store.connect(trained.settings), trained.settings
    model = mlflow.pyfunc.load_model(f"models:/{settings.model.name}@champion")
    served = model.predict(answers.drop(columns=["score", "expression"]).astype(float))
    assert np.abs(served["probability"] - answers["score"]).max() <= 1e-9
    threshold = champion(settings).threshold or 2.0
    assert served["is_flagged"].tolist() == (served["probability"] >= threshold).tolist()
