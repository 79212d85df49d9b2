"""ml.promotion.rebuild — decision points computed anew from the events up to each alone: what differs has leaked.

A point is given a visitor of its own, who did what the visitor of the point did until then and nothing after. The
tables' own transforms run on those events; what they say of the point must be what gold.intent_examples says. What was
known of items and categories is counted anew for every day from the events of the days before it and those of the
points.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from math import isclose, isnan
from typing import Any, TypeAlias

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.lake import Lake
from lakehouse.table import short_name
from ml.promotion.evidence import Rebuild

Row: TypeAlias = Mapping[str, Any]

EXAMPLES, EVENTS, RATES = "gold.intent_examples", "silver.session_events", "gold.conversion_rates"
RAW, HISTORY = "silver.events", "silver.item_history"
MOST_POINTS = 1000
FIRST_VISITOR = 1 << 50  # ids of the points' own visitors; no visitor of the shop has one as high
POINT = ("visitor_id", "started_at", "decision_point")
TOLERANCE = 1e-9  # relative: sums in another order


def rebuild(lake: Lake, versions: Mapping[str, int], candidates: DataFrame, inputs: Sequence[str]) -> Rebuild:
    """Compute up to a thousand decision points anew, all that precede a purchase first, and compare them.

    Args:
        lake: the lake.
        versions: table -> the published version.
        candidates: rows of gold.intent_examples to choose from.
        inputs: the columns that the model reads.
    """
    spark, chosen = candidates.sparkSession, choose(candidates).toArrow()
    if not len(chosen):
        return Rebuild(0, 0, {}, "")
    probe = pa.array(range(FIRST_VISITOR, FIRST_VISITOR + len(chosen)), pa.int64())
    probes = spark.createDataFrame(chosen.select([*POINT, "decided_at"]).append_column("probe", probe))
    history = {name: lake.store.read(name, versions[name]) for name in (EVENTS, HISTORY)}
    given = {RAW: _materialized(events_so_far(history[EVENTS], probes)), HISTORY: history[HISTORY]}
    given |= {EVENTS: _materialized(derive(lake, EVENTS, given))}
    days = sorted({instant.date() for instant in chosen["decided_at"].to_pylist()})
    given |= {RATES: _rates(lake, history[EVENTS], given[EVENTS], days)}
    rebuilt = derive(lake, EXAMPLES, given).where(F.col("visitor_id") >= FIRST_VISITOR).toArrow().to_pylist()
    found = {tuple(row[name] for name in POINT): row for row in rebuilt}
    before = [dict(row, probe=number) for number, row in zip(probe.to_pylist(), chosen.to_pylist(), strict=True)]
    pairs = [(row, found.get((row["probe"], *(row[name] for name in POINT[1:])))) for row in before]
    return compare(pairs, [name for name in inputs if name not in POINT])


def choose(candidates: DataFrame) -> DataFrame:
    """Return the decision points to rebuild: those before a purchase first, then others, drawn by a hash."""
    draw = F.xxhash64(F.col("visitor_id"), F.unix_micros("started_at"), F.col("decision_point"))
    return candidates.orderBy(F.desc("label"), draw).limit(MOST_POINTS)


def events_so_far(session_events: DataFrame, probes: DataFrame) -> DataFrame:
    """Return what each point's visitor did until then, as rows of silver.events of a visitor of its own.

    Args:
        session_events: silver.session_events.
        probes: `visitor_id`, `started_at`, `decision_point` and `probe`, the visitor of its own.
    """
    point = F.broadcast(probes).select(
        F.col("visitor_id"), F.col("started_at").alias("this_start"), "decision_point", "probe"
    )
    is_past = (F.col("started_at") < F.col("this_start")) | (
        (F.col("started_at") == F.col("this_start")) & (F.col("position") <= F.col("decision_point"))
    )
    columns = ("occurred_at", "event_type", "item_id", "transaction_id", "event_date")
    past = session_events.join(point, "visitor_id", how="inner").where(is_past)
    return past.select(F.col("probe").alias("visitor_id"), *columns)


def derive(lake: Lake, name: str, given: Mapping[str, DataFrame]) -> DataFrame:
    """Return what a table's transform makes of these frames; upstreams that are not given are derived first."""
    if name in given:
        return given[name]
    contract = lake.tables[name]
    assert contract.function is not None
    return contract.function(**{short_name(each): derive(lake, each, given) for each in contract.upstreams})


def _rates(lake: Lake, history: DataFrame, own: DataFrame, days: Sequence[date]) -> DataFrame:
    """Count the past of each day of a decision from nothing of that day but the points' own events."""
    columns = [each.name for each in lake.tables[EVENTS].columns]
    earlier = history.select(columns)
    # of the same schema as what is read, comments too: the embedded engine refuses the union otherwise
    own = own.sparkSession.createDataFrame(own.select(columns).toArrow(), earlier.schema)
    parts = []
    for day in days:
        past, today = earlier.where(F.col("event_date") < F.lit(day)), own.where(F.col("event_date") == F.lit(day))
        known = derive(lake, RATES, {EVENTS: past.unionByName(today)})
        parts.append(known.where(F.col("event_date") == F.lit(day)).toArrow())
    return own.sparkSession.createDataFrame(pa.concat_tables(parts))


def compare(pairs: Sequence[tuple[Row, Row | None]], names: Sequence[str]) -> Rebuild:
    """Compare each input of decision points with its rebuilt value.

    Args:
        pairs: a point as it is stored, and as it was rebuilt; None where the events so far did not give it.
        names: the inputs.
    """
    rebuilt = [(before, after) for before, after in pairs if after is not None]
    different: dict[str, int] = {}
    example = ""
    for before, after in rebuilt:
        for name in (each for each in names if not _is_same(before[each], after[each])):
            different[name] = different.get(name, 0) + 1
            example = example or (  # it is kept, so it names no visitor
                f"after event {before['decision_point']} of a visit of {before['started_at']:%Y-%m-%d %H:%M} UTC, "
                f"{name} is {before[name]} and was {after[name]} then"
            )
    return Rebuild(len(rebuilt), len(pairs), different, example)


def _materialized(frame: DataFrame) -> DataFrame:
    return frame.sparkSession.createDataFrame(frame.toArrow())


def _is_same(one: Any, other: Any) -> bool:
    missing = [each is None or (isinstance(each, float) and isnan(each)) for each in (one, other)]
    if any(missing):
        return all(missing)
    if isinstance(one, float | int) and isinstance(other, float | int):
        return isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(one == other)
