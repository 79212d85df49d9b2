"""MLlib's own scores of decision points, in a process of Apache Spark: `tests.bench.agreement` starts it.

LAKEHOUSE_LAKE=DIR python -m tests.bench.agreement_mllib ROWS.parquet SCORES.csv
"""

import sys

from lakehouse import settings
from ml.intent import estimator, training_run
from ml.registry import mlflow_store
from ml.serving.scorer import champion


def main(rows: str, scores: str) -> None:
    """Score the rows by the champion of the lake, as Spark's registered pipeline does it.

    Args:
        rows: Parquet with `place` and the model's inputs.
        scores: CSV that is written, with `place` and `score`.
    """
    here = settings.load()
    lake, model = training_run.open_on_spark(here, lambda **_: None), champion(here)
    assert model is not None
    mlflow = mlflow_store.connect(here)
    run_id = mlflow.MlflowClient().get_model_version(here.model.name, str(model.version)).run_id
    folder = str(here.lake_path / "logs" / "dfs")
    pipeline = mlflow.spark.load_model(f"runs:/{run_id}/spark_model", dfs_tmpdir=folder)
    points = estimator.with_terms(lake.store.spark.read.parquet(rows), model.document["terms"])
    scored = pipeline.transform(points).withColumn("score", estimator.positive("calibrated"))
    scored.select("place", "score").toPandas().to_csv(scores, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
