"""privacy.erasure — take a visitor out of landed files, tables, every old version of them, ledger and logs.

Each step may be done twice: after a kill the same command goes on. What remains is a record in the lake's folder
`erasures`: when, how many rows and lines, and a hash of the id under a key that stays in the lake.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from pyspark.sql import functions as F

from lakehouse import failpoints
from lakehouse.errors import LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing.receipts import Receipt, with_checksum
from lakehouse.maintenance import optimize
from lakehouse.privacy import redaction, subject
from lakehouse.privacy.subject import DataSubject, Finder
from lakehouse.runs import lock, runner
from lakehouse.runs.planner import changes
from lakehouse.runs.publication import publish
from lakehouse.storage.ledger import Run, new_run_id, now
from lakehouse.storage.store import Store
from lakehouse.table import Table

Say = Callable[[str], None]

COMMAND = "lakehouse erase"


@dataclass(frozen=True)
class Record:
    """What the lake remembers of an erasure.

    Attributes:
        visitor: keyed hash of the id.
        started_at: UTC, ISO 8601.
        ended_at: the same, empty while it is not done.
        removed: table, or path of a landed file -> rows or lines.
    """

    visitor: str
    started_at: str
    ended_at: str = ""
    removed: dict[str, int] = field(default_factory=dict)


def erase(lake: Lake, visitor: DataSubject, say: Say, is_applied: bool) -> Record | None:
    """Erase a visitor from the lake, or tell what that would remove.

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
        found = subject.counts(lake, visitor)
        return Record("", now().isoformat(timespec="seconds"), removed=found) if found else None
    with lock.hold(lake.settings, COMMAND):
        if not subject.counts(lake, visitor) and _unfinished(lake, visitor) is None:
            return None
        _run(lake, say, "Nothing was erased.")  # what is not taken up yet would bring the rows back
        record = _write(lake, _begun(lake, visitor, subject.counts(lake, visitor)))
        failpoints.reach("erased.recorded")
        for receipt, table in subject.files(lake):
            _rewrite(lake, receipt, table, visitor)
        failpoints.reach("erased.landing")
        run_id = new_run_id()
        for table in subject.tables(lake):
            if subject.count(lake, table, visitor):
                say(f"Erasing from {table.name} …")
                _delete(lake.store, table, visitor, run_id)
            failpoints.reach(f"erased.{table.name}")
        say("Bringing up to date what counts the visitor …")
        _run(lake, _without_recovery(say), "Older versions hold the visitor.")
        _publish(lake, run_id)
        failpoints.reach("erased.published")
        say("Removing the files of every older version …")
        optimize.remove(lake, [name for name in lake.contracts if lake.store.exists(name)], hours=0)
        failpoints.reach("erased.versions")
        redaction.clean_ledger(lake.store, visitor)
        redaction.clean_logs(lake.settings.lake_path, visitor)
        failpoints.reach("erased.traces")
        return _write(lake, replace(record, ended_at=now().isoformat(timespec="seconds")))


def _run(lake: Lake, say: Say, state: str) -> None:
    """Bring the tables of a lake that has some up to date."""
    try:
        if lake.ledger.runs():
            runner.run(lake, say, command=COMMAND)
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


def _delete(store: Store, table: Table, visitor: DataSubject, run_id: str) -> None:
    """Delete by joining one row: a literal would stay in the table's log."""
    from delta.tables import DeltaTable as SparkTable

    types, column, text = (
        {each.name: each.type for each in table.columns},
        f"held.{table.person}",
        f"held.{subject.TEXT}",
    )
    theirs = f"{column} = erased.id"
    if types[str(table.person)] == "STRING":
        theirs = f"contains({column}, erased.digits) AND {column} RLIKE erased.in_column"
    mentioned = f"contains({text}, erased.digits) AND {text} RLIKE erased.in_text"
    names = {"id": "BIGINT", "digits": "STRING", "in_column": "STRING", "in_text": "STRING", "bare": "STRING"}
    schema = ", ".join(f"{name} {type_}" for name, type_ in names.items())
    erased = store.spark.createDataFrame([tuple(getattr(visitor, name) for name in names)], schema)
    with optimize.configured(store.spark, {"spark.databricks.delta.commitInfo.userMetadata": run_id}):
        held, joined = SparkTable.forPath(store.spark, store.uri(table.name)).alias("held"), F.broadcast(erased)
        if subject.TEXT not in types:
            held.merge(joined.alias("erased"), theirs).whenMatchedDelete().execute()
            return
        hidden = F.regexp_replace(text, F.col("erased.bare"), F.lit(subject.HIDDEN))
        held.merge(joined.alias("erased"), f"{theirs} OR {mentioned}").whenMatchedDelete(
            f"{theirs} OR {column} IS NULL"
        ).whenMatchedUpdate(set={subject.TEXT: hidden}).execute()


