"""How tables are read: which files, at which version, whatever another program did to them."""

from datetime import date

import pytest
from pyspark.sql import functions as F

from lakehouse.bounds import Bounds
from lakehouse.lake import Lake
from lakehouse.table import Table, rebuild

DAYS = [date(2015, 6, day) for day in (1, 2, 3, 4)]

table = Table(
    name="silver.counts",
    comment="One row per day.",
    key=["day"],
    refresh=rebuild(),
    cluster_by=["day"],
    schema="""
        day   DATE   NOT NULL COMMENT 'day',
        count BIGINT          COMMENT 'count'
    """,
)


@pytest.fixture
def counts(spark, lake) -> Lake:
    """A lake with one table: a row and a file per day, written one after the other."""
    lake.store.create(table)
    for number, day in enumerate(DAYS):
        lake.store.append(table, spark.createDataFrame([(day, number)], "day DATE, count BIGINT"), "run")
    return lake


def values(frame) -> list[int]:
    return sorted(row["count"] for row in frame.collect())


def test_an_empty_table_is_read_with_its_columns(spark, lake):
    lake.store.create(table)
    frame = lake.store.read("silver.counts")
    assert (frame.schema.simpleString(), frame.count()) == ("struct<day:date,count:bigint>", 0)


def test_a_version_is_read_as_it_was(counts):
    assert values(counts.store.read("silver.counts", version=2)) == [0, 1]
    assert values(counts.store.read("silver.counts")) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("bounds", "found", "files"),
    [
        (Bounds(), [0, 1, 2, 3], 4),
        (Bounds({"day": (DAYS[2], None)}), [2, 3], 2),
        (Bounds({"day": (DAYS[0], DAYS[3])}), [0, 1, 2, 3], 4),
        (Bounds({"day": (DAYS[0], DAYS[3])}, {"day": [DAYS[0], DAYS[3]]}), [0, 3], 2),
        (Bounds({"count": (1, 2)}), [1, 2], 4),  # the log knows nothing of this column
        (Bounds({"day": (date(2016, 1, 1), None)}), [], 0),
    ],
)
def test_files_beyond_the_bounds_are_not_read(counts, bounds, found, files):
    frame = counts.store.read("silver.counts", within=bounds)
    assert values(frame) == found
    assert len(frame.inputFiles()) == bounds.extent(counts.store.delta("silver.counts")).files == files


def test_rows_that_another_program_only_marked_as_deleted_do_not_come_back(spark, counts):
    uri = counts.store.uri("silver.counts")
    one_file = counts.store.read("silver.counts").coalesce(1)
    one_file.write.format("delta").mode("overwrite").save(uri)
    spark.sql(f"ALTER TABLE delta.`{uri}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    spark.sql(f"DELETE FROM delta.`{uri}` WHERE count = 1")
    (entry,) = counts.store.delta("silver.counts").history(1)
    assert int(entry["operationMetrics"]["numDeletionVectorsAdded"]) == 1
    assert values(counts.store.read("silver.counts")) == [0, 2, 3]
    assert values(counts.store.read("silver.counts", within=Bounds({"day": (DAYS[2], None)}))) == [2, 3]


def test_the_first_rows_and_those_in_their_place_each_make_one_version(spark, lake):
    lake.store.create(table)
    new = spark.range(3).select(F.lit(DAYS[0]).alias("day"), F.col("id").alias("count"))
    assert lake.store.overwrite(table, new, "run").version == 1
    assert values(lake.store.read("silver.counts")) == [0, 1, 2]
    assert lake.store.overwrite(table, new.where("count > 0"), "run").version == 2
    assert values(lake.store.read("silver.counts")) == [1, 2]
