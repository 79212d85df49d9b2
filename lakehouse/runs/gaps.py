"""runs.gaps — which spans of time a change touches in rows that are cut from a stream at pauses.

A changed row touches what it lies in, and what lies no farther from it than a pause may last; beyond the next longer
pause, before and behind, nothing can differ. So an event that comes years late, beside those of today, has two short
spans read, not all years between them.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.storage import spill
from lakehouse.storage.data_skipping import Bounds
from lakehouse.storage.store import Store
from lakehouse.table import SessionGap, Table

FROM, UPTO = "_from", "_upto"  # the first and the last instant of a span
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Spans:
    """What is touched: the columns of `by` with `_from` and `_upto`; how many rows these are, and in which days."""

    frame: DataFrame
    count: int
    days: list[date]


def find_spans(store: Store, table: Table, gap: SessionGap, changed: DataFrame) -> Spans:
    """Return the spans that changed rows touch.

    Args:
        store: the lake's tables.
        table: a table that is cut at pauses, as it was before the change.
        gap: how it is cut.
        changed: the columns of `by` and the instant of each row that came or went.

    Returns:
        Spans of whole visits: each of the table's begins and ends within one of them, or lies outside of all.
    """
    key, reach = [*table.refresh.by, "_day"], timedelta(minutes=gap.minutes)

    # What changed, by day: else one late event would stretch the span of its visitor, and with it what is read.
    by_day = changed.groupBy(*table.refresh.by, F.to_date(gap.instant).alias("_day"))
    ends = F.min(gap.instant).alias(FROM), F.max(gap.instant).alias(UPTO)
    first = spill.materialize(store, by_day.agg(*ends), limits={"day": F.col("_day")})
    if not first.rows:
        return Spans(first.frame, 0, [])

    # The visits that lie within reach of it, as they were: where the first begins, and which is the last.
    near = store.read(table.name, within=Bounds.of_instants(gap.instant, _around(first.limits["day"], reach)))
    is_near = F.col(gap.instant).between(F.col(FROM) - F.lit(reach), F.col(UPTO) + F.lit(reach))
    starts = F.min(gap.start).alias("_first"), F.max(gap.start).alias("_last")
    joined = near.join(F.broadcast(first.frame), list(table.refresh.by), how="inner").where(is_near)
    visits = joined.groupBy(*key).agg(*starts)
    begun = first.frame.join(F.broadcast(visits), key, how="left").select(
        *key, F.least(FROM, F.coalesce("_first", FROM)).alias(FROM), UPTO, "_last"
    )
    begun_from = spill.materialize(store, begun, limits={"day": F.to_date("_last")})

    # Where the last one ends: it may be days behind.
    last = store.read(table.name, within=Bounds.of_instants(gap.start, begun_from.limits["day"]))
    is_last = F.col(gap.start) == F.col("_last")
    joined = last.join(F.broadcast(begun_from.frame), list(table.refresh.by), how="inner").where(is_last)
    ended = joined.groupBy(*key).agg(F.max(gap.instant).alias("_end"))
    whole = begun_from.frame.join(F.broadcast(ended), key, how="left").select(
        *table.refresh.by, FROM, F.greatest(UPTO, F.coalesce("_end", UPTO)).alias(UPTO)
    )
    spans = spill.materialize(store, whole)
    limits = spans.frame.select(F.to_date(FROM), F.to_date(UPTO)).distinct().collect()
    return Spans(spans.frame, spans.rows, sorted({day for first, last in limits for day in _days(first, last)}))


def _around(days: list[date], reach: timedelta) -> list[date]:
    """Return the days in which an instant may lie that is no farther than a reach from one of some days."""
    midnights = [datetime.combine(day, time()) for day in days]
    return sorted({each for at in midnights for each in _days((at - reach).date(), (at + DAY + reach).date())})


def _days(first: date, last: date) -> list[date]:
    return [first + number * DAY for number in range((last - first).days + 1)]
