"""engine.archive_training — the session whose classes are archived; run as a module, with its settings on stdin."""

import pickle
import sys
from contextlib import suppress

from delta.tables import DeltaTable
from pyspark import SparkContext
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import Observation
from pyspark.sql import functions as F
from pyspark.sql.window import Window as W

from lakehouse.engine.spark import session
from lakehouse.settings import Settings


def _train(settings: Settings) -> None:
    """Use what a run uses, on a few rows: windows, joins, rows that Python takes, Delta tables, MERGE and a fit."""
    spark = session(settings)
    lake = settings.lake_path
    events, totals = str(lake / "events"), str(lake / "totals")
    rows = spark.range(200).select(
        (F.col("id") % 20).alias("visitor_id"),
        F.timestamp_millis(F.col("id") * 100_000).alias("occurred_at"),
        F.element_at(F.array(F.lit("view"), F.lit("addtocart")), (F.col("id") % 2 + 1).cast("int")).alias("event_type"),
    )
    numbered = rows.withColumn("position", F.row_number().over(W.partitionBy("visitor_id").orderBy("occurred_at")))
    table = DeltaTable.createIfNotExists(spark).location(events).addColumns(numbered.schema)
    table.clusterBy("occurred_at").execute()
    numbered.write.format("delta").mode("append").save(events)
    stored = spark.read.format("delta").load(events)
    sums = stored.groupBy("visitor_id").agg(F.count(F.lit(1)).alias("num_events"), F.max("occurred_at").alias("last"))
    stored.join(sums, "visitor_id", how="inner").write.format("delta").save(totals)
    merge = (
        DeltaTable.forPath(spark, events).alias("old").merge(rows.alias("new"), "old.occurred_at <=> new.occurred_at")
    )
    merge.whenMatchedDelete("new.visitor_id = 1").whenMatchedUpdate(set={"event_type": "new.event_type"}).execute()
    observed = stored.observe(Observation(), F.count(F.lit(1)).alias("rows")).localCheckpoint()
    observed.exceptAll(stored.limit(9)).mapInArrow(lambda batches: batches, stored.schema).collect()
    labelled = stored.select("position", (F.col("visitor_id") % 2).alias("label"))
    features = VectorAssembler(inputCols=["position"], outputCol="features").transform(labelled)
    LogisticRegression(maxIter=2).fit(features).transform(features).count()
    spark.stop()
    # The archive is written while the JVM ends: it ends when its stdin does, and is waited for.
    jvm = SparkContext._gateway.proc  # type: ignore[union-attr]
    with suppress(BrokenPipeError):
        jvm.stdin.close()
    jvm.wait()


if __name__ == "__main__":
    _train(pickle.load(sys.stdin.buffer))
