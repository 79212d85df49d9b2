"""gold.paths — the ways that visits take through the shop."""

from pyspark.sql import DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from gold import visits
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

MOST_STEPS = 5

table = Table(
    name="gold.paths",
    comment="One row per day and path: kinds of event and root categories in a row, what is equal in a row folded.",
    upstreams=["silver.session_events", "silver.categories"],
    key=["session_date", "step_1", "step_2", "step_3", "step_4", "step_5", "is_longer"],
    refresh=replace(by="session_date"),
    cluster_by=["session_date"],
    schema="""
        session_date          DATE    NOT NULL COMMENT 'UTC day on which the visits started',
        step_1                STRING  NOT NULL COMMENT 'kind of event and root category: view:12; -1 if unknown',
        step_2                STRING           COMMENT 'the step after it, NULL where the visit ended',
        step_3                STRING           COMMENT 'the step after it',
        step_4                STRING           COMMENT 'the step after it',
        step_5                STRING           COMMENT 'the step after it',
        is_longer             BOOLEAN NOT NULL COMMENT 'whether a sixth step followed',
        num_sessions          BIGINT  NOT NULL COMMENT 'visits',
        num_purchase_sessions BIGINT  NOT NULL COMMENT 'visits with a purchase, wherever in the visit'
    """,
    expectations=[expect_or_fail("buying visits are visits", "num_purchase_sessions <= num_sessions")],
)


@table.transform
def trace_paths(session_events: DataFrame, categories: DataFrame) -> DataFrame:
    """Fold what is equal in a row into a step, and count the visits by their first five.

    Steps are numbered from the beginning of a day, and never fall: a visit's first one is the greatest so far.

    Args:
        session_events: silver.session_events.
        categories: silver.categories.

    Returns:
        The columns of gold.paths.
    """
    in_order = W.partitionBy("session_date").orderBy("visitor_id", "started_at", "position")
    so_far = in_order.rowsBetween(W.unboundedPreceding, W.currentRow)
    is_start = F.col("position") == 1

    events = visits.add_root(session_events, categories, "category_id")
    named = events.withColumn("step", F.concat_ws(":", "event_type", F.col("root_category_id").cast("string")))
    marked = named.withColumn("is_step", is_start | (F.lag("step").over(in_order) != F.col("step")))
    steps = marked.where("is_step").withColumn("row", F.row_number().over(in_order))
    numbered = steps.withColumn("number", F.col("row") - F.max(F.when(is_start, F.col("row"))).over(so_far) + 1)
    paths = numbered.groupBy("session_date", "visitor_id", "started_at").agg(
        *[F.max(F.when(F.col("number") == n, F.col("step"))).alias(f"step_{n}") for n in range(1, MOST_STEPS + 1)],
        (F.max("number") > MOST_STEPS).alias("is_longer"),
        F.bool_or(F.col("event_type") == "transaction").alias("has_purchase"),
    )
    return paths.groupBy(*table.key).agg(
        F.count(F.lit(1)).alias("num_sessions"), F.count_if("has_purchase").alias("num_purchase_sessions")
    )
