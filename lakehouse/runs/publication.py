"""runs.publication — the row of the ledger that makes versions the ones that are read."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from lakehouse.lake import Lake
from lakehouse.storage.ledger import Run, now


@dataclass(frozen=True)
class _Published:
    """How a table is published: version, id, what it was computed from, and by which definition."""

    version: int
    id: str
    reads: Mapping[str, int] | None = None
    read_ids: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""


def publish(lake: Lake, run: Run, names: Collection[str], known: Mapping[str, str] | None = None) -> Run:
    """Add the run to the ledger, which makes the present versions of its tables the ones that are read.

    A table that was never created is no part of what is published. Of the others each is published with what that very
    version was computed from.

    Args:
        lake: the lake.
        run: what was done.
        names: the tables to publish anew; the others stay as they were published before, if they were.
        known: the fingerprints of tables that other code computed than the present one.

    Returns:
        The row of the ledger, with the version of every published table.
    """
    before = lake.ledger.published()
    present = ids(lake, lake.contracts)
    fingerprints = {name: lake.tables[name].fingerprint for name in run.reads if name in lake.tables} | dict(
        known or {}
    )
    found: dict[str, _Published] = {}
    for name in present:
        kept = _published_before(name, before) if before and name not in names else None
        is_kept = kept is not None and kept.id in ("", present[name])
        found[name] = kept if kept and is_kept else _present(lake, run, name, present[name], fingerprints)
    reads = {name: each.reads for name, each in found.items() if each.reads is not None}
    complete = replace(
        run,
        status="published",
        ended_at=now(),
        versions={name: each.version for name, each in found.items()},
        ids=present,
        reads=reads,
        # of a table that an earlier release read, the id is not known: it is the present one
        read_ids={
            name: {upstream: present[upstream] for upstream in upstreams if upstream in present}
            | dict(found[name].read_ids)
            for name, upstreams in reads.items()
        },
        fingerprints={name: each.fingerprint for name, each in found.items() if each.reads is not None},
    )
    return lake.ledger.record(complete)


def ids(lake: Lake, names: Iterable[str]) -> dict[str, str]:
    """Return the ids of tables that exist; what is no table, such as a model, has none."""
    return {name: lake.store.id(name) for name in names if name in lake.contracts and lake.store.exists(name)}


def _published_before(name: str, before: Run) -> _Published | None:
    """Return how a table was published before."""
    if name not in before.versions:
        return None
    return _Published(
        before.versions[name],
        before.ids.get(name, ""),
        before.reads.get(name),
        before.read_ids.get(name, {}),
        before.fingerprints.get(name, ""),
    )


def _present(lake: Lake, run: Run, name: str, id_: str, fingerprints: Mapping[str, str]) -> _Published:
    """Return a table as it is now: as this run built it, or as the last one did."""
    version = lake.store.version(name)
    if name in run.reads:
        return _Published(version, id_, run.reads[name], run.read_ids.get(name, {}), fingerprints.get(name, ""))
    built = lake.ledger.built().get(name)
    if built is None or built.id not in ("", id_):
        return _Published(version, id_)
    return _Published(version, id_, built.reads, built.read_ids, built.fingerprint)
