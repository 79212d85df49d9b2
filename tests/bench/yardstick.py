"""What gradient-boosted trees make of the decision points that the model learns from: a yard-stick, never served.

    LAKEHOUSE_LAKE=DIR python -m tests.bench.yardstick

The lake needs a run. Prints the areas of the model and of the trees on the test, over all points and after each number
of events.
"""

from pyspark.ml import Pipeline
from pyspark.ml.classification import GBTClassifier
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import DataFrame
from sklearn.metrics import average_precision_score, roc_auc_score

from lakehouse import settings
from lakehouse.lake import open_lake
from ml.intent import estimator, examples, training, training_run
from ml.intent.design import terms
from ml.intent.slices import split
from ml.serving import expression

TREES, DEPTH = 60, 4


def main() -> None:
    """Train both and print their areas."""
    chosen = settings.load()
    here = open_lake(chosen)
    publication = training.published(here)
    covered = training.covered(here, publication)
    slices, made = split(covered, chosen.model), terms()
    lake = training_run.open_on_spark(chosen, lambda **_: None)
    intent_examples = lake.store.read(examples.TABLE, publication.versions[examples.TABLE])
    points = examples.points(intent_examples, covered, slices, chosen.model)
    nullable = {each.name for each in lake.tables[examples.TABLE].columns if each.nullable}
    learned = training_run.learn(lake.store.spark, points.to_pandas(), slices, chosen.model, nullable)
    rows = lake.store.spark.createDataFrame(points).cache()
    fit = rows.where("part IN ('fit', 'selection')")
    assembler = VectorAssembler(inputCols=estimator.columns(made), outputCol="values")
    trees = GBTClassifier(
        featuresCol="values",
        labelCol=estimator.LABEL,
        weightCol=examples.WEIGHT,
        maxIter=TREES,
        maxDepth=DEPTH,
        stepSize=0.1,
        seed=7,
    )
    grown = Pipeline(stages=[assembler, trees]).fit(estimator.with_terms(fit, made).cache())
    test = rows.where("part = 'test'")
    by_trees = grown.transform(estimator.with_terms(test, made))
    scored = by_trees.withColumn("score", estimator.positive("probability"))
    report("model", test.withColumn("score", expression.probability(learned.document)))
    report("trees", scored)


def report(name: str, scored: DataFrame) -> None:
    """Print the areas under both curves."""
    rows = scored.select("score", estimator.LABEL, "decision_point").toPandas()
    for point in (None, 1, 2, 3, 5, 10):
        chosen = rows if point is None else rows[rows["decision_point"] == point]
        roc, pr = (
            judge(chosen[estimator.LABEL], chosen["score"]) for judge in (roc_auc_score, average_precision_score)
        )
        print(f"{name} {'all points' if point is None else f'after {point}':<12} ROC {roc:.3f} PR {pr:.3f}")


if __name__ == "__main__":
    main()
