import numpy as np
import pytest
from pyspark.sql import functions as F

from ml import mlflow_store, predictions
from ml.evaluate import add_score
from ml.features import FEATURES
from ml.scorer import champion

EXTREMES = [(5000, 0, 5000, 0), (0, 900, 900, 23)]


@pytest.fixture(scope="module")
def answers(trained, visits):
    """Every kind of visit, and extremes, with the score of the registered MLlib model and of the DataFrame expression."""
    settings = trained.settings
    mlflow, scorer = mlflow_store.connect(settings), champion(settings)
    run_id = mlflow.MlflowClient().get_model_version_by_alias(settings.model.name, "champion").run_id
    model = mlflow.spark.load_model(f"runs:/{run_id}/spark_model", dfs_tmpdir=str(settings.lake_path / "logs" / "dfs"))
    kinds = visits.select(*FEATURES).distinct()
    scored = add_score(model, kinds.unionByName(visits.sparkSession.createDataFrame(EXTREMES, kinds.schema)))
    expression = predictions.probability(scorer.features, scorer.coefficients, scorer.intercept)
    return scored.select(*FEATURES, F.col("score"), expression.alias("expression")).toPandas()


def test_the_data_frame_expression_equals_mllib(answers):
    assert np.abs(answers["expression"] - answers["score"]).max() <= 1e-9


def test_the_scorer_equals_mllib(trained, answers):
    assert np.abs(champion(trained.settings).score(answers) - answers["score"]).max() <= 1e-9


def test_the_served_model_equals_mllib(trained, answers):
    mlflow, settings = mlflow_store.connect(trained.settings), trained.settings
    served = mlflow.pyfunc.load_model(f"models:/{settings.model.name}@champion").predict(answers[list(FEATURES)])
    assert np.abs(served["probability"] - answers["score"]).max() <= 1e-9
    assert served["is_predicted"].tolist() == (answers["score"] >= champion(settings).threshold).tolist()
