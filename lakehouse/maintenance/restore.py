"""maintenance.restore — take a table back to an older version, from where the next run goes on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import unquote

from deltalake import CommitProperties
from deltalake.exceptions import DeltaError

from lakehouse import failpoints
from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.maintenance.pending import require_published
from lakehouse.runs import lock
from lakehouse.runs.planner import changes
from lakehouse.runs.publication import publish
from lakehouse.storage import files, log
from lakehouse.storage.ledger import Run, new_run_id, now

Say = Callable[[str], None]


@dataclass(frozen=True)
class Restored:
    """Which version takes the place of which, with their rows; `version` is the table's new one, None for a dry run."""

    table: str
    present: int
    wanted: int
    rows_present: int
    rows_wanted: int
    version: int | None = None


def restore(lake: Lake, say: Say, name: str, version: int, is_applied: bool) -> Restored:
    """Put an older version of a table in the place of the present one, and publish it.

    Args:
        lake: the lake.
        say: receives a line.
        name: the table.
        version: one that a run left.
        is_applied: whether to do it; else only what would happen is returned.

    Raises:
        LakehouseError: the table cannot be restored, or not to this version (2); the lake is locked (4).
    """
    command = "lakehouse restore"
    if not is_applied:
        return _restorable(lake, name, version)[0]
    with lock.hold(lake.settings, command):
        started, clock = now(), time.monotonic()
        restored, known = _restorable(lake, name, version)
        run_id = new_run_id()
        properties = CommitProperties(custom_metadata={"userMetadata": run_id})
        lake.store.delta(name).restore(version, commit_properties=properties)
        files.sync_log(lake.store.folder(name))
        failpoints.reach(f"restored.{name}")
        request = {"table": name, "version": version}
        run = Run(run_id, command, "published", started, now(), reads={name: known.reads[name]}, request=request)
        run = replace(run, read_ids={name: known.read_ids.get(name, {})})
        run = publish(lake, run, [name], {name: known.fingerprints.get(name, "")})
        say(f"{name} is as it was at version {version}; published after {time.monotonic() - clock:.1f} s.")
        return Restored(**vars(restored) | {"version": run.versions[name]})


def _restorable(lake: Lake, name: str, version: int) -> tuple[Restored, Run]:
    """Return what restoring would do, and the run that left the wanted version."""
    require_published(lake)
    table = lake.tables.get(name)
    if table is None:
        message = f"{name} is written together with the table that refuses its rows."
        raise LakehouseError(message, f"lakehouse restore {name.removesuffix('_quarantine')}", Exit.USAGE)
    if table.refresh.kind == "append":
        message = f"{name} holds landed files, and its log remembers which: going back would lose them."
        raise LakehouseError(message, "restore a table that is computed from it", Exit.USAGE)
    left = _runs_by_version(lake, name)
    if version not in left:
        known = ", ".join(str(each) for each in sorted(each for each in left if each is not None))
        raise LakehouseError(f"No run left version {version} of {name}.", f"choose one of {known}", Exit.USAGE)
    if not changes(lake, {name: version}):
        raise LakehouseError(f"{name} holds the rows of version {version} already.", "lakehouse status", Exit.USAGE)
    try:
        wanted = lake.store.delta(name, version)
    except DeltaError as error:
        raise _gone(name, version) from error
    paths = [unquote(each["path"]) for each in log.files(wanted)]
    if len(wanted.folder.sizes(paths)) < len(paths):
        raise _gone(name, version)
    present = lake.store.version(name)
    restored = Restored(name, present, version, lake.store.rows(name), lake.store.rows(name, version))
    return restored, left[version]


def _runs_by_version(lake: Lake, name: str) -> dict[int | None, Run]:
    """Return which run left each version of the table as it is now: the first, which built it or took it as it was."""
    found: dict[int | None, Run] = {}
    for run in lake.ledger.runs():
        if name in run.reads and run.ids.get(name, "") in ("", lake.store.id(name)):
            found.setdefault(_left(run, name), run)
    return found


def _left(run: Run, name: str) -> int | None:
    """Return the version that a run left of a table."""
    finished: dict[str, int] = {each.table: each.version for each in run.results}
    return run.versions.get(name) if run.status == "published" else finished.get(name)


def _gone(name: str, version: int) -> LakehouseError:
    return LakehouseError(
        f"Version {version} of {name} is gone: vacuum removed its files.", "lakehouse run", Exit.USAGE
    )
