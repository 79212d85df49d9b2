"""privacy.redaction — where a lake may quote a row besides its tables: the ledger's errors, and the logs."""

import json
import os
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from lakehouse.privacy.subject import DataSubject
from lakehouse.runs.results import FILE_NAME
from lakehouse.storage import files
from lakehouse.storage.ledger import LEDGER
from lakehouse.storage.store import Store

TEXTS = ("error",)  # columns of the ledger that may quote a row


def clean_ledger(store: Store, visitor: DataSubject) -> None:
    """Hide the id where the error of a run quotes it; then neither versions nor statistics of before may stay."""
    if not store.exists(LEDGER):
        return
    rows = store.arrow(LEDGER)
    cleaned = rows
    for name in TEXTS:
        texts = pa.array([text and visitor.hide(text) for text in rows[name].to_pylist()], pa.string())
        cleaned = cleaned.set_column(cleaned.column_names.index(name), name, texts)
    if not cleaned.equals(rows):
        write_deltalake(store.delta(LEDGER), cleaned, mode="overwrite")
        files.sync_table(store.folder(LEDGER))  # before the rows that they take the place of are removed
    store.delta(LEDGER).vacuum(0, dry_run=False, enforce_retention_duration=False, full=True)
    delta = store.delta(LEDGER)
    delta.create_checkpoint()
    files.sync_log(store.folder(LEDGER))
    files.shorten_log(delta.folder, delta.version())  # statistics of text columns quote their values


def clean_logs(folder: Path, visitor: DataSubject) -> None:
    """Hide the id in the logs and in the results of the last run."""
    for path in (each for each in (folder / "logs").rglob("*") if each.is_file()):
        _clean_log(path, visitor)
    results = folder / FILE_NAME
    if results.exists():
        facts = json.loads(results.read_text())
        if visitor.is_named_in(facts.get("error", "")):
            partial = results.with_suffix(".part")
            partial.write_text(json.dumps(facts | {"error": visitor.hide(facts["error"])}, indent=1))
            partial.rename(results)


def _clean_log(path: Path, visitor: DataSubject) -> None:
    """Write asterisks over the id: bytes neither come nor go, so whoever still writes to the log is not disturbed."""
    with path.open("r+b") as file:
        while line := file.readline():
            text = line.decode(errors="surrogateescape")
            hidden = visitor.hide(text, lambda number: "*" * len(number))
            if hidden != text:
                file.seek(-len(line), os.SEEK_CUR)
                file.write(hidden.encode(errors="surrogateescape"))
