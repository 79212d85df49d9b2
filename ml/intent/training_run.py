"""ml.intent.training_run — the part of a training that needs MLlib: fit, evaluate, register.

`ml.intent.training` runs it in a process of its own, on what the lake's engine read.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark import SparkContext, inheritable_thread_target
from pyspark.sql import SparkSession

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.sections import Model
from lakehouse.settings import Settings
from ml.intent import brief, document, estimator
from ml.intent.design import terms
from ml.intent.estimator import Fitted, Floats
from ml.intent.evaluation import by_rdd, curves, report
from ml.intent.evaluation.counting import count_scored
from ml.intent.evaluation.evaluation import evaluate
from ml.intent.evaluation.figures import FEWEST_TO_SHOW, MODEL, Evaluation
from ml.intent.evaluation.slices import ALL, COLUMNS, VISIT
from ml.intent.evaluation.tally import Tallies
from ml.intent.examples import TABLE
from ml.intent.handover import ALIKE, POINTS, VISITS
from ml.intent.slices import Slices
from ml.intent.threshold import Threshold, choose
from ml.registry import card_of
from ml.registry.aliases import CHALLENGER
from ml.registry.tracking import Trained, record
from ml.serving import formula
from ml.serving.formula import Document, inputs
from ml.spark_process import Tell, serve

ANSWERS = 1000  # rows on which the served model is compared with MLlib's
LOCAL_RELATION = "spark.sql.execution.arrow.localRelationThreshold"
FITTING, MEASURING = "fit the model", "measure the model"  # Spark's pages show them


@dataclass(frozen=True)
class Learned:
    """A model as MLlib made it.

    Attributes:
        fitted: what MLlib fitted.
        document: the served model, but for where it came from.
        answers: some rows of inputs with MLlib's probability as `score`.
    """

    fitted: Fitted
    document: dict[str, Any]
    answers: pd.DataFrame


def train(
    settings: Settings,
    tell: Tell,
    folder: str,
    splits: dict[str, Any],
    baselines: dict[str, Any],
    identity: dict[str, str],
) -> dict[str, Any]:
    """Train on what the lake's engine read, and register the model.

    Args:
        settings: the lake, locked by the parent.
        tell: sends the parent a message.
        folder: holds `handover.POINTS`, `ALIKE` and `VISITS`.
        splits: how the time is split, as `Slices.to_document` writes it.
        baselines: counts of the fit, as `Baselines.to_document` writes them.
        identity: what the model is made from, by the names of `ml.registry.versions.Version`.

    Returns:
        The `version` of the registered model, its `alias`, and what its test says as `lines` of text.

    Raises:
        LakehouseError: its test holds too little, or the served model differs from MLlib's (exit code 3).
    """
    lake, slices = open_on_spark(settings, tell), Slices.of(splits)
    read = {name: pq.read_table(Path(folder) / name) for name in (POINTS, ALIKE, VISITS)}
    points, spark = read[POINTS].to_pandas(), lake.store.spark
    nullable = {each.name for each in lake.tables[TABLE].columns if each.nullable}
    with ThreadPoolExecutor() as pool:  # the brief's model is small, and costs little beside the other
        spark.sparkContext.setJobDescription(MEASURING)
        training = inheritable_thread_target(spark)(brief.train)
        of_brief = pool.submit(training, spark, read[ALIKE], read[VISITS].to_pandas(), settings.model)
        spark.sparkContext.setJobDescription(FITTING)
        learned = learn(spark, points, slices, settings.model, nullable)
        beside = of_brief.result()
    spark.sparkContext.setJobDescription(MEASURING)
    unmeasured = {**learned.document, "baselines": baselines, "brief": beside, "trained_on": identity}
    scored = score_test(points, unmeasured)
    tallies = tally_test(spark.sparkContext, scored, unmeasured)
    evaluation = evaluate(tallies)
    _require_a_test(evaluation)
    metrics = evaluation.metrics() | {f"brief_whole_visit/{name}": each for name, each in beside["metrics"].items()}
    opinion = {f"all/{name}": value for name, value in by_rdd.areas(spark.sparkContext, scored).items()}
    made = {**unmeasured, **evaluation.summary()}
    params = {
        **asdict(settings.model),
        **{name: " – ".join(bounds) for name, bounds in splits.items()},
        "inputs": ", ".join(inputs(made["terms"])),
        "terms": len(made["terms"]),
        "net": learned.fitted.net,
        "threshold": made["threshold"],
    }
    trained = Trained(
        spark_model=learned.fitted.pipeline,
        document=made,
        evaluation=evaluation,
        metrics=metrics | opinion,
        pictures=curves.pictures(tallies[ALL, MODEL], evaluation.of()),
        curves=curves.document(tallies[ALL, MODEL], evaluation.of()),
        params=params,
        identity=identity,
        source=lake.store.uri(TABLE),
        answers=learned.answers,
    )
    version = record(settings, trained)
    card_of.show(settings, [version], lambda text: tell(say=text))
    lines = [*report.brief(evaluation), report.whole_visits(beside)]
    return {"version": version.number, "alias": CHALLENGER, "lines": lines}


def open_on_spark(settings: Settings, tell: Tell) -> Lake:
    """Open the lake on Apache Spark with the memory for models, whatever builds tables; tell the parent of the JVM."""
    spark = replace(settings.spark, driver_memory=settings.spark.mllib_memory)
    lake = open_lake(replace(settings, engine=replace(settings.engine, name="spark"), spark=spark))
    tell(jvm_pid=lake.store.engine.jvm_process_id)
    lake.store.spark.conf.set(LOCAL_RELATION, "0")  # tasks unpack what they are handed, side by side
    return lake


def learn(spark: SparkSession, points: pd.DataFrame, slices: Slices, settings: Model, nullable: set[str]) -> Learned:
    """Fit a model and choose its threshold.

    Args:
        spark: MLlib's session.
        points: what `ml.intent.examples.points` returns.
        slices: how the time is split.
        settings: how to fit.
        nullable: the columns that need no value.
    """
    made = terms()
    fitted = estimator.fit(spark, points, made, settings)
    described = document.describe_inputs(points[points["part"].isin(estimator.SEEN)], made, nullable)
    threshold = _threshold(points, document.build(fitted, made, described, Threshold(None, 0), slices))
    test = points.loc[points["part"] == "test", inputs(made)].astype(float)
    asked = test.iloc[np.unique(np.linspace(0, len(test) - 1, ANSWERS).astype(int))]
    rows = estimator.with_terms(spark.createDataFrame(pa.Table.from_pandas(asked, preserve_index=False)), made)
    answers = estimator.answers(fitted, rows).toPandas()
    return Learned(fitted, document.build(fitted, made, described, threshold, slices), answers)


def score(points: pd.DataFrame, served: Document) -> Floats:
    """Return the probabilities of a served model."""
    return np.asarray(formula.Formula(served).probability(lambda name: points[name].to_numpy(dtype=float)))


def score_test(points: pd.DataFrame, served: Document) -> pd.DataFrame:
    """Score the decision points of the test.

    Args:
        points: what `ml.intent.examples.points` returns.
        served: the served model.

    Returns:
        `evaluation.slices.COLUMNS` and `model`, the probability.
    """
    test = points[points["part"] == "test"]
    return test[list(COLUMNS)].assign(**{MODEL: score(test, served)})


def tally_test(context: SparkContext, scored: pd.DataFrame, served: Document) -> Tallies:
    """Sum up the decision points of the test, as the model and what it is compared with score them.

    Args:
        context: of MLlib's process.
        scored: what `score_test` returns.
        served: the served model.
    """
    return by_rdd.tally(context, scored, lambda points: count_scored(points, served))


def _threshold(points: pd.DataFrame, served: Document) -> Threshold:
    found = points[points["part"] == "threshold"]
    bought = len(found.loc[found["label"] == 1, list(VISIT)].drop_duplicates())
    return choose(score(found, served), found["label"].to_numpy(), np.ones(len(found)), bought)


def _require_a_test(evaluation: Evaluation) -> None:
    """Require purchases enough to say anything of the model.

    Raises:
        LakehouseError: the test holds fewer than ten (exit code 3).
    """
    if not evaluation.of().estimates:
        message = (
            f"The test holds {evaluation.of().num_purchases} purchases; a model needs {FEWEST_TO_SHOW} to be measured."
        )
        raise LakehouseError(message, "land more events, then lakehouse run", Exit.REFUSED)


if __name__ == "__main__":
    serve(train)
