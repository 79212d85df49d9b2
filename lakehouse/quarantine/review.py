"""quarantine.review — rows in quarantine, for reading and for discarding; told and done without Java."""

import csv
import io
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing.receipts import Receipt
from lakehouse.runs import lock
from lakehouse.runs.publication import publish
from lakehouse.storage.ledger import Result, Run, new_run_id, now
from lakehouse.table import Table, quarantine_of, short_name


@dataclass(frozen=True)
class Choice:
    """Which refused rows are meant: of a table, of landed files by a name if given, that break a rule if given."""

    table: Table
    quarantine: Table
    files: dict[str, Receipt]
    rule: str = ""

    def holds(self, file: str, rules: Sequence[str]) -> bool:
        """Say whether a row of a landed file that breaks these rules is meant."""
        return file in self.files and (not self.rule or self.rule in rules)


def choose(lake: Lake, name: str, file: str = "", rule: str = "") -> Choice:
    """Find the refused rows that are meant.

    Args:
        lake: the lake.
        name: a table, or its quarantine.
        file: the name that a landed file was given, all files if empty.
        rule: a rule of the table, all rules if empty.

    Raises:
        LakehouseError: no such table or file, or a table without such a rule (exit code 2).
    """
    table = lake.contract(name.removesuffix("_quarantine"))
    quarantine = quarantine_of(table, lake.tables)
    if quarantine is None:
        raise LakehouseError(f"{table.name} sets no rows aside.", "lakehouse quarantine ls", Exit.USAGE)
    rules = [each.name for each in table.quarantine_rules]
    if rule and rule not in rules:
        raise LakehouseError(f"{table.name} has no rule “{rule}”.", f"its rules: {'; '.join(rules)}", Exit.USAGE)
    receipts = lake.landing.receipts(short_name(quarantine.upstreams[0]))
    files = {each.file_name: each for each in receipts if not file or each.name == file}
    if file and not files:
        known = f"lakehouse quarantine ls names the files that {table.name} refused rows of"
        raise LakehouseError(f"No file {file} of {short_name(table.upstreams[0])} has landed.", known, Exit.USAGE)
    return Choice(table, quarantine, files, rule)


def counts(lake: Lake) -> list[dict[str, Any]]:
    """Count the refused rows of each table and landed file, and by rule; a row may break several."""
    found = []
    for table in [each for each in lake.tables.values() if each.quarantine_rules]:
        choice = choose(lake, table.name)
        for file, groups in _groups(lake, choice).items():
            rules: Counter[str] = Counter()
            for broken, rows in groups.items():
                rules.update(dict.fromkeys(broken, rows))
            receipt = choice.files[file]
            names = {"table": table.name, "number": receipt.number, "file": receipt.name}
            found.append(names | {"rows": sum(groups.values()), "rules": dict(rules.most_common())})
    return sorted(found, key=lambda each: (each["table"], each["number"]))


def rows(lake: Lake, choice: Choice, limit: int | None = None) -> list[dict[str, Any]]:
    """Return refused rows: `file` as it was named, `rules` broken, and the `line` as it came."""
    found = []
    for row in _table(lake, choice).to_pylist():
        if choice.holds(row["_source_file"], row["_broken_rules"]):
            receipt = choice.files[row["_source_file"]]
            line = raw_line(row, receipt, choice.quarantine)
            found.append({"file": receipt.name, "rules": row["_broken_rules"], "line": line})
            if len(found) == limit:
                break
    return found


def as_csv(lake: Lake, choice: Choice, limit: int | None = None) -> str:
    """Return refused lines below the header of their file.

    Raises:
        LakehouseError: the rows come from files with different headers (exit code 2).
    """
    found = rows(lake, choice, limit)
    headers = {each.header for each in choice.files.values() if each.name in {row["file"] for row in found}}
    if len(headers) > 1:
        names = ", ".join(sorted({row["file"] for row in found}))
        raise LakehouseError(f"The files {names} have different headers.", "choose one by --file NAME", Exit.USAGE)
    return "\n".join([*headers, *[row["line"] for row in found]])


def raw_line(row: dict[str, Any], receipt: Receipt, quarantine: Table) -> str:
    """Return a refused row as the line that it was, or one that means the same where it was quoted."""
    delivered = quarantine.delivered_columns
    if all(row[name] is None for name in delivered):
        return str(row["_rest"])
    others = [name for name in receipt.columns if name not in delivered]
    values = dict(zip(others, (row["_rest"] or "").split(",", len(others) - 1), strict=False)) if others else {}
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([values.get(name, row.get(name)) for name in receipt.columns])
    return line.getvalue()


def discard(lake: Lake, choice: Choice, command: str, *, apply: bool) -> list[dict[str, Any]]:
    """Delete refused rows for good; their number stays in the ledger, and they stay discarded when judged again.

    Args:
        lake: the lake.
        choice: which rows.
        command: what to call it in the ledger and to a second writer.
        apply: whether to do it, or only to count.

    Returns:
        How many rows of which file: `file` as it lies, `name` as it was given, `rules` broken, `rows`.

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
            where = " OR ".join(_sql(each["file"], each["rules"]) for each in found)
            note = {"command": command, "started_at": started_at.isoformat(), "discarded": found}
            version = lake.store.delete(choice.quarantine.name, where, run_id, {"discarded": json.dumps(note)})
            removed = sum(each["rows"] for each in found)
            seconds = round(time.monotonic() - clock, 2)
            result = Result(
                choice.quarantine.name, removed, 0, 0, seconds, version, way="discard", removed=removed, discarded=found
            )
            _record(lake, Run(run_id, command, "published", started_at, now(), results=[result]))
        return found


def recover(lake: Lake) -> None:
    """Enter into the ledger what a process deleted that died before it could. Call it under the lock."""
    known = {run.run_id for run in lake.ledger.runs()}
    for name in [name for name in lake.contracts if name not in lake.tables and lake.store.exists(name)]:
        (newest,) = lake.store.delta(name).history(1)
        if "discarded" in newest and newest["userMetadata"] not in known:
            note = json.loads(newest["discarded"])
            removed = sum(each["rows"] for each in note["discarded"])
            version, found = int(newest["version"]), note["discarded"]
            result = Result(name, removed, 0, 0, 0, version, way="discard", removed=removed, discarded=found)
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
        {"file": file, "name": choice.files[file].name, "rules": list(rules), "rows": count}
        for file, groups in _groups(lake, choice).items()
        for rules, count in groups.items()
    ]


def _groups(lake: Lake, choice: Choice) -> dict[str, Counter[tuple[str, ...]]]:
    """Count the chosen rows by landed file and the rules they break."""
    found: dict[str, Counter[tuple[str, ...]]] = {}
    for row in _table(lake, choice, ["_source_file", "_broken_rules"]).to_pylist():
        if choice.holds(row["_source_file"], row["_broken_rules"]):
            found.setdefault(row["_source_file"], Counter())[tuple(row["_broken_rules"])] += 1
    return found


def _table(lake: Lake, choice: Choice, columns: list[str] | None = None) -> pa.Table:
    """Return the quarantine as it is now, published or not: what a failed run refused is what one wants to see."""
    name = choice.quarantine.name
    return lake.store.arrow(name, columns=columns) if lake.store.exists(name) else pa.table({})


def _sql(file: str, rules: Sequence[str]) -> str:
    """Return a predicate for the rows of a landed file that break these very rules, without an array literal."""
    text = "; ".join(rules).replace("'", "''")
    return f"(_source_file = '{file}' AND array_to_string(_broken_rules, '; ') = '{text}')"
