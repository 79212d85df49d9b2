"""How tables are read and written: which files, at which version, whatever another program did to them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc
import pytest
from pyspark.sql import functions as F

from lakehouse import error_messages
from lakehouse.errors import Exit
from lakehouse.expectations import expect
from lakehouse.lake import Lake
from lakehouse.storage import log, reading, rewriting, small_tables
from lakehouse.storage.data_skipping import Bounds
from lakehouse.table import Table, rebuild

from ...by_spark import by_spark

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


@pytest.mark.parametrize(
    "columns",
    [["day"], ["day", "count", "count AS _count_more"], ["count", "day"], ["day", "CAST(count AS INT) AS count"]],
    ids=["one that a rule asks for is missing", "one too many", "in another order", "of another type"],
)
def test_rows_with_other_columns_than_the_contracts_are_refused_by_their_names_before_anything_is_written(
    counts, columns
):
    judged = replace(table, expectations=[expect("count is known", "count IS NOT NULL")])
    rows, files = counts.store.read("silver.counts"), stored(counts)
    with pytest.raises(TypeError, match=r"silver\.counts is declared as .* its transform returns"):
        counts.store.overwrite(judged, rows.selectExpr(*columns), "run")
    assert (values(counts.store.read("silver.counts")), stored(counts)) == ([0, 1, 2, 3], files)


def stored(lake: Lake) -> list[str]:
    return sorted(each.name for each in Path(lake.store.uri("silver.counts")).glob("*.parquet"))


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
    assert bounds.size(counts.store.delta("silver.counts")).files == files


MARK = """
one_file = spark.read.format("delta").load(given["uri"]).coalesce(1)
one_file.write.format("delta").mode("overwrite").save(given["uri"])
spark.sql(f"ALTER TABLE delta.`{given['uri']}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
spark.sql(f"DELETE FROM delta.`{given['uri']}` WHERE count = 1")
answer = None
"""


@pytest.fixture
def marked(counts) -> Lake:
    """That lake, after another program switched deletion vectors on and marked the second row as deleted."""
    by_spark(MARK, uri=counts.store.uri("silver.counts"))
    (entry,) = counts.store.delta("silver.counts").history(1)
    assert int(entry["operationMetrics"]["numDeletionVectorsAdded"]) == 1
    return counts


@pytest.mark.apache_spark
def test_rows_that_another_program_only_marked_as_deleted_do_not_come_back(marked):
    assert values(marked.store.read("silver.counts")) == [0, 2, 3]
    assert values(marked.store.read("silver.counts", within=Bounds({"day": (DAYS[2], None)}))) == [2, 3]


@pytest.mark.apache_spark
def test_a_table_that_is_written_whole_has_the_features_of_its_contract_again(marked):
    assert not reading.is_plain(marked.store.delta("silver.counts"))
    marked.store.overwrite(table, marked.store.read("silver.counts"), "run")
    assert reading.is_plain(marked.store.delta("silver.counts"))
    assert values(marked.store.read("silver.counts")) == [0, 2, 3]


def test_the_first_rows_and_those_in_their_place_each_make_one_version(spark, lake):
    lake.store.create(table)
    new = spark.range(3).select(F.lit(DAYS[0]).alias("day"), F.col("id").alias("count"))
    assert lake.store.overwrite(table, new, "run").version == 1
    assert values(lake.store.read("silver.counts")) == [0, 1, 2]
    assert lake.store.overwrite(table, new.where("count > 0"), "run").version == 2
    assert values(lake.store.read("silver.counts")) == [1, 2]


def rows_of(spark, *rows: tuple[date | None, int]):
    return spark.createDataFrame(list(rows), "day DATE, count BIGINT")


def test_what_was_written_before_a_further_frame_failed_is_removed(spark, counts):
    before = sorted(Path(counts.store.uri("silver.counts")).rglob("*.parquet"))
    good, bad = rows_of(spark, (DAYS[0], 4)), rows_of(spark, (None, 5))
    with pytest.raises(Exception, match="NOT NULL"):
        counts.store.overwrite(table, good, "run", further=[bad])
    assert sorted(Path(counts.store.uri("silver.counts")).rglob("*.parquet")) == before


def test_rows_in_the_place_of_others_leave_the_rest_of_their_files_and_all_other_files_alone(spark, counts):
    store = counts.store
    store.overwrite(table, store.read("silver.counts").coalesce(1), "run")
    store.append(table, rows_of(spark, (date(2015, 6, 5), 4)), "run")
    before = {each["path"] for each in log.files(store.delta("silver.counts"))}
    gone, added = rows_of(spark, (DAYS[1], 1)), rows_of(spark, (DAYS[1], 10))
    version = store.replace(table, gone, added, Bounds({"day": (DAYS[1], DAYS[1])}), 1, "run")
    assert values(store.read("silver.counts")) == [0, 2, 3, 4, 10]
    assert len(before & {each["path"] for each in log.files(store.delta("silver.counts"))}) == 1
    (commit,) = log.since(store.delta("silver.counts"), version - 1)
    assert (commit.rows, commit.run_id, commit.replaces_all) == (2, "run", False)


def test_what_changed_between_versions_is_told_by_files_and_never_by_a_row_that_was_only_written_again(spark, counts):
    store = counts.store
    before = store.version("silver.counts")
    store.replace(table, rows_of(spark, (DAYS[1], 1)), rows_of(spark, (DAYS[1], 10)), Bounds(), 1, "run")
    store.append(table, rows_of(spark, (date(2015, 6, 5), 4)), "run")
    assert values(store.changes("silver.counts", before, before + 2)) == [1, 4, 10]
    assert values(store.changes("silver.counts", before + 1, before + 2)) == [4]
    small_tables.compact(store, "silver.counts")
    assert values(store.changes("silver.counts", before + 2, store.version("silver.counts"))) == []


def test_a_file_that_came_and_went_again_is_not_read_and_may_be_gone(spark, counts):
    store, before = counts.store, counts.store.version("silver.counts")
    store.append(table, rows_of(spark, (DAYS[0], 7), (DAYS[0], 9)), "run")
    (passing,), _ = log.changed_files(store.delta("silver.counts"), before, before + 1)
    rewriting.rewrite(store, table, lambda rows: rows.filter(pc.field("count") != 7), "run")
    Path(store.uri("silver.counts"), passing).unlink()
    assert store.lost("silver.counts", before, before + 2) == []
    assert values(store.appended("silver.counts", before, before + 2)) == [9]


def test_a_row_that_is_rewritten_in_a_table_that_only_grows_did_not_arrive_and_one_that_came_twice_did(spark, counts):
    before = counts.store.version("silver.counts")
    counts.store.append(table, rows_of(spark, (DAYS[0], 9), (DAYS[0], 9)), "run")
    rewriting.rewrite(counts.store, table, lambda rows: rows.filter(pc.field("count") != 0), "run")
    counts.store.replace(table, rows_of(spark), rows_of(spark), Bounds(), 0, "run")
    assert values(counts.store.appended("silver.counts", before, counts.store.version("silver.counts"))) == [9, 9]


def test_no_rows_make_no_version_when_added_and_one_when_they_take_the_place_of_others(spark, counts):
    before = counts.store.version("silver.counts")
    assert counts.store.append(table, rows_of(spark), "run") == before
    assert counts.store.overwrite(table, rows_of(spark), "run").version == before + 1
    assert values(counts.store.read("silver.counts")) == []


def test_a_missing_value_that_the_contract_demands_is_told_by_table_and_column(spark, counts):
    before = counts.store.version("silver.counts")
    with pytest.raises(Exception, match="NOT NULL") as raised:
        counts.store.append(table, rows_of(spark, (None, 1)), "run")
    told = error_messages.explain(raised.value, counts.settings)
    assert told.message == "silver.counts: a row has no day, which is NOT NULL. Nothing was published."
    assert (told.code, counts.store.version("silver.counts")) == (Exit.REFUSED, before)


@pytest.mark.apache_spark
def test_statistics_of_instants_pass_over_the_same_files_for_every_reader(spark, lake):
    instants = Table(
        "silver.instants",
        "One row per instant.",
        ["at"],
        rebuild(),
        "at TIMESTAMP NOT NULL COMMENT 'instant, UTC'",
        cluster_by=["at"],
    )
    lake.store.create(instants)
    start = datetime(2015, 6, 1)
    at = [start + timedelta(days=day, microseconds=999_995 + number) for day in (0, 1) for number in range(5)]
    for day in (0, 1):
        frame = spark.createDataFrame([(each,) for each in at[5 * day : 5 * day + 5]], "at TIMESTAMP").coalesce(1)
        lake.store.append(instants, frame, "run")
    bounds = Bounds({"at": (at[7], None)})
    assert bounds.size(lake.store.delta("silver.instants")).files == 1
    assert sorted(row["at"] for row in lake.store.read("silver.instants", within=bounds).collect()) == at[7:]
    by_delta = by_spark(
        "rows = spark.read.format('delta').load(given['uri']).where(given['where'])\n"
        "answer = sorted(row['at'] for row in rows.collect())",
        uri=lake.store.uri("silver.instants"),
        where=bounds.sql(),
    )
    assert by_delta == [str(each) for each in at[7:]]
    zoned = [each.replace(tzinfo=UTC) for each in at[7:]]
    without_java = lake.store.delta("silver.instants").to_pyarrow_table(filters=[("at", ">=", zoned[0])])
    assert sorted(without_java["at"].to_pylist()) == zoned
