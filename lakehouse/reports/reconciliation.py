"""reports.reconciliation — what became of each landed file: lines = passed + refused + discarded; needs no engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from lakehouse.errors import Exit, LakehouseError
from lakehouse.lake import Lake
from lakehouse.landing.receipts import Receipt
from lakehouse.quarantine import discard, review, selection
from lakehouse.reports.text import grid, several, size
from lakehouse.runs import snapshots
from lakehouse.table import short_name

BAD_LINES = 20


@dataclass(frozen=True)
class Account:
    """What became of a landed file.

    Attributes:
        receipt: what is known of it since it came in.
        run_id: the run that took its rows, empty if none did yet, or they were taken out again.
        state: `waiting` for a run, `counted`, `superseded` by a newer snapshot, or `taken back`.
        refused: table -> rule -> rows in quarantine that break it.
        num_refused: rows in quarantine.
        discarded: rows that were discarded from the quarantine.
        passed: rows that break no rule: accepted, or duplicates of accepted ones; 0 before a run judged them, and of
            a file that was taken back, or a snapshot that another one has followed.
    """

    receipt: Receipt
    run_id: str
    state: str
    refused: dict[str, dict[str, int]] = field(default_factory=dict)
    num_refused: int = 0
    discarded: int = 0
    passed: int = 0

    def facts(self) -> dict[str, Any]:
        """Return it as plain values."""
        names = ("number", "kind", "name", "sha256", "size", "lines", "received_at", "retracted_at", "reason")
        known = {name: getattr(self.receipt, name) for name in (*names, "accepted_at")}
        counts = {name: getattr(self, name) for name in ("passed", "num_refused", "discarded", "refused")}
        return known | {"run_id": self.run_id, "state": self.state} | counts


def accounts(lake: Lake) -> list[Account]:
    """Return what became of every landed file, in the order of their numbers."""
    receipts = lake.landing.receipts()
    takers = {kind: _takers(lake, kind) for kind in {each.kind for each in receipts}}
    judges = [table for table in lake.tables.values() if table.quarantine_rules]
    counts = {(each["table"], each["number"]): each for each in review.counts(lake)}
    forgotten = {table.name: lake.ledger.discarded(table.name) for table in judges}
    for result in (result for run in discard.unrecorded(lake) for result in run.results):
        rows = forgotten[result.table.removesuffix("_quarantine")]
        for each in result.discarded or []:
            which = each["file"], tuple(each["rules"])
            rows[which] = rows.get(which, 0) + each["rows"]
    in_force = {table.landed_kind: snapshots.in_force(lake, table) for table in lake.tables.values() if table.snapshot}
    built = lake.ledger.built()
    found = []
    for receipt in receipts:
        run_id, lines = takers[receipt.kind].get(receipt.source, ("", 0))
        is_followed = receipt.kind in in_force and receipt != in_force[receipt.kind]
        if receipt.retracted_at or not run_id or is_followed:
            state = "taken back" if receipt.retracted_at else "superseded" if run_id else "waiting"
            found.append(Account(receipt, run_id, state))
            continue
        mine = [table for table in judges if short_name(table.upstreams[0]) == receipt.kind]
        rules = {table.name: counts[key] for table in mine if (key := (table.name, receipt.number)) in counts}
        discarded = sum(
            rows for table in mine for (file, _), rows in forgotten[table.name].items() if file == receipt.file_name
        )
        refused, by_rule = sum(each["rows"] for each in rules.values()), {n: each["rules"] for n, each in rules.items()}
        passed = lines - refused - discarded if all(table.name in built for table in mine) else 0
        found.append(Account(receipt, run_id, "counted", by_rule, refused, discarded, passed))
    return found


def accounts_text(found: Sequence[Account]) -> str:
    """Return accounts as the terminal lists them."""
    heads = [
        "number",
        "kind",
        "name",
        "bytes",
        "lines",
        "passed",
        "refused",
        "discarded",
        "received at",
        "taken by",
        "state",
    ]
    rows = [
        (
            each.receipt.number,
            each.receipt.kind,
            each.receipt.name,
            size(each.receipt.size),
            each.receipt.lines,
            each.passed,
            each.num_refused,
            each.discarded,
            each.receipt.received_at,
            each.run_id or "not yet",
            each.state,
        )
        for each in found
    ]
    return grid(heads, rows)


def bad_lines(lake: Lake, account: Account) -> list[dict[str, Any]]:
    """Return the first refused lines of a landed file with the rules they break."""
    found: list[dict[str, Any]] = []
    for name in account.refused:
        found += review.rows(lake, selection.choose(lake, name, str(account.receipt.number)), BAD_LINES)
    return found[:BAD_LINES]


def account_text(account: Account, lines: Sequence[dict[str, Any]]) -> str:
    """Return all that is known of a landed file as the terminal shows it."""
    receipt = account.receipt
    parts = [
        f"{receipt.number}: {receipt.name}, {several(receipt.lines, 'line')} of {receipt.kind}, {size(receipt.size)}",
        f"sha256 {receipt.sha256}\nreceived at {receipt.received_at}, taken by {account.run_id or 'no run yet'}"
        f" · {account.state}{f': {receipt.reason}' if receipt.reason else ''}\n"
        f"{account.passed:,} passed · {account.num_refused:,} refused · {account.discarded:,} discarded",
    ]
    rules = [(table, rule, rows) for table, counts in account.refused.items() for rule, rows in counts.items()]
    parts += [grid(["refused by", "rule", "rows"], rules)] if rules else []
    parts += (
        ["\n".join([f"the first refused lines:\n{receipt.header}", *[line["line"] for line in lines]])] if lines else []
    )
    return "\n\n".join(parts)


def find(lake: Lake, which: str) -> list[Account]:
    """Return the accounts of the landed files with a number, or the name they were given.

    Raises:
        LakehouseError: no landed file has it (exit code 2).
    """
    found = [each for each in accounts(lake) if which in (str(each.receipt.number), each.receipt.name)]
    if not found:
        raise LakehouseError(f"No landed file has the number or name {which}.", "lakehouse receipts", Exit.USAGE)
    return found


def _takers(lake: Lake, kind: str) -> dict[tuple[str, int], tuple[str, int]]:
    """Return for each receipt of a kind the run that took its rows, and how many they are."""
    name = next(
        name for name, table in lake.tables.items() if table.refresh.kind == "append" and short_name(name) == kind
    )
    if not lake.store.exists(name):
        return {}
    rows = lake.store.delta(name).to_pyarrow_dataset()  # noqa: F841  (named in the query)
    query = "SELECT _source_file, epoch_us(_ingested_at), min(_run_id), count(*) FROM rows GROUP BY ALL"
    with duckdb.connect() as database:
        return {(file, at): (run_id, count) for file, at, run_id, count in database.execute(query).fetchall()}
