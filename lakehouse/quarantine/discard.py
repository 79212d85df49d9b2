"""quarantine.discard — delete refused rows for good, and record it in the ledger; needs no engine."""

import json
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from lakehouse.lake import Lake
from lakehouse.quarantine import selection
from lakehouse.quarantine.selection import Choice
from lakehouse.runs import lock
from lakehouse.runs.publication import publish
from lakehouse.storage import rewriting
from lakehouse.storage.ledger import Result, Run, new_run_id, now


def discard(lake: Lake, choice: Choice, command: str, *, apply: bool) -> list[dict[str, Any]]:
    """Delete refused rows for good; their number stays in the ledger, and they stay discarded when judged again.

    Args:
        lake: the lake.
        choice: which rows.
        command: what to call it in the ledger and to a second writer.
        apply: whether to do it, or only to count.

    Returns:
        How many rows of which file: `file` as it lies, `number` of its receipt, `rules` broken, `rows`. A name that a
        file was given may name a person; so none enters the ledger.

    Raises:
        LakehouseError: another process writes the lake (exit code 4).
    """
    if not apply:
        return _chosen(lake, choice)
    with lock.hold(lake.settings, command):
        recover(lake)
        found = _chosen(lake, choice)
        if found:
            started_at, clock, run_id = now(), time.monotonic(), new_run_id()
            note = {"command": command, "started_at": started_at.isoformat(), "discarded": found}
            version = rewriting.rewrite(
                lake.store, choice.quarantine, _without(choice), run_id, {"discarded": json.dumps(note)}
            )
            removed = sum(each["rows"] for each in found)
            seconds = round(time.monotonic() - clock, 2)
            result = Result(
                choice.quarantine.name,
                removed,
                0,
                0,
                seconds,
                version,
                mode="discard",
                removed=removed,
                discarded=found,
            )
            _record(lake, Run(run_id, command, "published", started_at, now(), results=[result]))
        return found


def recover(lake: Lake) -> None:
    """Enter into the ledger what a process deleted that died before it could. Call it under the lock."""
    for name in [name for name in lake.contracts if name not in lake.tables and lake.store.exists(name)]:
        (newest,) = lake.store.delta(name).history(1)
        if "discarded" in newest and not lake.ledger.has_run(newest["userMetadata"]):
            note = json.loads(newest["discarded"])
            removed = sum(each["rows"] for each in note["discarded"])
            version, found = int(newest["version"]), note["discarded"]
            result = Result(name, removed, 0, 0, 0, version, mode="discard", removed=removed, discarded=found)
            run = Run(newest["userMetadata"], note["command"], "published", now(), now(), results=[result])
            _record(lake, run)


def _record(lake: Lake, run: Run) -> None:
    """Publish the quarantine; before the first publication there is nothing to publish it with."""
    if lake.ledger.published():
        publish(lake, run, [each.table for each in run.results])
    else:
        lake.ledger.record(Run(**vars(run) | {"status": "unpublished"}))


def _chosen(lake: Lake, choice: Choice) -> list[dict[str, Any]]:
    return [
        {"file": file, "number": choice.files[file].number, "rules": list(rules), "rows": count}
        for file, groups in selection.counts(lake, choice).items()
        for rules, count in groups.items()
    ]


def _without(choice: Choice) -> Callable[[pa.Table], pa.Table]:
    """Return a function that takes the chosen rows out of a quarantine's; where it holds none, the very same."""

    def kept(rows: pa.Table) -> pa.Table:
        refused = zip(rows["_source_file"].to_pylist(), rows["_broken_rules"].to_pylist(), strict=True)
        stays = [not choice.includes(file, rules) for file, rules in refused]
        return rows if all(stays) else rows.filter(pa.array(stays))

    return kept
