"""ml.promotion.monitoring — sum the champion's predictions up by week, publish the sums, and say what they mean."""

from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import pyarrow as pa

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake, open_lake
from lakehouse.runs import lock
from lakehouse.runs.publication import publish
from lakehouse.storage.ledger import Result, Run, new_run_id, now
from lakehouse.table import Table
from ml import feature_drift, prediction_quality, predictions
from ml.promotion.drift import Week, asks_for_training, weeks
from ml.serving.scorer import Scorer, champion
from ml.spark_process import Say

EXAMPLES = "gold.intent_examples"
TABLES = (feature_drift.table, prediction_quality.table)


@dataclass(frozen=True)
class Monitored:
    """What the weeks showed of a model version, and whether they ask for a new training."""

    version: int
    weeks: list[Week]
    asks_for_training: bool

    def lines(self) -> list[str]:
        """Return a line for each week, and the conclusion."""
        told = [f"week of {each.week}: {'; '.join(each.reasons) or 'as in the test'}" for each in self.weeks]
        end = "train anew: lakehouse ml train promote score" if self.asks_for_training else "no training is needed"
        return [f"champion: version {self.version}", *told, end]


def monitor(lake: Lake, say: Say) -> Monitored:
    """Sum up the champion's predictions by week and publish ml.feature_drift and ml.prediction_quality.

    Args:
        lake: the lake; its newest publication is read.
        say: receives a few lines.

    Raises:
        LakehouseError: nothing is scored by the champion yet (exit code 2); the lake is locked (4).
    """
    with lock.hold(lake.settings, "lakehouse ml monitor"):
        scorer, published = champion(lake.settings), lake.ledger.published()
        if scorer is None or published is None or predictions.table.name not in published.versions:
            raise LakehouseError("There are no predictions to look at.", "lakehouse ml score", Exit.USAGE)
        reads = {name: published.versions[name] for name in (predictions.table.name, EXAMPLES)}
        # a rollback changes neither table, but whose inputs are looked at
        reads[f"{lake.settings.model.name}@{scorer.sha256[:16]}"] = scorer.version
        if not all(_is_done(each, published, reads) for each in TABLES):
            _write(lake, scorer, reads, say)
        else:
            say("Nothing to do: the sums are those of these predictions.")
        drift, quality = (
            [row for row in lake.store.records(each.name) if row["model_version"] == scorer.version] for each in TABLES
        )
        found = weeks(drift, quality, lake.settings.monitor)
        return Monitored(scorer.version, found, asks_for_training(found, lake.settings.monitor))


def _write(lake: Lake, scorer: Scorer, reads: dict[str, int], say: Say) -> None:
    started_at, run_id, results = now(), new_run_id(), []
    lock.note_jvm(lake.settings, lake.store.engine.jvm_process_id)
    predicted = lake.store.read(predictions.table.name, reads[predictions.table.name])
    examples = lake.store.read(EXAMPLES, reads[EXAMPLES])
    features = [each.name for each in scorer.inputs]
    mine = predicted.where(f"superseded_at IS NULL AND model_version = {scorer.version}")
    kept = mine.select(*predictions.POINT, "decided_at", "part", feature_drift.SCORE)
    values = [name for name in features if name not in kept.columns]
    points = kept.join(examples.select(*predictions.POINT, *values), predictions.POINT, how="inner")
    if scorer.is_borrowed:
        by, test = feature_drift.lent(_lenders(lake, scorer))
        counts, parts = pa.concat_tables([feature_drift.count(points, by), test]), ["later"]
    else:
        by = feature_drift.edges(points.where("part = 'test'"), [*features, feature_drift.SCORE])
        counts, parts = feature_drift.count(points, by), ["test", "later"]
    counted = lake.store.spark.createDataFrame(counts)
    frames = {
        feature_drift.table: feature_drift.spread(counted, scorer.version, parts),
        prediction_quality.table: prediction_quality.sum_up(predicted),
    }
    for table, frame in frames.items():
        clock = monotonic()
        lake.store.create(table)
        written = lake.store.overwrite(table, frame, run_id)
        rows_in = lake.store.rows(predictions.table.name, reads[predictions.table.name])
        seconds = round(monotonic() - clock, 2)
        results.append(Result(table.name, rows_in, written.rows, 0, seconds, written.version, written.broken))
    read_by = {each.name: _read_by(each.name, reads) for each in TABLES}
    run = Run(run_id, "lakehouse ml monitor", "published", started_at, now(), {}, read_by, {}, results)
    publish(lake, run, list(read_by))
    say(f"Summed up {', '.join(read_by)}, published as run {run_id}.")


def _lenders(lake: Lake, scorer: Scorer) -> list[dict[str, Any]]:
    """Return the rows of the lending lake's ml.feature_drift of the model.

    Raises:
        LakehouseError: it holds none (exit code 2).
    """
    settings = lake.settings
    lender = open_lake(replace(settings, lake=replace(settings.lake, path=settings.lake.borrows, borrows="")))
    published = lender.ledger.published()
    name = feature_drift.table.name
    rows = lender.store.records(name) if published and name in published.versions else []
    found = [row for row in rows if row["model_version"] == scorer.version]
    if not found:
        message = f"The lake that lends model {scorer.version} has not summed up its test yet."
        raise LakehouseError(message, f"LAKEHOUSE_LAKE={settings.lake.borrows} lakehouse ml monitor", Exit.USAGE)
    return found


def _is_done(table: Table, published: Run, reads: dict[str, int]) -> bool:
    is_of_these = published.reads.get(table.name) == _read_by(table.name, reads)
    return is_of_these and published.fingerprints.get(table.name) == table.fingerprint


def _read_by(name: str, reads: dict[str, int]) -> dict[str, int]:
    """Return the versions that one of the tables is computed from."""
    return {each: version for each, version in reads.items() if name == feature_drift.table.name or each != EXAMPLES}
