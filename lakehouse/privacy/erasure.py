"""privacy.erasure — take a visitor out of landed files, tables, every old version of them, ledger, queries and logs.

Each step may be done twice: after a kill the same command goes on. What remains is a record in the lake's folder
`erasures`: when, how many rows and lines, and a hash of the id under a key that stays in the lake.
"""

import os
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from lakehouse import failpoints, private
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing import lines
from lakehouse.landing.receipts import with_checksum
from lakehouse.maintenance import vacuum
from lakehouse.privacy import inventory, landed, record, redaction, tables
from lakehouse.privacy.landed import Finder, LandedFile
from lakehouse.privacy.record import Record
from lakehouse.privacy.subject import DataSubject
from lakehouse.runs import lock, runner
from lakehouse.runs.planner import Request, changes
from lakehouse.runs.publication import publish
from lakehouse.storage import rewriting, spill
from lakehouse.storage.ledger import Run, new_run_id, now

Say = Callable[[str], None]

COMMAND = "lakehouse erase"
TEXTS = ("name", "reason")  # what of a receipt was written by people


def erase(lake: Lake, visitor: DataSubject, say: Say, is_applied: bool) -> Record | None:
    """Erase a visitor from the lake, or say what that would remove.

    Args:
        lake: the lake.
        visitor: whom.
        say: receives a line per step.
        is_applied: whether to do it.

    Returns:
        What was removed, or would be; None where nothing is held and no erasure was left unfinished.

    Raises:
        LakehouseError: a run that has to follow cannot be made, and old versions still hold the visitor (its own exit
            code); the lake is locked or Java is missing (4).
    """
    if not is_applied:
        found = inventory.counts(lake, visitor)
        return Record("", now().isoformat(timespec="seconds"), removed=found) if found else None
    with lock.hold(lake.settings, COMMAND):
        if not inventory.counts(lake, visitor) and record.unfinished(lake, visitor) is None:
            return None
        _run(lake, say, "Nothing was erased.")  # what is not taken up yet would bring the rows back
        begun = record.begin(lake, visitor, inventory.counts(lake, visitor))
        failpoints.reach("erased.recorded")
        with lake.landing.exclusive():
            lake.landing.remove_leftovers()
        for file in landed.files(lake):
            _rewrite(lake, file, visitor)
        failpoints.reach("erased.landing")
        run_id = new_run_id()
        for table in tables.with_visitors(lake):
            if tables.count(lake, table, visitor):
                say(f"Erasing from {table.name} …")
                rewriting.rewrite(lake.store, table, tables.without(visitor, table), run_id)
            failpoints.reach(f"erased.{table.name}")
        say("Bringing up to date what counts the visitor …")
        _run(lake, _without_recovery(say), "Older versions hold the visitor.", _tables_to_recount(lake, begun))
        _publish(lake, run_id)
        failpoints.reach("erased.published")
        say("Removing the files of every older version …")
        vacuum.remove(lake, [name for name in lake.contracts if lake.store.exists(name)], hours=0)
        failpoints.reach("erased.versions")
        redaction.clean_ledger(lake.store, visitor)
        redaction.clean_databases(lake.settings.lake_path, visitor)
        redaction.clean_logs(lake.settings.lake_path, visitor)
        private.remove_what_site_made(lake.settings)
        failpoints.reach("erased.traces")
        spill.forget(lake.store)
        return record.write(lake, replace(begun, ended_at=now().isoformat(timespec="seconds")))


def _run(lake: Lake, say: Say, state: str, full_refresh: tuple[str, ...] = ()) -> None:
    """Bring the tables of a lake that has some up to date."""
    try:
        if lake.ledger.runs():
            runner.run(lake, say, Request(full_refresh=full_refresh), COMMAND)
    except LakehouseError as error:
        raise LakehouseError(f"{error.message} {state}", f"{error.remedy}; then erase again", error.code) from error


def _without_recovery(say: Say) -> Say:
    """Leave out what a run says of tables that nobody published: here they are those just erased from."""
    return lambda line: None if line.startswith("Recovering") else say(line)


def _publish(lake: Lake, run_id: str) -> None:
    """Publish also what no run builds: vacuum spares every file of the published set."""
    published = lake.ledger.published()
    if published and changes(
        lake, {each: number for each, number in published.versions.items() if each in lake.contracts}
    ):
        publish(lake, Run(run_id, COMMAND, "published", now(), now()), list(lake.contracts))


def _tables_to_recount(lake: Lake, begun: Record) -> tuple[str, ...]:
    """Return the tables that discarded rows of a file which lost lines: only a full refresh finds how many are left."""
    files = {place.rsplit("/", 1)[-1] for place in begun.removed if place.startswith("landing/")}
    judges = [table.name for table in lake.tables.values() if table.quarantine_rules]
    return tuple(name for name in judges if any(file in files for file, _ in lake.ledger.discarded(name)))


def _rewrite(lake: Lake, file: LandedFile, visitor: DataSubject) -> None:
    """Leave a visitor's lines out of a landed file; it keeps its name, so its first content still counts as received.

    The receipt goes first: if the process dies before the file follows, the same erasure finds the lines again.
    """
    if not landed.count(file, visitor):
        return
    path, finder, removed = file.path, Finder(file, visitor), 0
    partial = (lake.landing.folder / file.name).with_name(f".{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        with path.open("rb") as source, partial.open("wb") as target:
            target.write(source.readline())
            for line in lines.read_lines(path):
                kept = finder.redact(line)
                removed += not kept
                target.write(kept)
            target.flush()
            os.fsync(target.fileno())
        with lake.landing.exclusive():
            for receipt in file.receipts:
                texts = {each.name: getattr(receipt, each.name) for each in fields(receipt) if each.name in TEXTS}
                hidden: dict[str, Any] = {name: text and visitor.hide(text) for name, text in texts.items()}
                known = with_checksum(replace(receipt, **hidden), partial)
                if known.content_sha256 != receipt.content_sha256:  # else the receipt was written before a kill
                    known = replace(known, lines=receipt.lines - removed)
                lake.landing.add(known)
            failpoints.reach("erased.receipt")
            lake.landing.files.take(partial, file.name)
    finally:
        partial.unlink(missing_ok=True)
