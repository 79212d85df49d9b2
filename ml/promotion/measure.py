"""ml.promotion.measure — gather the evidence: score what no version was made from, and rebuild some of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.storage.ledger import Run
from ml.intent.evaluation.counting import count_scored
from ml.intent.evaluation.evaluation import evaluate
from ml.intent.evaluation.figures import MODEL, Evaluation
from ml.intent.evaluation.slices import EXAMPLE_COLUMNS
from ml.intent.examples import TABLE
from ml.intent.slices import Slices, has_ended
from ml.intent.training import covered, published
from ml.promotion.evidence import Evidence
from ml.promotion.rebuild import rebuild
from ml.registry import records
from ml.serving import expression
from ml.serving.scorer import Scorer


@dataclass(frozen=True)
class Versions:
    """The versions that are looked at together.

    Attributes:
        challenger: asks to be the champion.
        champion: the present one, None where there is none.
        best: the best champion so far, None where there is none.
    """

    challenger: Scorer
    champion: Scorer | None = None
    best: Scorer | None = None

    @property
    def by_name(self) -> dict[str, Scorer]:
        """Those that there are, by their column."""
        found = {MODEL: self.challenger, "champion": self.champion, "best": self.best}
        return {name: each for name, each in found.items() if each}

    @property
    def since(self) -> datetime:
        """The instant (UTC) from which no version was fit, selected, calibrated or given its threshold."""
        return max(Slices.of(each.document["slices"]).bounds["test"][0] for each in self.by_name.values())


def gather(lake: Lake, versions: Versions) -> Evidence:
    """Gather all that the gates judge.

    Args:
        lake: the lake; its newest publication is read.
        versions: what to look at.

    Raises:
        LakehouseError: nothing is published (exit code 2), or no decision point is later than the training (3).
    """
    publication, challenger = published(lake), versions.challenger
    examples = lake.store.read(TABLE, publication.versions[TABLE])
    names = challenger.input_names
    missing = tuple(name for name in names if name not in examples.columns)
    rows = later(lake, publication, examples, versions.since)
    evaluation = measure(rows, versions) if not missing else Evaluation({})
    return Evidence(
        challenger=challenger.version,
        champion=versions.champion.version if versions.champion else None,
        best=versions.best.version if versions.best else None,
        since=versions.since.isoformat(),
        evaluation=evaluation,
        rebuild=rebuild(lake, publication.versions, rows, [name for name in names if name not in missing]),
        missing_inputs=missing,
        signature_differences=_signature_differences(lake, challenger),
        parity=_parity(lake, challenger, rows) if not missing else {},
    )


def later(lake: Lake, publication: Run, examples: DataFrame, since: datetime) -> DataFrame:
    """Return the decision points of visits that began at an instant or later and have ended, with `is_seen`.

    Args:
        lake: the lake.
        publication: what is read.
        examples: rows of gold.intent_examples.
        since: the instant, UTC; whoever visited before it is seen.
    """
    seen = (
        examples.where(F.col("started_at") < F.lit(since)).select("visitor_id", F.lit(True).alias("is_seen")).distinct()
    )
    ended = examples.where((F.col("started_at") >= F.lit(since)) & has_ended(covered(lake, publication).complete_until))
    return ended.join(seen, "visitor_id", how="left").withColumn("is_seen", F.coalesce("is_seen", F.lit(False)))


def measure(rows: DataFrame, versions: Versions) -> Evaluation:
    """Score decision points by all versions and return the figures.

    Raises:
        LakehouseError: there is no decision point (exit code 3).
    """
    needed = dict.fromkeys([*EXAMPLE_COLUMNS, "is_seen"])
    for each in versions.by_name.values():
        needed |= dict.fromkeys(each.input_names)
    points = rows.select(*needed).toArrow().to_pandas()
    if points.empty:
        message = (
            f"No visit began after {versions.since:%Y-%m-%d %H:%M} UTC and has ended: there is nothing to judge by."
        )
        raise LakehouseError(message, "land more days, then lakehouse run", Exit.REFUSED)
    scored = points.assign(**{name: each.score(points) for name, each in versions.by_name.items()})
    others = [name for name in versions.by_name if name != MODEL]
    return evaluate(count_scored(scored, versions.challenger.document, others))


def _signature_differences(lake: Lake, challenger: Scorer) -> tuple[str, ...]:
    """Compare the inputs of the served document with those that MLflow shows."""
    shown = records.signature(lake.settings, challenger.version)
    ours = set(challenger.input_names)
    unserved = [f"{name} is shown and not read" for name in sorted(shown.keys() - ours)]
    unshown = [f"{name} is read and not shown" for name in sorted(ours - shown.keys())]
    return (*unserved, *unshown, *(f"{name} is {kind}" for name, kind in shown.items() if kind != "double"))


def _parity(lake: Lake, challenger: Scorer, rows: DataFrame) -> Mapping[str, float]:
    """Compare the ways to score: with what MLlib answered in training, and as a frame's column on these rows."""
    answers = records.answers(lake.settings, challenger.version)
    if not set(challenger.input_names) <= set(answers.columns):
        return {"the formula and MLlib, which was not asked about all inputs": inf}
    asked = rows.select(*challenger.input_names, expression.probability(challenger.document).alias("column_score"))
    some: pd.DataFrame = asked.limit(len(answers)).toArrow().to_pandas()
    return {
        "the formula and MLlib": _worst(challenger.score(answers), answers["score"]),
        "the formula and a frame's column": _worst(challenger.score(some), some["column_score"]),
    }


def _worst(one: np.ndarray, other: "pd.Series[float]") -> float:
    return float(np.abs(one - other.to_numpy()).max())
