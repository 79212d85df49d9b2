"""privacy.record — what a lake remembers of erasures: when, how much, and a hash of the id under the lake's own key."""

import hashlib
import hmac
import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from lakehouse.lake import Lake
from lakehouse.privacy.subject import DataSubject
from lakehouse.storage.ledger import now


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


def unfinished(lake: Lake, visitor: DataSubject) -> Record | None:
    """Return the record of an erasure that did not come to its end."""
    paths = sorted(_folder(lake).glob("*.json"))
    records, known = [Record(**json.loads(path.read_text())) for path in paths], keyed_hash(lake, visitor)
    return next((each for each in records if each.visitor == known and not each.ended_at), None)


def begin(lake: Lake, visitor: DataSubject, found: dict[str, int]) -> Record:
    """Write the record before anything is removed; it keeps what an unfinished one has counted."""
    left = unfinished(lake, visitor)
    if left is None:
        return write(lake, Record(keyed_hash(lake, visitor), now().isoformat(timespec="microseconds"), removed=found))
    kept = {place: max(count, found.get(place, 0)) for place, count in left.removed.items()}
    return write(lake, replace(left, removed=found | kept))


def write(lake: Lake, record: Record) -> Record:
    """Write a record, or nothing at all."""
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
