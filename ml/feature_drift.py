"""ml.feature_drift — how a model's inputs and scores are spread by week; `lakehouse ml monitor` writes it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, rebuild
from ml.prediction_quality import week

table = Table(
    name="ml.feature_drift",
    comment="One row per model version, week, input and bin: decision points in it, beside those of the model's test.",
    upstreams=["ml.predictions", "gold.intent_examples"],
    key=["model_version", "week", "feature", "bin"],
    refresh=rebuild(),  # a new champion has other bins, and a few thousand rows are soon written again
    cluster_by=["week"],
    schema="""
        model_version INT    NOT NULL COMMENT 'version of the registered model',
        week          DATE   NOT NULL COMMENT 'Monday of the week of the decisions, UTC',
        feature       STRING NOT NULL COMMENT 'input of the model, or probability for its score',
        bin           INT    NOT NULL COMMENT 'tenth of the values in the test, from 0; -1 for points without a value',
        low           DOUBLE          COMMENT 'least value of the bin, NULL in the first and where none is',
        num_points    BIGINT NOT NULL COMMENT 'decision points of the week in the bin',
        num_test      BIGINT NOT NULL COMMENT 'decision points of the test in the bin, on which the model was measured'
    """,
    expectations=[expect_or_fail("counts are not negative", "num_points >= 0 AND num_test >= 0")],
)

MISSING = -1
BINS = 10
SAMPLE = 20_000  # decision points by which the bins are cut
SCORE = "probability"
COUNTED = pa.schema(
    [
        ("week", pa.date32()),
        ("part", pa.string()),
        ("feature", pa.string()),
        ("bin", pa.int32()),
        ("low", pa.float64()),
        ("num_points", pa.int64()),
    ]
)
Edges: TypeAlias = Mapping[str, Sequence[float]]  # feature -> least value of each bin but the first, ascending


def edges(test: DataFrame, features: Sequence[str]) -> Edges:
    """Return where each feature's tenths begin in the test; fewer bins where values are alike.

    They are those of a sample, drawn by a hash: the same one on every engine.

    Args:
        test: decision points of the test, with their key and the features as columns.
        features: their names.
    """
    draw = F.xxhash64("visitor_id", F.unix_micros("started_at"), "decision_point")
    values = [F.col(name).cast("double").alias(f"_{place}") for place, name in enumerate(features)]
    sample = test.orderBy(draw).limit(SAMPLE).select(*values).toArrow()
    found = {}
    for place, name in enumerate(features):
        known = sample.column(f"_{place}").drop_null().to_numpy()
        tenths = np.quantile(known, np.arange(1, BINS) / BINS, method="lower") if len(known) else np.array([])
        found[name] = np.unique(tenths).tolist()
    return found


def count(points: DataFrame, by: Edges) -> pa.Table:
    """Count decision points by week and bin of each feature, in one pass.

    Args:
        points: decision points with `decided_at`, `part` and the features.
        by: the bins.

    Returns:
        `week`, `part`, `feature`, `bin`, `low` and `num_points`.
    """
    cells = [(name, place) for name in by for place in (MISSING, *range(len(by[name]) + 1))]
    lows = [by[name][place - 1] if place > 0 else None for name, place in cells]
    counts = [F.count_if(_is_in(name, place, by[name])).alias(f"_{cell}") for cell, (name, place) in enumerate(cells)]
    rows = points.groupBy(week("decided_at").alias("week"), "part").agg(*counts).collect()
    found = [
        (row["week"], row["part"], name, place, low, row[f"_{cell}"])
        for row in rows
        for cell, ((name, place), low) in enumerate(zip(cells, lows, strict=True))
    ]
    columns = [pa.array([row[at] for row in found], each.type) for at, each in enumerate(COUNTED)]
    return pa.table(columns, schema=COUNTED)


def lent(rows: Sequence[Mapping[str, Any]]) -> tuple[Edges, pa.Table]:
    """Return the bins of a model that another lake lends, and how its test is spread over them.

    Args:
        rows: those of its ml.feature_drift in that lake.

    Returns:
        The bins, and what `count` returns of the test.
    """
    by_bin = {(row["feature"], row["bin"]): row for row in rows}
    found: dict[str, list[float]] = {}
    for (name, place), row in sorted(by_bin.items()):
        found.setdefault(name, []).extend([row["low"]] if place > 0 else [])
    test = [{**row, "part": "test", "num_points": row["num_test"]} for row in by_bin.values()]
    return found, pa.Table.from_pylist(test, schema=COUNTED)


def spread(counted: DataFrame, model_version: int, parts: Sequence[str] = ("test", "later")) -> DataFrame:
    """Put the counts of each week from the test on beside those of the whole test.

    Args:
        counted: what `count` returns, as a frame.
        model_version: of the model.
        parts: whose weeks are told; the test of a model that is lent is no part of this lake.

    Returns:
        The columns of ml.feature_drift.
    """
    keys, points = ["feature", "bin"], F.sum("num_points")
    weeks = counted.where(F.col("part").isin(*parts)).groupBy("week", *keys, "low").agg(points.alias("num_points"))
    test = counted.where("part = 'test'").groupBy(*keys).agg(points.alias("num_test"))
    return weeks.join(test, keys, how="left").select(
        F.lit(model_version).cast("int").alias("model_version"),
        "week",
        "feature",
        "bin",
        "low",
        "num_points",
        F.coalesce("num_test", F.lit(0)).cast("bigint").alias("num_test"),
    )


def _is_in(name: str, place: int, values: Sequence[float]) -> Column:
    value = F.col(name).cast("double")
    if place == MISSING:
        return value.isNull()
    inside = value.isNotNull()
    if place > 0:
        inside = inside & (value >= F.lit(values[place - 1]))
    if place < len(values):
        inside = inside & (value < F.lit(values[place]))
    return inside
