"""ml.score — the champion's answer for every visit that can be predicted, published as ml.predictions.

It is an expression on the engine in use, so that a lake larger than memory is scored all the same.
"""

import time

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.runs import lock
from lakehouse.runs.publication import publish
from lakehouse.storage.ledger import Result, Run, new_run_id, now
from ml.features import TABLE, eligible
from ml.predictions import predict, table
from ml.scorer import champion
from ml.spark_process import Say
from ml.training_command import published_version


def score(lake: Lake, say: Say) -> Run | None:
    """Score the published visits by the champion and publish the predictions.

    Args:
        lake: the lake; its newest publication is read.
        say: receives a few lines.

    Returns:
        The published row of the ledger, or None if the predictions are those of this champion and these visits.

    Raises:
        LakehouseError: nothing is published or there is no champion (2); the champion's file was altered or a rule is
            broken (3); the lake or the registry is locked (4).
    """
    with lock.hold(lake.settings, "lakehouse ml score"):
        version, scorer = published_version(lake), champion(lake.settings)
        if scorer is None:
            raise LakehouseError("There is no champion to score with.", "lakehouse ml train", Exit.USAGE)
        # the digest tells models apart whose numbers are equal because the registry was made anew
        reads = {TABLE: version, f"{lake.settings.model.name}@{scorer.sha256[:16]}": scorer.version}
        if _is_done(lake, reads):
            say(f"Nothing to do: {table.name} is by version {scorer.version} on {TABLE} version {version}.")
            return None
        say(f"Scoring {TABLE} version {version} by version {scorer.version}.")
        started_at, run_id, clock = now(), new_run_id(), time.monotonic()
        lock.note_jvm(lake.settings, lake.store.engine.jvm_process_id)
        lake.store.create(table)
        visits = eligible(lake.store.read(TABLE, version))
        written = lake.store.overwrite(table, predict(visits, scorer), run_id, remedy="lakehouse ml train --force")
        rows_in, seconds = lake.store.rows(TABLE, version), round(time.monotonic() - clock, 2)
        result = Result(table.name, rows_in, written.rows, 0, seconds, written.version, written.broken)
        run = Run(run_id, "lakehouse ml score", "published", started_at, now(), {}, {table.name: reads}, {}, [result])
        published = publish(lake, run, [table.name])
        say(f"{written.rows:,} visits scored, published as run {run_id} after {seconds:.1f} s.")
        return published


def _is_done(lake: Lake, reads: dict[str, int]) -> bool:
    published = lake.ledger.published()
    return (
        published is not None
        and published.reads.get(table.name) == reads
        and published.fingerprints.get(table.name) == table.fingerprint
        and published.versions.get(table.name) == lake.store.version(table.name)
    )
