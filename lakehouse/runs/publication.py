"""runs.publication — the row of the ledger that makes versions the ones that are read."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from lakehouse.lake import Lake
from lakehouse.storage.ledger import Run, now


def publish(lake: Lake, run: Run, names: Collection[str], known: Mapping[str, str] | None = None) -> Run:
    """Add the run to the ledger, which makes the present versions of its tables the ones that are read.

    Args:
        lake: the lake.
        run: what was done.
        names: the tables to publish anew; the others stay as they were published before, if they were.
        known: the fingerprints of tables that other code computed than the present one.

    Returns:
        The row of the ledger, with the version of every published table.
    """
    before = lake.ledger.published()
    kept = before.versions if before else {}
    built = lake.ledger.built()
    present = [(name, lake.store.version(name)) for name in lake.contracts]
    complete = replace(
        run,
        status="published",
        ended_at=now(),
        versions={name: kept[name] if name in kept and name not in names else latest for name, latest in present},
        reads={name: each.reads for name, each in built.items()} | dict(run.reads),
        fingerprints={name: each.fingerprint for name, each in built.items()}
        | {name: lake.tables[name].fingerprint for name in run.reads}
        | dict(known or {}),
    )
    lake.ledger.record(complete)
    return complete
