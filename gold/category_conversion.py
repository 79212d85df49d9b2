"""gold.category_conversion — what visits do in each category of the tree."""

from pyspark.sql import DataFrame, GroupedData
from pyspark.sql import functions as F

from gold.unknown import UNKNOWN_CATEGORY
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

table = Table(
    name="gold.category_conversion",
    comment="One row per day and category; a visit counts once at the category and at every one above it.",
    upstreams=["silver.sessions", "silver.session_events", "silver.categories"],
    key=["session_date", "category_id"],
    refresh=replace(by="session_date"),
    cluster_by=["session_date"],
    schema="""
        session_date          DATE   NOT NULL COMMENT 'UTC day on which the visits started',
        category_id           BIGINT NOT NULL COMMENT 'category as of the event, -1 if unknown',
        num_sessions          BIGINT NOT NULL COMMENT 'visits with an event in the category or below',
        num_view_sessions     BIGINT NOT NULL COMMENT 'visits with a view there',
        num_cart_sessions     BIGINT NOT NULL COMMENT 'visits that put an item from there into the cart',
        num_purchase_sessions BIGINT NOT NULL COMMENT 'visits that bought an item from there',
        num_views             BIGINT NOT NULL COMMENT 'views',
        num_adds              BIGINT NOT NULL COMMENT 'items put into the cart',
        num_transactions      BIGINT NOT NULL COMMENT 'transaction rows: bought items'
    """,
    expectations=[
        expect_or_fail(
            "no step exceeds the visits",
            "greatest(num_view_sessions, num_cart_sessions, num_purchase_sessions) <= num_sessions",
        )
    ],
)

KEY = ["visitor_id", "started_at"]
COUNTS = ["num_views", "num_adds", "num_transactions"]
TOTALS = ["num_sessions", "num_view_sessions", "num_cart_sessions", "num_purchase_sessions", *COUNTS]


@table.transform
def attribute(sessions: DataFrame, session_events: DataFrame, categories: DataFrame) -> DataFrame:
    """Credit each visit to the categories it touched and to all above them, once each.

    Nine visits of ten stay in one category. They are added up first and climb the tree together; only the events of
    the others climb it one by one, so that a category above two of theirs counts the visit once.

    Args:
        sessions: silver.sessions.
        session_events: silver.session_events.
        categories: silver.categories.

    Returns:
        The columns of gold.category_conversion.
    """
    paths = F.broadcast(categories.select(F.col("category_id").alias("touched_id"), "path"))

    def upwards(rows: DataFrame) -> DataFrame:
        climbed = F.explode(F.coalesce("path", F.array("touched_id"))).alias("category_id")
        return rows.join(paths, "touched_id", how="left").select("*", climbed).drop("touched_id", "path")

    entry = F.coalesce("entry_category_id", F.lit(UNKNOWN_CATEGORY)).alias("touched_id")
    of_one = _totals(sessions.where("is_one_category").groupBy("session_date", entry))

    of_several = F.broadcast(sessions.where("NOT is_one_category").select(*KEY))
    touched = F.coalesce("category_id", F.lit(UNKNOWN_CATEGORY)).alias("touched_id")
    events = session_events.join(of_several, KEY, how="left_semi").select(
        "session_date",
        *KEY,
        touched,
        (F.col("event_type") == "view").cast("bigint").alias("num_views"),
        (F.col("event_type") == "addtocart").cast("bigint").alias("num_adds"),
        (F.col("event_type") == "transaction").cast("bigint").alias("num_transactions"),
    )
    visits = upwards(events).groupBy("session_date", "category_id", *KEY).agg(*[F.sum(c).alias(c) for c in COUNTS])

    both = upwards(of_one).unionByName(_totals(visits.groupBy("session_date", "category_id")))
    return both.groupBy("session_date", "category_id").agg(*[F.sum(total).alias(total) for total in TOTALS])


def _totals(visits: GroupedData) -> DataFrame:
    return visits.agg(
        F.count(F.lit(1)).alias("num_sessions"),
        F.count_if(F.col("num_views") > 0).alias("num_view_sessions"),
        F.count_if(F.col("num_adds") > 0).alias("num_cart_sessions"),
        F.count_if(F.col("num_transactions") > 0).alias("num_purchase_sessions"),
        *[F.sum(column).alias(column) for column in COUNTS],
    )