def _rewrite(lake: Lake, receipt: Receipt, table: Table, visitor: DataSubject) -> None:
    """Leave a visitor's lines out of a landed file; it keeps its name, so its first content still counts as received.

    The receipt goes first: if the process dies before the file follows, the same erasure finds the lines again.
    """
    path, finder = lake.landing.file(receipt), Finder(receipt, table, visitor)
    named = subject.count_lines(lake.landing, receipt, table, visitor)
    values = {each.name: _without(getattr(receipt, each.name), visitor) for each in fields(receipt)}
    known = replace(receipt, **values | {"columns": receipt.columns, "header": receipt.header})
    partial = path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        if named:
            removed = 0
            with path.open("rb") as source, partial.open("wb") as target:
                for number, line in enumerate(source):
                    kept = finder.cleaned(line) if number else line
                    removed += not kept
                    target.write(kept)
                target.flush()
                os.fsync(target.fileno())
            known = with_checksum(known, partial)
            if known.content_sha256 != receipt.content_sha256:  # else the receipt was written before a kill
                known = replace(known, lines=receipt.lines - removed)
        if named or known != receipt:
            with lake.landing.exclusive():
                lake.landing.add(known)
                failpoints.reach("erased.receipt")
                if named:
                    lake.landing.place(partial, known)
    finally:
        partial.unlink(missing_ok=True)


def _without(value: Any, visitor: DataSubject) -> Any:
    """Return what a receipt says without lines that name the visitor, and its texts without the id."""
    if isinstance(value, list):
        return [each for each in value if not visitor.is_in(json.dumps(each))]
    return visitor.hidden(value) if isinstance(value, str) else value


def _unfinished(lake: Lake, visitor: DataSubject) -> Record | None:
    """Return the record of an erasure that did not come to its end."""
    paths = sorted(_folder(lake).glob("*.json"))
    records, known = [Record(**json.loads(path.read_text())) for path in paths], keyed_hash(lake, visitor)
    return next((each for each in records if each.visitor == known and not each.ended_at), None)


def _begun(lake: Lake, visitor: DataSubject, found: dict[str, int]) -> Record:
    """Return the record to write before anything is removed; it keeps what an unfinished one has counted."""
    left = _unfinished(lake, visitor)
    if left is None:
        return Record(keyed_hash(lake, visitor), now().isoformat(timespec="microseconds"), removed=found)
    return replace(left, removed=found | {place: max(n, found.get(place, 0)) for place, n in left.removed.items()})


def _write(lake: Lake, record: Record) -> Record:
    path = _folder(lake) / f"{record.started_at.replace(':', '')}.json"
    partial = path.with_name(f".{os.getpid()}-{path.name}.part")
    with partial.open("w") as file:
        json.dump(vars(record), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    return record


def keyed_hash(lake: Lake, visitor: DataSubject) -> str:
    """Return the hash of a visitor's id, under the lake's key, by which its owner can prove an erasure."""
    path = _folder(lake) / ".key"
    if not path.exists():
        partial = path.with_name(f".{os.getpid()}-key.part")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(os.urandom(32))
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    return hmac.new(path.read_bytes(), str(visitor.id).encode(), hashlib.sha256).hexdigest()


def _folder(lake: Lake) -> Path:
    folder = lake.settings.lake_path / "erasures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
