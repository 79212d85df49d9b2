"""gold.intent_examples — what is known of a visit after some of its events, and whether it bought afterwards."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import Window as W
from pyspark.sql import functions as F

from gold.unknown import UNKNOWN_CATEGORY
from lakehouse.expectations import expect_or_fail
from lakehouse.table import Table, replace

A_MONDAY = date(1970, 1, 5)  # weekdays are counted from it: the engines' own functions differ
DECISION_POINTS = (1, 2, 3, 5, 10)  # events after which a visit is looked at

table = Table(
    name="gold.intent_examples",
    comment="One row per visit and decision point: its 1st, 2nd, 3rd, 5th and 10th event, while it has not bought.",
    upstreams=["silver.session_events", "silver.sessions", "gold.conversion_rates"],
    key=["visitor_id", "started_at", "decision_point"],
    refresh=replace(by="visitor_id", through={"conversion_rates": "event_date"}, rows_at_once=8_000_000),
    cluster_by=["session_date"],
    person="visitor_id",
    schema="""
        visitor_id             BIGINT    NOT NULL COMMENT 'anonymous visitor',
        started_at             TIMESTAMP NOT NULL COMMENT 'first event of the visit, UTC',
        decision_point         INT       NOT NULL COMMENT 'events of the visit so far: 1, 2, 3, 5 or 10',
        decided_at             TIMESTAMP NOT NULL COMMENT 'instant of the latest of them, UTC',
        session_date           DATE      NOT NULL COMMENT 'UTC day on which the visit started',
        session_hour           INT       NOT NULL COMMENT 'UTC hour in which the visit started, 0-23',
        session_weekday        INT       NOT NULL COMMENT 'weekday on which the visit started in UTC, 1 Monday to 7',
        num_views              INT       NOT NULL COMMENT 'views so far',
        num_adds               INT       NOT NULL COMMENT 'items put into the cart so far',
        distinct_products      INT       NOT NULL COMMENT 'different items so far',
        seconds_so_far         DOUBLE    NOT NULL COMMENT 'seconds from the first to the latest event',
        seconds_since_last     DOUBLE             COMMENT 'seconds between the latest two events, NULL after the first',
        events_since_add       INT                COMMENT 'events since the latest addition to the cart, NULL without',
        num_same_item          INT       NOT NULL COMMENT 'events so far with the item of the latest one, itself too',
        num_same_category      INT       NOT NULL COMMENT 'events so far in the category of the latest one, itself too',
        is_item_in_cart        BOOLEAN   NOT NULL COMMENT 'whether the latest item was put into the cart so far',
        is_available           BOOLEAN            COMMENT 'whether the latest item could be bought, NULL if unknown',
        price                  DOUBLE             COMMENT 'price of the latest item, unit unknown, NULL if unknown',
        num_unavailable        INT       NOT NULL COMMENT 'events so far with items that could not be bought',
        num_earlier_visits     INT       NOT NULL COMMENT 'visits of the visitor that ended before this one started',
        num_earlier_adds       INT       NOT NULL COMMENT 'items put into the cart in those',
        num_earlier_purchases  INT       NOT NULL COMMENT 'how many of those held a purchase',
        hours_since_visit      DOUBLE             COMMENT 'hours from the end of the latest of those, NULL without one',
        item_views             BIGINT    NOT NULL COMMENT 'views of the latest item on days before the decision',
        item_cart_rate         DOUBLE    NOT NULL COMMENT 'additions per view of it on days before, smoothed',
        item_purchase_rate     DOUBLE    NOT NULL COMMENT 'transaction rows per view of it on days before, smoothed',
        category_cart_rate     DOUBLE    NOT NULL COMMENT 'additions per view of its category on days before, smoothed',
        category_purchase_rate DOUBLE    NOT NULL COMMENT 'transaction rows per view of its category before, smoothed',
        ended_at               TIMESTAMP NOT NULL COMMENT 'latest event of the visit, UTC; not a feature',
        label                  INT       NOT NULL COMMENT '1 when the visit holds a purchase after the decision, else 0'
    """,
    expectations=[
        expect_or_fail("views and additions are the events so far", "num_views + num_adds = decision_point"),
        expect_or_fail("no more items than events", "distinct_products BETWEEN 1 AND decision_point"),
        expect_or_fail("the latest event lies in the visit", "decided_at BETWEEN started_at AND ended_at"),
    ],
)

VISIT = ["visitor_id", "started_at"]
LATEST = {"latest_item": "item_id", "latest_category": "category_id"}


@table.transform
def look_back(session_events: DataFrame, sessions: DataFrame, conversion_rates: DataFrame) -> DataFrame:
    """Describe each visit as it stood at its decision points, by nothing that came later but the label.

    Args:
        session_events: silver.session_events.
        sessions: silver.sessions.
        conversion_rates: gold.conversion_rates.

    Returns:
        The columns of gold.intent_examples.
    """
    events = session_events.where(F.col("is_before_purchase") & (F.col("position") <= max(DECISION_POINTS))).select(
        *VISIT,
        "position",
        "occurred_at",
        "event_date",
        "event_type",
        "item_id",
        F.coalesce("category_id", F.lit(UNKNOWN_CATEGORY)).alias("category_id"),
        "is_first_of_item",
        "is_available",
        "price",
    )
    points = events.where(F.col("position").isin(*DECISION_POINTS)).select(
        *VISIT,
        F.col("position").alias("decision_point"),
        *[F.col(column).alias(name) for name, column in LATEST.items()],
    )
    so_far = points.join(events, VISIT, how="inner").where("position <= decision_point")
    examples = (
        count_events(so_far)
        .join(count_earlier_visits(sessions), VISIT, how="inner")
        .join(_rates(conversion_rates, "item"), ["event_date", "item_id"], how="left")
        .join(F.broadcast(_rates(conversion_rates, "category")), ["event_date", "category_id"], how="left")
    )
    return examples.select(*[column.name for column in table.columns])


def count_events(so_far: DataFrame) -> DataFrame:
    """Count the events of each decision point.

    Args:
        so_far: an event of a visit up to a decision point, beside the latest item and its category.

    Returns:
        One row per decision point: what its events tell, and `event_date`, `item_id`, `category_id` of the latest.
    """
    is_add, is_latest = F.col("event_type") == "addtocart", F.col("position") == F.col("decision_point")
    is_same_item = F.col("item_id") == F.col("latest_item")
    counted = so_far.groupBy(*VISIT, "decision_point").agg(
        F.max(F.when(is_latest, F.col("occurred_at"))).alias("decided_at"),
        F.max(F.when(is_latest, F.col("event_date"))).alias("event_date"),
        F.max("latest_item").alias("item_id"),
        F.max("latest_category").alias("category_id"),
        F.count_if(F.col("event_type") == "view").cast("int").alias("num_views"),
        F.count_if(is_add).cast("int").alias("num_adds"),
        F.count_if("is_first_of_item").cast("int").alias("distinct_products"),
        F.max(F.when(~is_latest, F.col("occurred_at"))).alias("before_last_at"),
        F.max(F.when(is_add, F.col("position"))).alias("latest_add"),
        F.count_if(is_same_item).cast("int").alias("num_same_item"),
        F.count_if(F.col("category_id") == F.col("latest_category")).cast("int").alias("num_same_category"),
        (F.count_if(is_add & is_same_item) > 0).alias("is_item_in_cart"),
        F.bool_or(F.when(is_latest, F.col("is_available"))).alias("is_available"),
        F.max(F.when(is_latest, F.col("price").cast("double"))).alias("price"),
        F.count_if(~F.col("is_available")).cast("int").alias("num_unavailable"),
    )
    return counted.select(
        "*",
        ((F.unix_millis("decided_at") - F.unix_millis("started_at")) / 1000.0).alias("seconds_so_far"),
        ((F.unix_millis("decided_at") - F.unix_millis("before_last_at")) / 1000.0).alias("seconds_since_last"),
        (F.col("decision_point") - F.col("latest_add")).alias("events_since_add"),
    )


def count_earlier_visits(sessions: DataFrame) -> DataFrame:
    """Say of each visit when it took place, what its visitor did before it, and whether it bought.

    Visits, additions and purchases are counted from the beginning of a bucket of visitors and never fall: what they
    were when a visitor came first is their greatest value at a first visit so far.

    Args:
        sessions: silver.sessions.

    Returns:
        One row per visit.
    """
    by_start = W.partitionBy("bucket").orderBy("visitor_id", "started_at")
    upto = by_start.rowsBetween(W.unboundedPreceding, W.currentRow)
    counted = {
        "visits": F.lit(1),
        "adds": F.col("num_adds"),
        "purchases": (F.col("num_transactions") > 0).cast("int"),
    }
    ordered = sessions.withColumn("bucket", F.pmod("visitor_id", F.lit(1024))).select(
        "*",
        F.coalesce(F.lag("visitor_id").over(by_start) == F.col("visitor_id"), F.lit(False)).alias("is_return"),
        F.lag("ended_at").over(by_start).alias("earlier_end"),
        *[(F.sum(value).over(upto) - value).alias(f"{name}_before") for name, value in counted.items()],
    )
    seconds = (F.unix_millis("started_at") - F.unix_millis("earlier_end")) / 1000.0
    return ordered.select(
        *VISIT,
        "session_date",
        F.hour("started_at").alias("session_hour"),
        (F.pmod(F.datediff("session_date", F.lit(A_MONDAY)), F.lit(7)) + 1).cast("int").alias("session_weekday"),
        *[
            (F.col(f"{name}_before") - F.max(F.when(~F.col("is_return"), F.col(f"{name}_before"))).over(upto))
            .cast("int")
            .alias(f"num_earlier_{name}")
            for name in counted
        ],
        F.when(F.col("is_return"), seconds / 3600.0).alias("hours_since_visit"),
        "ended_at",
        (F.col("num_transactions") > 0).cast("int").alias("label"),
    )


def _rates(conversion_rates: DataFrame, level: str) -> DataFrame:
    """Return what was known of items or categories before each day."""
    views = [F.col("num_views").alias("item_views")] if level == "item" else []
    return conversion_rates.where(F.col("level") == level).select(
        "event_date",
        F.col("id").alias(f"{level}_id"),
        *views,
        F.col("cart_rate").alias(f"{level}_cart_rate"),
        F.col("purchase_rate").alias(f"{level}_purchase_rate"),
    )
