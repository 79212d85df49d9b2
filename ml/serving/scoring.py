"""ml.serving.scoring — the champion's answer at every decision point, published as ml.predictions.

It is an expression on the engine in use, so that a lake larger than memory is scored all the same.
"""

import time
from collections.abc import Mapping
from datetime import datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse.errors import Exit, LakehouseError
from lakehouse.expectations import conditions, enforce
from lakehouse.lake import Lake
from lakehouse.runs import lock
from lakehouse.runs.publication import publish
from lakehouse.storage import spill
from lakehouse.storage.data_skipping import Bounds
from lakehouse.storage.ledger import Result, Run, new_run_id, now
from lakehouse.storage.store import Written
from ml import predictions
from ml.intent.examples import TABLE
from ml.intent.slices import LATER, Coverage, Slices, has_ended
from ml.intent.training import ACTIVITY, covered, published
from ml.predictions import table
from ml.serving import expression
from ml.serving.scorer import Scorer, champion
from ml.spark_process import Say

REMEDY = "lakehouse ml train --force"


def score(lake: Lake, say: Say) -> Run | None:
    """Score the published decision points by the champion and publish the predictions.

    A decision point that this version scored already is left as it is. A visit that has ended gets its label; the
    prediction of one that changed stays, superseded, beside the new one.

    Args:
        lake: the lake; its newest publication is read.
        say: receives a few lines.

    Returns:
        The published row of the ledger, or None if the predictions are those of this champion and these visits.

    Raises:
        LakehouseError: nothing is published or there is no champion (2); the champion's file was altered or a rule is
            broken (3); the lake or the registry is locked (4).
    """
    with lock.hold(lake.settings, "lakehouse ml score"), spill.emptied(lake.store):
        publication, scorer = published(lake), champion(lake.settings)
        if scorer is None:
            raise LakehouseError("There is no champion to score with.", "lakehouse ml train", Exit.USAGE)
        # the digest tells models apart whose numbers are equal because the registry was made anew
        reads = {name: publication.versions[name] for name in (TABLE, ACTIVITY)}
        reads[f"{lake.settings.model.name}@{scorer.sha256[:16]}"] = scorer.version
        version = publication.versions[TABLE]
        if _is_done(lake, reads):
            say(f"Nothing to do: {table.name} is by version {scorer.version} on {TABLE} version {version}.")
            return None
        say(f"Scoring {TABLE} version {version} by version {scorer.version}.")
        started_at, run_id, clock = now(), new_run_id(), time.monotonic()
        lock.note_jvm(lake.settings, lake.store.engine.jvm_process_id)
        lake.store.create(table)
        examples, until = lake.store.read(TABLE, version), covered(lake, publication)
        current = _predict(examples, scorer, until, started_at)
        may_differ = not _reads_as_before(lake, reads)
        written = _merge(lake, current, scorer.version, started_at, run_id, may_differ)
        rows_in, seconds = lake.store.rows(TABLE, version), round(time.monotonic() - clock, 2)
        result = Result(table.name, rows_in, written.rows, 0, seconds, written.version, written.broken)
        run = Run(run_id, "lakehouse ml score", "published", started_at, now(), {}, {table.name: reads}, {}, [result])
        done = publish(lake, run, [table.name])
        say(f"{written.rows:,} decision points scored, published as run {run_id} after {seconds:.1f} s.")
        return done


def answer(scorer: Scorer) -> Mapping[str, Column]:
    """Return what a model says of a decision point, as columns: `probability`, `is_flagged` and `part`."""
    probability = expression.probability(scorer.document)
    is_flagged = F.lit(None).cast("boolean") if scorer.threshold is None else probability >= scorer.threshold
    return {
        "probability": probability,
        "is_flagged": is_flagged,
        "part": F.lit(LATER) if scorer.is_borrowed else Slices.of(scorer.document["slices"]).part(),
    }


def _predict(examples: DataFrame, scorer: Scorer, until: Coverage, at: datetime) -> DataFrame:
    features = [name for name in examples.columns if name not in predictions.NO_FEATURES]
    ended = has_ended(until.complete_until)
    return predictions.predict(examples, answer(scorer), ended, features, scorer.version, at)


def _merge(lake: Lake, current: DataFrame, model_version: int, at: datetime, run_id: str, may_differ: bool) -> Written:
    """Add the answers that are new, and mark what changed of the others, in one commit.

    Args:
        lake: the lake.
        current: what `predictions.predict` returns.
        model_version: of `current`.
        at: the instant of the scoring.
        run_id: the run.
        may_differ: whether visits may differ from those that the others were scored by.
    """
    store, rules = lake.store, table.output_rules
    there = [field.name for field in store.delta(table.name).schema().fields]
    if not store.rows(table.name) or there != [column.name for column in table.columns]:  # of an earlier release
        return store.overwrite(table, current, run_id, remedy=REMEDY)
    live = store.read(table.name).where("superseded_at IS NULL")
    fresh = spill.materialize(store, predictions.fresh(current, live, model_version), counts=conditions(rules))
    enforce(table.name, rules, fresh.counts, REMEDY)
    limits = Bounds.measured_columns(table, table.cluster_by)
    changed = spill.materialize(store, predictions.changed(current, live, at), limits=limits) if may_differ else None
    if changed and changed.rows:
        added = fresh.frame.unionByName(changed.frame)
        version = store.replace(table, changed.frame, added, Bounds.of(changed.limits), changed.rows, run_id)
        return Written(version, fresh.rows, changed.rows, fresh.counts)
    return Written(store.append(table, fresh.frame, run_id), fresh.rows, 0, fresh.counts)


def _reads_as_before(lake: Lake, reads: Mapping[str, int]) -> bool:
    """Say whether the published predictions were made from the same visits, by whatever model."""
    published = lake.ledger.published()
    before = published.reads.get(table.name, {}) if published else {}
    return all(before.get(name) == reads[name] for name in (TABLE, ACTIVITY))


def _is_done(lake: Lake, reads: Mapping[str, int]) -> bool:
    published = lake.ledger.published()
    return (
        published is not None
        and published.reads.get(table.name) == reads
        and published.fingerprints.get(table.name) == table.fingerprint
        and published.versions.get(table.name) == lake.store.version(table.name)
    )
