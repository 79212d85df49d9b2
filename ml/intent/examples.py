"""ml.intent.examples — the decision points that a training reads: those it learns from drawn and weighed, others whole.

The lake's own engine reads them; MLlib's process gets them as one file.
"""

from collections.abc import Iterable, Mapping
from math import sqrt

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.sections import Model
from ml.intent.design import terms
from ml.intent.evaluation.slices import COLUMNS
from ml.intent.slices import PARTS, Coverage, Slices, has_ended
from ml.serving.formula import inputs

TABLE = "gold.intent_examples"
WEIGHT = "example_weight"
FEWEST = 5  # decision points before a purchase, and others, that each part must hold
LEARNED = ("fit", "selection", "calibration")  # the parts that examples are drawn from

Counts = Mapping[tuple[str, int, int], int]  # (part, decision point, label) -> decision points


def points(intent_examples: DataFrame, covered: Coverage, slices: Slices, settings: Model) -> pa.Table:
    """Read what a training needs, in an order that no engine changes.

    Args:
        intent_examples: rows of gold.intent_examples.
        covered: the time that the data cover.
        slices: how it is split.
        settings: how many examples to draw.

    Returns:
        The decision points of visits that have ended: `part`, `example_weight`, `evaluation.slices.COLUMNS` and what
        the model reads.

    Raises:
        LakehouseError: there is too little to learn from (exit code 3).
    """
    rows = decision_points(intent_examples, covered, slices)
    counts = count(rows)
    require_purchases(counts, slices)
    seen = rows.where(F.col("started_at") < F.lit(slices.bounds["test"][0])).select("visitor_id").distinct()
    drawn = draw(rows.where(F.col("part").isin(*PARTS)), counts, settings.max_examples)
    found = drawn.join(seen.withColumn("was_seen", F.lit(True)), "visitor_id", how="left")
    wanted = dict.fromkeys(["part", WEIGHT, *COLUMNS, *inputs(terms())])
    read = found.withColumn("is_seen", F.col("was_seen").isNotNull()).select(*wanted).toArrow()
    return read.sort_by([(name, "ascending") for name in ("visitor_id", "started_at", "decision_point")])


def decision_points(intent_examples: DataFrame, covered: Coverage, slices: Slices) -> DataFrame:
    """Keep the decision points of visits that have ended, with their `part`.

    Args:
        intent_examples: rows of gold.intent_examples.
        covered: the time that the data cover.
        slices: how it is split.
    """
    return intent_examples.where(has_ended(covered.complete_until)).withColumn("part", slices.part())


def count(rows: DataFrame) -> Counts:
    """Count decision points by part, number of events and label."""
    found = rows.groupBy("part", "decision_point", "label").agg(F.count(F.lit(1))).collect()
    return {(part, point, label): number for part, point, label, number in found}


def require_purchases(counts: Counts, slices: Slices) -> None:
    """Require that every part of the time holds decision points before a purchase, and others.

    Raises:
        LakehouseError: one holds too few of either (exit code 3).
    """
    found: dict[tuple[str, int], int] = {}
    for (part, _, label), number in counts.items():
        found[part, label] = found.get((part, label), 0) + number
    for part, (start, end) in slices.bounds.items():
        others, purchases = (found.get((part, label), 0) for label in (0, 1))
        if min(others, purchases) < FEWEST:
            message = (
                f"gold.intent_examples holds {purchases:,} decision points before a purchase and {others:,} others for "
                f"the {part} ({start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC); a model needs at least "
                f"{FEWEST} of each."
            )
            raise LakehouseError(message, "land more events, then lakehouse run", Exit.REFUSED)


def draw(rows: DataFrame, counts: Counts, most: int) -> DataFrame:
    """Take every decision point before a purchase and, where they are many, a share of the others; weigh them.

    A point that stands for others that were left out weighs as much as they, as `example_weight`. Beside that each
    number of events weighs as the root of its points, so that the many first events do not rule the few tenth. Parts
    that nothing is learned from stay whole, and each of their points weighs 1.

    Args:
        rows: decision points.
        counts: of all decision points, what `count` returns.
        most: how many others to take of each part; where that is not all, as many of each number of events as there are
            or as the rest may have.
    """
    share, balance = F.lit(1.0), F.lit(1.0)
    for part in LEARNED:
        others = {point: counts.get((part, point, 0), 0) for p, point, _ in counts if p == part}
        totals = {point: number + counts.get((part, point, 1), 0) for point, number in others.items()}
        mean = sum(totals.values()) / sum(map(sqrt, totals.values())) if totals else 1.0  # weights are 1 in the mean
        of_each = level(others.values(), most)
        for point, number in others.items():
            is_there = (F.col("part") == part) & (F.col("decision_point") == point)
            balance = F.when(is_there, F.lit(mean / sqrt(totals[point]))).otherwise(balance)
            if number > of_each:
                share = F.when(is_there & (F.col("label") == 0), F.lit(of_each / number)).otherwise(share)
    # the share of the keys whose hash is small: the same rows each time, whoever asks
    lot = F.pmod(F.xxhash64("visitor_id", F.unix_millis("started_at"), "decision_point"), F.lit(1 << 20)) / (1 << 20)
    return rows.where(lot < share).withColumn(WEIGHT, balance / share)


def level(numbers: Iterable[int], most: int) -> int:
    """Return what numbers are cut to, where they are higher, so that their sum is `most` at the most."""
    low_to_high, left = sorted(numbers), most
    for place, number in enumerate(low_to_high):
        if number * (len(low_to_high) - place) > left:
            return left // (len(low_to_high) - place)
        left -= number
    return most
